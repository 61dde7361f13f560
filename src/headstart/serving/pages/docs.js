import { ask, explainTrouble, make, startLanguage, tokenNeeded, Trouble } from "./common.js";

const at = (id) => document.getElementById(id);
startLanguage();
const example = (header = "", body = "-F files=@rose.jpg ") => { at("example").textContent = `curl ${header}${body}${new URL("predict", location.href)}`; };
example();

try {
  const description = await (await ask("openapi.json")).json();
  if (tokenNeeded()) {
    example('-H "Authorization: Bearer TOKEN" ');
    // A link sends no token: it leads to what was read with it.
    at("whole").href = URL.createObjectURL(new Blob([JSON.stringify(description, null, 2)], { type: "application/json" }));
  }
  if (description.paths["/predict"].post.requestBody.content["application/json"]) example(`${tokenNeeded() ? '-H "Authorization: Bearer TOKEN" ' : ""}-H "Content-Type: application/json" -d '{"texts": ["...", "..."]}' `, "");
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
  const bodies = operation.requestBody?.content["application/json"]?.schema.examples ?? [];
  return make("section", { className: "operation" },
    make("h2", {}, make("span", { className: `method ${method}`, textContent: method.toUpperCase() }), " ", make("code", { textContent: path })),
    make("p", { textContent: operation.description ?? operation.summary ?? "" }),
    ...bodies.map((body) => make("pre", { className: "code", textContent: JSON.stringify(body) })),
    make("h3", { word: "docs.statuses" }),
    make("ul", { className: "chips" }, ...statuses));
}
