import { answerParts, tableOf } from "./answers.js";
import { ask, explainTrouble, make, moment, phrase, receivePictures, save, say, startLanguage, Trouble } from "./common.js";
import { cameraThere, openCamera, takePicture } from "./camera.js";

const at = (id) => document.getElementById(id);
const AT_A_TIME = 8; // pictures in one request
const answers = []; // newest first: { name, answer }
let photographs = 0;
let closeCamera = null;
let explains = false;
let guard = null; // what the model promises: { coverage }, or nothing
let mostFiles = 200; // in one go, so that a folder dropped by mistake does not stop the browser

receivePictures(() => at("drop"), send);
at("choose").addEventListener("change", (event) => { send([...event.target.files]); event.target.value = ""; });
at("photograph").addEventListener("click", startCamera);
at("shoot").addEventListener("click", shoot);
at("close-camera").addEventListener("click", () => { stopCamera(); at("photograph").focus(); });
at("table").addEventListener("click", () => save("\ufeff" + table(), "headstart.csv", "text/csv;charset=utf-8"));
at("clear").addEventListener("click", clear);
startLanguage();
showModel();

async function showModel() {
  try {
    const model = await (await ask("model")).json();
    explains = model.explains;
    guard = model.guard ?? null;
    describe(model);
  } catch (trouble) { complain(trouble); }
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

async function send(files) {
  at("trouble").hidden = true;
  if (files.length > mostFiles) { complain(new Trouble({ code: "too_many_here" }, 0)); files = files.slice(0, mostFiles); }
  let done = 0;
  for (let start = 0; start < files.length; start += AT_A_TIME) {
    phrase(at("progress"), "progress.looking", { done, total: files.length });
    const part = files.slice(start, start + AT_A_TIME);
    await sendPart(part);
    done += part.length;
  }
  if (done) phrase(at("progress"), "progress.done", { total: done });
}

async function sendPart(files) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  try {
    const { predictions } = await (await ask("predict", { method: "POST", body: form })).json();
    predictions.forEach((answer, number) => show(files[number], answer));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    // One file that cannot be taken must not hide the others: each is then sent alone.
    if (files.length > 1 && trouble.status < 500 && trouble.status > 0) for (const file of files) await sendPart([file]);
    else for (const file of files) show(file, { name: file.name, error: trouble.error });
  }
}

function show(file, answer) {
  answers.unshift({ name: file.name, answer });
  at("results").hidden = false;
  at("cards").prepend(card(file, answer));
}

function card(file, answer) {
  const shot = make("div", { className: "shot" });
  const picture = make("img", { alt: "", src: URL.createObjectURL(file) });
  picture.addEventListener("error", () => picture.replaceWith(make("p", { className: "none", word: "card.unshown" })));
  shot.append(picture);
  const body = make("div", {}, make("p", { className: "file", textContent: file.name }));
  if (answer.error) {
    body.append(explainTrouble(make("p", { className: "notice bad" }), answer.error));
    return make("li", { className: "card" }, shot, body);
  }
  if (answer.unfamiliar) body.append(make("p", { className: "notice odd", word: "card.unfamiliar" }));
  else if (answer.abstained) body.append(make("p", { className: "notice odd", word: "card.abstained" }));
  body.append(...answerParts(answer));
  // Of a picture unlike all others nothing can be promised.
  if (guard && answer.prediction_set && !answer.unfamiliar) body.append(predictionSet(answer.prediction_set));
  if (explains) body.append(whyButton(file, shot, body));
  return make("li", { className: "card" }, shot, body);
}

function predictionSet(labels) {
  const chips = labels.map((name) => make("li", { textContent: name }));
  const values = { coverage: { share: guard.coverage } };
  const sentence = make("p", { word: labels.length ? "card.set" : "card.set-empty", values });
  return make("div", { className: "set" }, sentence, make("ul", { className: "chips" }, ...chips));
}

function whyButton(file, shot, body) {
  const button = make("button", { type: "button", word: "card.why" });
  const row = make("div", { className: "card-actions" }, button);
  button.addEventListener("click", async () => {
    const held = document.activeElement === button;
    button.disabled = true;
    phrase(button, "card.why-wait");
    const form = new FormData();
    form.append("files", file, file.name);
    try {
      const why = await (await ask("explain", { method: "POST", body: form })).json();
      const part = whyPart(why, shot);
      row.replaceWith(part);
      if (held && document.activeElement === document.body) (part.querySelector("input") ?? part).focus();
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      row.replaceChildren(explainTrouble(make("p", { className: "notice bad", role: "alert" }), trouble.error));
    }
  });
  return row;
}

function whyPart(why, shot) {
  const part = make("div", { className: "why", tabIndex: -1 });
  if (why.heat_map) {
    const heat = make("img", { className: "heat", alt: "", src: why.heat_map });
    const slider = make("input", { type: "range", min: 0, max: 100, value: 80 });
    // The picture under it loses its colours as the map comes forth: colours of both would be confused.
    const cover = () => {
      const amount = slider.value / 100;
      heat.style.opacity = amount;
      shot.firstElementChild.style.filter = `grayscale(${amount}) brightness(${1 - amount / 2})`;
    };
    slider.addEventListener("input", cover);
    shot.append(heat);
    cover();
    part.append(make("p", { className: "file", word: why.exact ? "why.exact" : "why.estimate", values: { target: why.target } }));
    part.append(make("label", {}, make("span", { word: "why.slider" }), slider));
  } else part.append(make("p", { className: "file", word: "why.none" }));
  if (why.neighbours?.length) {
    const items = why.neighbours.map((one) => make("li", {},
      one.picture ? make("img", { alt: "", src: one.picture }) : null,
      make("strong", { textContent: one.label }),
      make("p", { className: "file", word: "why.distance", values: { distance: one.distance.toFixed(2) } }),
      make("p", { className: "file", textContent: one.name, title: one.name })));
    part.append(make("div", {}, make("h3", { word: "why.neighbours" }), make("ul", { className: "neighbours" }, ...items)));
  }
  return part;
}

// --- a table to take away -------------------------------------------------------------------------------------------

const table = () => tableOf([...answers].reverse().map(({ name, answer }) => ({ ...answer, name })), "file",
  ["label", "probability", "prediction_set", "abstained", "unfamiliar"]);

// --- the camera -----------------------------------------------------------------------------------------------------

async function startCamera() {
  at("trouble").hidden = true;
  if (!cameraThere()) return complain(new Trouble({ code: "no_camera" }, 0));
  try {
    at("shoot").disabled = true; // until there is a picture to take
    at("camera").hidden = false;
    closeCamera ??= await openCamera(at("video"));
    at("shoot").disabled = false;
    at("shoot").focus();
  } catch {
    stopCamera();
    complain(new Trouble({ code: "camera_refused" }, 0));
  }
}

async function shoot() {
  photographs += 1;
  send([await takePicture(at("video"), `${say("camera.file")}-${photographs}.jpg`)]);
}

function stopCamera() {
  closeCamera?.();
  closeCamera = null;
  at("camera").hidden = true;
}

function clear() {
  for (const image of at("cards").querySelectorAll("img[src^='blob:']")) URL.revokeObjectURL(image.src);
  answers.length = 0;
  at("cards").replaceChildren();
  at("results").hidden = true;
  at("progress").textContent = "";
  delete at("progress").dataset.word;
  at("choose").focus();
}

function complain(trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  explainTrouble(at("trouble"), trouble.error);
  at("trouble").hidden = false;
}
