import { answerParts, tableOf } from "./answers.js";
import { quote } from "./cells.js";
import { ask, explainTrouble, make, phrase, receivePictures, save, startLanguage, Trouble } from "./common.js";

const at = (id) => document.getElementById(id);
const answers = []; // as they came
const MOST_CARDS = 50; // of a long table the first ones are shown; all of them can be saved
const MOST_FIELDS = 100; // nobody fills in an embedding by hand
let columns = []; // of numbers and of words

receivePictures(() => at("drop"), (files) => send(files[0]));
at("choose").addEventListener("change", (event) => { send(event.target.files[0]); event.target.value = ""; });
at("table").addEventListener("click", () => save("\ufeff" + table(), "headstart.csv", "text/csv;charset=utf-8"));
at("form").addEventListener("submit", (event) => { event.preventDefault(); send(oneRow()); });
startLanguage();
showModel();

async function showModel() {
  try {
    const { inputs } = await (await ask("model")).json();
    columns = [...inputs.names, ...inputs.words.map(([name]) => name)];
    const words = Object.fromEntries(inputs.words);
    at("fields").replaceChildren(...columns.map((name) => make("label", { className: "field" },
      make("span", { textContent: name }),
      words[name] ? make("select", { name }, ...["", ...words[name]].map((word) => make("option", { value: word, textContent: word })))
        : make("input", { name, type: "number", step: "any" }))));
    at("one").hidden = columns.length > MOST_FIELDS;
  } catch (trouble) { complain(trouble); }
}

function oneRow() {
  const filled = new FormData(at("form"));
  const lines = [columns, columns.map((name) => filled.get(name) ?? "")];
  return new File([lines.map((line) => line.map(quote).join(",")).join("\n") + "\n"], "row.csv");
}

async function send(file) {
  if (!file) return;
  at("trouble").hidden = true;
  phrase(at("progress"), "rows.looking");
  const form = new FormData();
  form.append("files", file, file.name);
  try {
    const { predictions } = await (await ask("predict", { method: "POST", body: form })).json();
    answers.push(...predictions);
    at("results").hidden = false;
    at("cards").prepend(...predictions.slice(0, MOST_CARDS).map(card));
    phrase(at("progress"), "rows.done", { total: predictions.length });
  } catch (trouble) {
    at("progress").textContent = "";
    complain(trouble);
  }
}

function card(answer) {
  const body = make("div", {}, make("p", { className: "file", textContent: answer.name }));
  if (answer.error) body.append(explainRow(make("p", { className: "notice bad" }), answer.error));
  else {
    if (answer.unfamiliar) body.append(make("p", { className: "notice odd", word: "rows.unfamiliar" }));
    else if (answer.abstained) body.append(make("p", { className: "notice odd", word: "card.abstained" }));
    body.append(...answerParts(answer));
  }
  return make("li", { className: "card" }, body);
}

function explainRow(element, error) { // which column a row lacks is known to the server alone
  if (error.code !== "damaged") return explainTrouble(element, error);
  phrase(element, "rows.unusable", { why: [error.problem, error.reason, error.remedy].filter(Boolean).join(" ") });
  return element;
}

const table = () => tableOf(answers, "row", ["label", "probability", "abstained", "unfamiliar"]);

function complain(trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  explainRow(at("trouble"), trouble.error);
  at("trouble").hidden = false;
}
