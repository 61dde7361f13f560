// How answers are shown: classes with their probabilities, and the values of any other task by their names.

import { bars, make, share } from "./common.js";
import { cell } from "./cells.js";

const valuesOf = (answer) => Object.entries(answer).filter(([name]) => !["name", "text", "error"].includes(name));

export function answerParts(answer) {
  if (answer.top) return [make("p", { className: "answer" }, make("span", { textContent: answer.label }), share(answer.probability)), bars(answer.top)];
  return [make("dl", {}, ...valuesOf(answer).flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: plain(value) })]))];
}

const plain = (value) => (Array.isArray(value) ? value.join(" | ") : value === null || value === undefined ? "" : String(value));

// A table to take away: `columns` of classes, and of any other task what its answers have.
export function tableOf(answers, first, columns) {
  const other = answers.find((answer) => !answer.error && !answer.top);
  const shown = other ? valuesOf(other).map(([name]) => name) : columns;
  const rows = answers.map((answer) => [answer.text ?? answer.name, ...shown.map((name) => plain(answer[name])), answer.error?.code ?? ""]);
  return [[first, ...shown, "error"], ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
