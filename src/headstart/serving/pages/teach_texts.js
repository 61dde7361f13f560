// Texts to teach with: typed or pasted, one on each line, or from files.

import { asFiles, asJson, inParts, letters, MOST_LETTERS, MOST_TEXTS } from "./asking.js";
import { label, make, say, Trouble } from "./common.js";
import { startTeaching } from "./teach.js";

const at = (id) => document.getElementById(id);
const longest = Number(at("try-box").dataset.longest); // characters of one text, as the server counts them

const lesson = startTeaching({
  many: "texts",
  request(items, fields) {
    if (!items[0].file) return asJson({ texts: items.map((item) => item.text), ...fields });
    const sent = asFiles(items.map((item) => item.file));
    for (const [name, value] of Object.entries(fields)) sent.body.append(name, value);
    return sent;
  },
  parts: (items) => inParts(items, items[0]?.file ? 1 : MOST_TEXTS, MOST_LETTERS, (item) => letters(item.text ?? "")),
  shown: ({ text, name }) => make("p", { className: "said", dir: "auto", textContent: text ?? name, title: text ?? name }),
  controls,
  atOnce: true,
});

at("try-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [item] = typed(at("try-box").value, false);
  if (item) lesson.attempt(item);
});
sendByKeys(at("try-box"), () => at("try-form").requestSubmit());

function controls(card) {
  const id = `file-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const box = label(make("textarea", { rows: 3, dir: "auto", placeholder: say("show.box"), dataset: { wordPlaceholder: "show.box" } }), "show.box");
  const add = make("button", { type: "button", word: "show.lines" });
  const file = make("input", { className: "hidden-input", type: "file", accept: ".txt,.csv,.tsv,.parquet,.jsonl", multiple: true, id });
  const send = async () => {
    const items = typed(box.value, true);
    if (items.length && await card.send(items)) box.value = "";
    box.focus();
  };
  add.addEventListener("click", send);
  sendByKeys(box, send);
  file.addEventListener("change", () => { card.send([...file.files].map((one) => ({ file: one }))); file.value = ""; });
  return [box, make("div", { className: "row" }, add, make("label", { className: "button", htmlFor: id }, make("span", { word: "show.files" })), file)];
}

function typed(value, lines) {
  const texts = (lines ? value.split("\n") : [value]).filter((text) => text.trim());
  const trouble = !texts.length ? "no_text_typed" : texts.some((text) => letters(text) > longest) ? "too_long_text" : null;
  if (trouble) lesson.complain(new Trouble({ code: trouble }, 0));
  return trouble ? [] : texts.map((text) => ({ text, name: text }));
}

function sendByKeys(box, send) {
  box.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(); });
}
