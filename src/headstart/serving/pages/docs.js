import { ask, explainTrouble, make, startLanguage, Trouble } from "./common.js";

const at = (id) => document.getElementById(id);
startLanguage();
at("example").textContent = `curl -F files=@rose.jpg ${location.origin}/predict`;

try {
  const description = await (await ask("/openapi.json")).json();
  const groups = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => show(path, method, operation)));
  at("operations").replaceChildren(...groups);
} catch (trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  explainTrouble(at("trouble"), trouble.error);
  at("trouble").hidden = false;
}

function show(path, method, operation) {
  const statuses = Object.keys(operation.responses).map((status) => make("li", { textContent: status }));
  return make("section", { className: "operation" },
    make("h2", {}, make("span", { className: `method ${method}`, textContent: method.toUpperCase() }), " ", make("code", { textContent: path })),
    make("p", { textContent: operation.description ?? operation.summary ?? "" }),
    make("h3", { word: "docs.statuses" }),
    make("ul", { className: "chips" }, ...statuses));
}
