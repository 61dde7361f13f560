import { asFiles, startAsking } from "./asking.js";
import { quote } from "./cells.js";
import { make, receivePictures } from "./common.js";

const at = (id) => document.getElementById(id);
const MOST_FIELDS = 100; // nobody fills in an embedding by hand
let columns = []; // of numbers and of words

const page = startAsking({ first: "row", named: true, request: (items) => asFiles(items.map((item) => item.file)), know: showFields });
receivePictures(() => at("drop"), (files) => sendFiles(files));
at("choose").addEventListener("change", (event) => { sendFiles([...event.target.files]); event.target.value = ""; });
at("form").addEventListener("submit", (event) => { event.preventDefault(); sendFiles([oneRow()]); });

function sendFiles(files) {
  page.send(files.map((file) => [{ file }]));
}

function showFields({ inputs }) {
  columns = [...inputs.names, ...inputs.words.map(([name]) => name)];
  const words = Object.fromEntries(inputs.words);
  at("fields").replaceChildren(...columns.map((name) => make("label", { className: "field" },
    make("span", { textContent: name }),
    words[name] ? make("select", { name }, ...["", ...words[name]].map((word) => make("option", { value: word, textContent: word })))
      : make("input", { name, type: "number", step: "any" }))));
  at("one").hidden = columns.length > MOST_FIELDS;
}

function oneRow() {
  const filled = new FormData(at("form"));
  const lines = [columns, columns.map((name) => filled.get(name) ?? "")];
  return new File([lines.map((line) => line.map(quote).join(",")).join("\n") + "\n"], "row.csv");
}
