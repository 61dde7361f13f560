// What the pages that ask a model share: examples go out in parts, answers come as cards, with why, and can be taken away.
// What belongs to one kind of examples is handed in as `kind`:
//   request(items)       what is sent for them; every answer belongs to one item, or all to the rows of one file
//   lead(item), named    what shows an example, and whether its name stands beside it
//   why(item)            what is sent to ask why; null where nobody can
//   explained(why, lead) what came back, as elements
//   first                heading of the first column of the table; newestFirst the order of cards sent together

import { answerParts, tableOf } from "./answers.js";
import { ask, explainTrouble, make, moment, phrase, save, startLanguage, Trouble } from "./common.js";

const at = (id) => document.getElementById(id);
const MOST_CARDS = 200; // of a long table the first ones are shown; all of them can be taken away
const COLUMNS = ["label", "probability", "prediction_set", "abstained", "unfamiliar"];

export function startAsking(kind) {
  const answers = []; // as they came: { name, text, answer }
  let model = { explains: false, guard: null };

  at("table").addEventListener("click", () => save("\ufeff" + tableOf(answers, kind.first, COLUMNS), "headstart.csv", "text/csv;charset=utf-8"));
  at("copy").addEventListener("click", copy);
  at("clear").addEventListener("click", clear);
  startLanguage();
  showModel();
  return { send, complain };

  async function showModel() {
    try {
      model = await (await ask("model")).json();
      describe(model);
      kind.know?.(model);
    } catch (trouble) { complain(trouble); }
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  async function send(parts) {
    at("trouble").hidden = true;
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    const round = { sent: 0, answered: 0, shown: 0, before: at("cards").firstChild };
    for (const part of parts) {
      phrase(at("progress"), "progress.looking", { done: round.sent, total });
      await sendPart(part, round);
      round.sent += part.length;
    }
    if (!round.answered) quiet();
    else if (round.shown < round.answered) phrase(at("progress"), "progress.first", { total: round.answered, shown: round.shown });
    else phrase(at("progress"), "progress.done", { total: round.answered });
  }

  async function sendPart(items, round) {
    try {
      const { predictions } = await (await ask("predict", { method: "POST", ...kind.request(items) })).json();
      predictions.forEach((answer, number) => {
        const item = predictions.length === items.length ? items[number] : {};
        show({ ...item, name: item.name ?? answer.name, text: item.text ?? answer.text }, answer, round);
      });
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      // One example that cannot be taken must not hide the others: each is then sent alone.
      if (items.length > 1 && trouble.status < 500 && trouble.status > 0) for (const item of items) await sendPart([item], round);
      else if (items[0].name === undefined) complain(trouble);
      else for (const item of items) show(item, { name: item.name, error: trouble.error }, round);
    }
  }

  function show(item, answer, round) {
    answers.push({ ...answer, name: item.name, ...(item.text === undefined ? {} : { text: item.text }) });
    at("results").hidden = false;
    round.answered += 1;
    if (round.shown >= MOST_CARDS) return;
    round.shown += 1;
    at("cards").insertBefore(card(item, answer), kind.newestFirst ? at("cards").firstChild : round.before);
  }

  // --- cards --------------------------------------------------------------------------------------------------------

  function card(item, answer) {
    const lead = kind.lead?.(item) ?? null;
    const body = make("div", {}, kind.named ? make("p", { className: "file", textContent: item.name }) : null);
    if (answer.error) body.append(explainTrouble(make("p", { className: "notice bad" }), answer.error));
    else {
      if (answer.unfamiliar) body.append(make("p", { className: "notice odd", word: "card.unfamiliar" }));
      else if (answer.abstained) body.append(make("p", { className: "notice odd", word: "card.abstained" }));
      body.append(...answerParts(answer));
      // Of an example unlike all others nothing can be promised.
      if (model.guard && answer.prediction_set && !answer.unfamiliar) body.append(predictionSet(answer.prediction_set));
      const request = model.explains ? kind.why?.(item) : null;
      if (request) body.append(whyButton(request, lead));
    }
    return make("li", { className: "card" }, ...(lead ? [lead] : []), body);
  }

  function predictionSet(labels) {
    const chips = labels.map((name) => make("li", { textContent: name }));
    const values = { coverage: { share: model.guard.coverage } };
    const sentence = make("p", { word: labels.length ? "card.set" : "card.set-empty", values });
    return make("div", { className: "set" }, sentence, make("ul", { className: "chips" }, ...chips));
  }

  function whyButton(request, lead) {
    const button = make("button", { type: "button", word: "card.why" });
    const row = make("div", { className: "card-actions" }, button);
    button.addEventListener("click", async () => {
      const held = document.activeElement === button;
      button.disabled = true;
      phrase(button, "card.why-wait");
      try {
        const why = await (await ask("explain", { method: "POST", ...request })).json();
        const part = make("div", { className: "why", tabIndex: -1 }, ...kind.explained(why, lead), neighbours(why));
        row.replaceWith(part);
        if (held && document.activeElement === document.body) (part.querySelector("input") ?? part).focus();
      } catch (trouble) {
        if (!(trouble instanceof Trouble)) throw trouble;
        row.replaceChildren(explainTrouble(make("p", { className: "notice bad", role: "alert" }), trouble.error));
      }
    });
    return row;
  }

  // --- answers to take away -----------------------------------------------------------------------------------------

  async function copy() {
    const written = JSON.stringify({ predictions: answers }, null, 2);
    try {
      await navigator.clipboard.writeText(written);
      phrase(at("progress"), "results.copied");
    } catch { save(written, "headstart.json", "application/json"); } // a page without HTTPS may not write there
  }

  function clear() {
    for (const image of at("cards").querySelectorAll("img[src^='blob:']")) URL.revokeObjectURL(image.src);
    answers.length = 0;
    at("cards").replaceChildren();
    at("results").hidden = true;
    quiet();
    at("choose").focus();
  }

  function quiet() {
    at("progress").textContent = "";
    delete at("progress").dataset.word;
  }

  function complain(trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    explainTrouble(at("trouble"), trouble.error);
    at("trouble").hidden = false;
  }
}

function neighbours(why) {
  if (!why.neighbours?.length) return null;
  const items = why.neighbours.map((one) => make("li", {},
    one.picture ? make("img", { alt: "", src: one.picture }) : null,
    make("strong", { textContent: one.label }),
    make("p", { className: "file", word: "why.distance", values: { distance: one.distance.toFixed(2) } }),
    one.text ? make("p", { className: "file said", dir: "auto", textContent: one.text }) : null,
    make("p", { className: "file", textContent: one.name, title: one.name })));
  return make("div", {}, make("h3", { word: "why.neighbours" }), make("ul", { className: "neighbours" }, ...items));
}

function describe(model) {
  const rows = [];
  const row = (key, ...content) => rows.push(make("dt", { word: key }), make("dd", {}, ...content));
  const accuracy = model.scores.accuracy;
  if (accuracy) {
    const values = { value: { share: accuracy.value, digits: 1 }, low: { share: accuracy.low, digits: 1 }, high: { share: accuracy.high, digits: 1 } };
    row("about.accuracy", make("span", { word: "about.interval", values }));
  }
  for (const [name, score] of Object.entries(accuracy ? {} : model.scores)) {
    rows.push(make("dt", { textContent: name }), make("dd", { textContent: `${score.value.toFixed(3)} [${score.low.toFixed(3)}, ${score.high.toFixed(3)}]` }));
  }
  if (Object.keys(model.scores).length) {
    row("about.pictures", make("span", { word: "about.counts", values: { fit: model.pictures.fit ?? 0, score: model.pictures.score ?? 0 } }));
  }
  row("about.encoder", `${model.encoder.name} (${model.encoder.architecture}), ${model.encoder.licence}`);
  row("about.head", model.head);
  row("about.created", make("time", { dateTime: model.created, textContent: moment(model.created) }));
  row("about.digest", make("code", { textContent: model.digests.model }));
  at("facts").replaceChildren(...rows);
  at("classes").replaceChildren(...(model.classes ?? []).map((name) => make("li", { textContent: name })));
  at("classes-heading").hidden = !model.classes;
  at("about").hidden = false;
}

export const asFiles = (files) => {
  const body = new FormData();
  for (const file of files) body.append("files", file, file.name);
  return { body };
};

export const asJson = (body) => ({ body: JSON.stringify(body), headers: { "content-type": "application/json" } });

export const MOST_TEXTS = 32; // in one request
export const MOST_LETTERS = 20000; // and of all of them together
export const letters = (text) => [...text].length;

// Items in parts: none with more than so many, nor heavier than so much.
export function inParts(items, most, weight = Infinity, weigh = () => 0) {
  const parts = [];
  let sum = 0;
  for (const item of items) {
    sum += weigh(item);
    if (!parts.length || sum > weight || parts.at(-1).length >= most) { parts.push([]); sum = weigh(item); }
    parts.at(-1).push(item);
  }
  return parts;
}
