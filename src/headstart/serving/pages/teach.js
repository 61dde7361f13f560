import { ask, bars, explainTrouble, make, phrase, receivePictures, save, say, share, startLanguage, Trouble } from "./common.js";
import { cameraThere, openCamera, takePicture } from "./camera.js";
import { Classes } from "./classes.js";
import { lessonPart } from "./lesson.js";

const at = (id) => document.getElementById(id);
const PAUSE = 120; // milliseconds between two pictures of the live camera
const calm = () => { at("trouble").hidden = true; };
const classes = new Classes(at("classes"), { changed, complain, calm });
let learnt = false; // whether there is a lesson
let current = null; // what is being tried: { id } of a picture the server keeps, or { file } of the camera
let stopCamera = null;

at("add-class").addEventListener("click", () => classes.add().input.select());
at("learn").addEventListener("click", learn);
at("try-file").addEventListener("change", (event) => { tryPicture(event.target.files[0]); event.target.value = ""; });
at("try-camera").addEventListener("click", () => (stopCamera ? closeCamera() : live()));
at("download").addEventListener("click", download);
at("forget").addEventListener("click", forget);
receivePictures(() => document.querySelector(".class:hover") ?? at("try"), dropped);
startLanguage();
at("language").addEventListener("click", () => classes.translate());
await restore();
document.documentElement.dataset.filled = "";

async function restore() {
  try {
    const state = await (await ask("teach/state")).json();
    classes.fill(state.classes);
    if (state.lesson) showLesson(state.lesson);
  } catch (trouble) { classes.fill([]); complain(trouble); }
  changed(false);
}

function dropped(files, target) {
  const card = classes.of(target);
  if (card) card.send(files);
  else if (learnt) tryPicture(files[0]);
  else classes.cards[0].send(files);
}

function changed(since = true) {
  at("learn").disabled = classes.names().length < 2;
  if (!classes.count()) quiet(at("progress"));
  else if (classes.names().length < 2) phrase(at("progress"), "learn.more");
  else if (since) phrase(at("progress"), learnt ? "learn.again" : "learn.ready");
  showChoices();
}

function quiet(element) {
  element.textContent = "";
  delete element.dataset.word;
}

// --- learn ----------------------------------------------------------------------------------------------------------

async function learn() {
  calm();
  at("learn").disabled = true;
  phrase(at("progress"), "learn.now");
  try {
    showLesson(await (await ask("teach/learn", { method: "POST" })).json());
    phrase(at("progress"), "learn.done");
    if (current?.id) await again();
  } catch (trouble) {
    quiet(at("progress"));
    complain(trouble);
  }
  at("learn").disabled = classes.names().length < 2;
  if (document.activeElement === document.body) at("learn").focus(); // who pressed it by the keyboard goes on from there
}

function showLesson(report) {
  learnt = true;
  at("lesson").replaceChildren(...lessonPart(report));
  classes.doubt(report.mistakes);
  at("try").hidden = false;
  phrase(at("try-hint"), "try.hint");
}

// --- try ------------------------------------------------------------------------------------------------------------

async function tryPicture(file) {
  if (!file) return;
  closeCamera();
  calm();
  const url = URL.createObjectURL(file);
  at("try-picture").src = url;
  at("try-picture").hidden = at("try-shot").hidden = false;
  try {
    const answer = await predict(file, true);
    current = { id: answer.id, file };
    showAnswer(answer);
  } catch (trouble) {
    current = null; // otherwise a correction would go to the picture before
    at("try-shot").hidden = at("correct").hidden = true;
    at("try-answer").replaceChildren();
    complain(trouble);
  }
}

async function predict(file, keep) {
  const form = new FormData();
  form.append("files", file, file.name);
  form.append("keep", keep ? "yes" : "no");
  const { predictions } = await (await ask("teach/predict", { method: "POST", body: form })).json();
  return predictions[0];
}

async function again() {
  const answer = await predict(current.file, true);
  current.id = answer.id;
  showAnswer(answer);
}

function showAnswer(answer) {
  at("try-answer").replaceChildren(
    ...(answer.unfamiliar ? [make("p", { className: "notice odd", word: "card.unfamiliar" })] : []),
    make("p", { className: "answer" }, make("span", { textContent: answer.label }), share(answer.probability)),
    bars(answer.top));
  at("correct").hidden = false;
  showChoices();
}

function showChoices() {
  const names = classes.names();
  const shown = [...at("correct-classes").children].map((button) => button.textContent);
  if (names.join("\n") === shown.join("\n")) return; // the live camera answers often: a button keeps its focus
  at("correct-classes").replaceChildren(...names.map((name) => {
    const button = make("button", { type: "button", textContent: name });
    button.addEventListener("click", () => correct(name));
    return button;
  }));
}

async function correct(name) {
  const chosen = current;
  if (!chosen) return;
  const card = classes.find(name);
  if (!chosen.id) { // a picture of the live camera was not kept by the server
    await card.send([chosen.file]);
    return learn();
  }
  try {
    await ask(`teach/pictures/${chosen.id}`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ label: name }) });
  } catch (trouble) { return complain(trouble); }
  card.put(chosen.id, URL.createObjectURL(chosen.file), chosen.file.name);
  await learn();
}

async function live() {
  calm();
  if (!cameraThere()) return complain(new Trouble({ code: "no_camera" }, 0));
  classes.closeCameras();
  const video = at("try-video");
  at("try-picture").hidden = true;
  video.hidden = at("try-shot").hidden = false;
  try {
    stopCamera = await openCamera(video);
  } catch {
    closeCamera();
    return complain(new Trouble({ code: "camera_refused" }, 0));
  }
  phrase(at("try-camera"), "camera.close");
  // Spoken at every picture this would be a torrent.
  at("try-answer").ariaLive = "off";
  while (stopCamera) {
    try {
      const file = await takePicture(video, `${say("camera.file")}-live.jpg`);
      const answer = await predict(file, false);
      if (!stopCamera) break;
      current = { id: null, file };
      showAnswer(answer);
    } catch (trouble) {
      closeCamera();
      return complain(trouble);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function closeCamera() {
  stopCamera?.();
  stopCamera = null;
  at("try-video").hidden = true;
  at("try-answer").ariaLive = "polite";
  if (at("try-picture").hidden) at("try-shot").hidden = true;
  phrase(at("try-camera"), "try.camera");
}

// --- take away, forget ----------------------------------------------------------------------------------------------

async function download() {
  at("download").disabled = true;
  try {
    save(await (await ask("teach/model")).blob(), "taught-model.zip");
  } catch (trouble) { complain(trouble); }
  at("download").disabled = false;
}

async function forget() {
  closeCamera();
  try {
    await ask("teach/state", { method: "DELETE" });
  } catch (trouble) { return complain(trouble); }
  learnt = false;
  current = null;
  classes.fill([]);
  at("lesson").replaceChildren();
  at("try-answer").replaceChildren();
  at("try").hidden = at("try-shot").hidden = at("correct").hidden = true;
  phrase(at("try-hint"), "try.before");
  changed(false);
  at("add-class").focus();
}

function complain(trouble, name = "") {
  if (!(trouble instanceof Trouble)) throw trouble;
  const sentence = explainTrouble(make("span"), trouble.error);
  at("trouble").replaceChildren(...(name ? [make("strong", { textContent: `${name}: ` })] : []), sentence);
  at("trouble").hidden = false;
}
