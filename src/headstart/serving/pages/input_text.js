import { answerParts, tableOf } from "./answers.js";
import { ask, explainTrouble, make, phrase, receivePictures, save, startLanguage, Trouble } from "./common.js";

const at = (id) => document.getElementById(id);
const answers = []; // as they came, with the whole text where it was typed
const MOST_CARDS = 50; // of a long table the first ones are shown; all of them can be saved
const LONGEST = 200000; // characters of one text, as the server counts them

receivePictures(() => at("drop"), (files) => sendFile(files[0]));
at("choose").addEventListener("change", (event) => { sendFile(event.target.files[0]); event.target.value = ""; });
at("table").addEventListener("click", () => save("\ufeff" + tableOf(answers, "text", ["label", "probability", "abstained", "unfamiliar"]), "headstart.csv", "text/csv;charset=utf-8"));
at("form").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(); });
phrase(at("limit"), "texts.limit", { limit: LONGEST });
startLanguage();

function sendTyped() {
  const typed = at("box").value;
  const texts = (at("lines").checked ? typed.split("\n") : [typed]).filter((text) => text.trim());
  if (!texts.length) { at("trouble").hidden = false; phrase(at("trouble"), "texts.nothing"); return; }
  send({ body: JSON.stringify({ texts }), headers: { "content-type": "application/json" } }, texts);
}

function sendFile(file) {
  if (!file) return;
  const body = new FormData();
  body.append("files", file, file.name);
  send({ body }, []);
}

async function send(request, texts) {
  at("trouble").hidden = true;
  phrase(at("progress"), "texts.looking");
  try {
    const { predictions } = await (await ask("predict", { method: "POST", ...request })).json();
    const found = predictions.map((answer, number) => ({ ...answer, name: texts[number] ?? answer.name }));
    answers.push(...found);
    at("results").hidden = false;
    at("cards").prepend(...found.slice(0, MOST_CARDS).map(card));
    phrase(at("progress"), "texts.done", { total: found.length });
  } catch (trouble) {
    at("progress").textContent = "";
    if (!(trouble instanceof Trouble)) throw trouble;
    explain(at("trouble"), trouble.error);
    at("trouble").hidden = false;
  }
}

function card(answer) {
  const said = make("p", { className: "said", textContent: answer.name.length > 600 ? `${answer.name.slice(0, 600)}…` : answer.name });
  const body = make("div", {});
  if (answer.error) body.append(explain(make("p", { className: "notice bad" }), answer.error));
  else {
    if (answer.unfamiliar) body.append(make("p", { className: "notice odd", word: "texts.unfamiliar" }));
    else if (answer.abstained) body.append(make("p", { className: "notice odd", word: "card.abstained" }));
    body.append(...answerParts(answer));
  }
  return make("li", { className: "card" }, said, body);
}

function explain(element, error) { // why a text cannot be read is known to the server alone
  if (error.code !== "damaged") return explainTrouble(element, error);
  return phrase(element, "texts.unusable", { why: [error.problem, error.reason, error.remedy].filter(Boolean).join(" ") });
}
