import { asFiles, asJson, inParts, letters, MOST_LETTERS, MOST_TEXTS, startAsking } from "./asking.js";
import { make, phrase, receivePictures, Trouble } from "./common.js";
import { colouredWords } from "./coloured.js";

const at = (id) => document.getElementById(id);
const longest = Number(at("box").dataset.longest); // characters of one text, as the server counts them

const page = startAsking({
  first: "text",
  request: (items) => (items[0].file ? asFiles(items.map((item) => item.file)) : asJson({ texts: items.map((item) => item.text) })),
  lead: (item) => make("p", { className: "said", dir: "auto", textContent: item.text ?? item.name }),
  why: (item) => (item.text === undefined ? asFiles([item.file]) : asJson({ text: item.text })),
  explained: colouredWords,
});
phrase(at("limit"), "box.limit", { limit: longest });
receivePictures(() => at("drop"), (files) => sendFiles(files));
at("choose").addEventListener("change", (event) => { sendFiles([...event.target.files]); event.target.value = ""; });
at("form").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(); });
at("box").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit(); });

function sendTyped() {
  const typed = at("box").value;
  const texts = (at("lines").checked ? typed.split("\n") : [typed]).filter((text) => text.trim());
  if (!texts.length) page.complain(new Trouble({ code: "no_text_typed" }, 0));
  else if (texts.some((text) => letters(text) > longest)) page.complain(new Trouble({ code: "too_long_text" }, 0));
  else page.send(inParts(texts.map((text) => ({ name: text, text })), MOST_TEXTS, MOST_LETTERS, (item) => letters(item.text)));
}

function sendFiles(files) {
  page.send(files.map((file) => [{ file }]));
}
