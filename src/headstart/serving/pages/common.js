// What both pages share: words in two languages, requests with the token, small tools for elements.

const answer = await fetch(new URL("words.json", import.meta.url));
const catalogue = await answer.json();
const stored = (() => { try { return localStorage.getItem("headstart-language"); } catch { return null; } })();
let language = stored in catalogue ? stored : document.documentElement.lang;

export function say(key, values = {}) {
  const text = catalogue[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? present(values[name]) : whole));
}

function present(value) {
  if (value !== null && typeof value === "object") return percent(value.share, value.digits ?? 0);
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : String(value);
}

export function percent(share, digits = 0) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(share);
}

export function moment(written) {
  const date = new Date(written);
  if (Number.isNaN(date.getTime())) return written;
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(date);
}

// The text of an element is a key and its values, so that it can be said again in the other language.
export function phrase(element, key, values = {}) {
  element.dataset.word = key;
  element.dataset.values = JSON.stringify(values);
  element.textContent = say(key, values);
  return element;
}

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "word") phrase(element, value, properties.values);
    else if (name === "values") continue;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function translate(root = document) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = say(element.dataset.word, JSON.parse(element.dataset.values ?? "{}"));
  }
  for (const element of root.querySelectorAll("[data-word-label]")) {
    element.setAttribute("aria-label", say(element.dataset.wordLabel, JSON.parse(element.dataset.labelValues ?? "{}")));
  }
  for (const element of root.querySelectorAll("[data-word-placeholder]")) {
    element.placeholder = say(element.dataset.wordPlaceholder);
  }
  for (const element of root.querySelectorAll("time")) element.textContent = moment(element.dateTime);
  for (const element of root.querySelectorAll("[data-share]")) {
    element.textContent = percent(Number(element.dataset.share), 1);
  }
}

export function label(element, key, values = {}) {
  element.dataset.wordLabel = key;
  element.dataset.labelValues = JSON.stringify(values);
  element.setAttribute("aria-label", say(key, values));
  return element;
}

export function share(value, properties = {}) {
  return make("span", { className: "share", ...properties, dataset: { share: value }, textContent: percent(value, 1) });
}

export function startLanguage() {
  const toggle = document.getElementById("language");
  const show = () => {
    const other = language === "en" ? "zh" : "en";
    toggle.textContent = other === "zh" ? "中文" : "English";
    toggle.lang = other;
  };
  toggle.addEventListener("click", () => {
    language = language === "en" ? "zh" : "en";
    try { localStorage.setItem("headstart-language", language); } catch { /* a private window keeps nothing */ }
    translate();
    show();
  });
  translate();
  show();
  document.documentElement.dataset.ready = ""; // from here on the page listens
}

// --- requests -------------------------------------------------------------------------------------------------------

export class Trouble extends Error {
  constructor(error, status) {
    super(error.problem);
    this.code = error.code;
    this.error = error;
    this.status = status;
  }
}

// A refusal by its code in the language of the page; what has no translation is said as the server said it.
export function explainTrouble(element, error) {
  const key = `error.${error.code}`;
  const why = [error.problem, error.reason, error.remedy].filter(Boolean).join(" ");
  if (catalogue[language][key]) phrase(element, key, { why });
  else element.textContent = why;
  return element;
}

const memory = { token: null };
try { memory.token = sessionStorage.getItem("headstart-token"); } catch { /* a private window keeps nothing */ }

export async function ask(path, options = {}) {
  const headers = { ...(options.headers ?? {}), ...(memory.token ? { authorization: `Bearer ${memory.token}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers, credentials: "same-origin" });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new Trouble({ code: "no_server", problem: "The server does not answer." }, 0);
  }
  if (response.status === 401) {
    await askForToken(memory.token !== null);
    return ask(path, options);
  }
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Trouble(body.error ?? { code: "mistake", problem: response.statusText }, response.status);
  }
  return response;
}

export const tokenNeeded = () => memory.token !== null;

let asking = null;
function askForToken(wrong) {
  asking ??= new Promise((resolve) => {
    const input = make("input", { type: "password", required: true, autocomplete: "off", id: "token" });
    const form = make("form", { method: "dialog" },
      make("h2", { word: "token.heading" }),
      make("label", { htmlFor: "token", word: wrong ? "token.wrong" : "token.label" }),
      input,
      make("button", { className: "primary", word: "token.send" }));
    const dialog = make("dialog", {}, form);
    label(dialog, "token.heading");
    dialog.addEventListener("close", () => {
      if (input.value) {
        memory.token = input.value.trim();
        try { sessionStorage.setItem("headstart-token", memory.token); } catch { /* kept in memory */ }
        dialog.remove();
        asking = null;
        resolve();
      } else dialog.showModal();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}

// --- pictures -------------------------------------------------------------------------------------------------------

export function bars(choices) {
  return make("ol", { className: "bars" }, ...choices.map((choice) => {
    const fill = make("div", { className: "fill" });
    fill.style.width = `${100 * choice.probability}%`;
    return make("li", {}, make("span", { textContent: choice.label }), share(choice.probability),
      make("div", { className: "track", ariaHidden: "true" }, fill));
  }));
}

export function picturesOf(transfer) {
  return [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/") || /\.(avif|jp2|tiff?|ppm|pgm|pbm)$/i.test(file.name));
}

// Drop and paste anywhere on the page.
export function receivePictures(zone, take) {
  let depth = 0;
  addEventListener("dragenter", (event) => { event.preventDefault(); depth += 1; zone().classList.add("over"); });
  addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) zone().classList.remove("over"); });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    zone().classList.remove("over");
    const dropped = [...(event.dataTransfer?.files ?? [])];
    if (dropped.length) take(dropped, event.target);
  });
  addEventListener("paste", (event) => {
    const pasted = picturesOf(event.clipboardData);
    if (pasted.length) { event.preventDefault(); take(pasted, event.target); }
  });
}

export function save(content, name, type) {
  const link = make("a", { href: URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
