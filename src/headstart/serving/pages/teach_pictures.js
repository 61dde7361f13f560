// Pictures to teach with: files, photographs, and a live camera to try what was learnt.

import { inParts } from "./asking.js";
import { cameraThere, openCamera, takePicture } from "./camera.js";
import { label, make, phrase, receivePictures, say, Trouble } from "./common.js";
import { startTeaching } from "./teach.js";

const at = (id) => document.getElementById(id);
const AT_A_TIME = 8; // pictures in one request
const SERIES = 10; // pictures in a series of the camera
const PAUSE = 150; // milliseconds between them
const LIVE_PAUSE = 120; // between two pictures of the live camera
let series = 0;
let stopCamera = null; // the one that is tried

const itemOf = (file) => ({ file, name: file.name });
const lesson = startTeaching({
  many: "pictures",
  request(items, fields) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    for (const { file } of items) body.append("files", file, file.name);
    return { body };
  },
  parts: (items) => inParts(items, AT_A_TIME),
  shown: ({ file, picture, name }) => make("img", { src: picture ?? URL.createObjectURL(file), alt: name }),
  controls,
  close: closeCardCamera,
  begin({ file }) {
    closeCamera();
    at("try-picture").src = URL.createObjectURL(file);
    at("try-picture").hidden = at("try-shot").hidden = false;
  },
  end() {
    closeCamera();
    at("try-shot").hidden = true;
  },
});
const { classes, complain } = lesson;

at("try-file").addEventListener("change", (event) => { if (event.target.files[0]) lesson.attempt(itemOf(event.target.files[0])); event.target.value = ""; });
at("try-camera").addEventListener("click", () => (stopCamera ? closeCamera() : live()));
receivePictures(() => document.querySelector(".class:hover") ?? at("try"), dropped);

function dropped(files, target) {
  const card = classes.of(target);
  if (card) card.send(files.map(itemOf));
  else if (lesson.learnt()) lesson.attempt(itemOf(files[0]));
  else classes.cards[0].send(files.map(itemOf));
}

// --- a class --------------------------------------------------------------------------------------------------------

function controls(card) {
  const id = `file-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const file = make("input", { className: "hidden-input", type: "file", accept: "image/*", multiple: true, id });
  file.addEventListener("change", () => { card.send([...file.files].map(itemOf)); file.value = ""; });
  card.cameraButton = make("button", { type: "button", word: "show.camera" });
  card.cameraButton.addEventListener("click", () => (card.stop ? closeCardCamera(card) : openCardCamera(card)));
  card.camera = make("div", { className: "row", hidden: true });
  return [make("div", { className: "row" }, make("label", { className: "button", htmlFor: id }, make("span", { word: "show.files" })), file, card.cameraButton),
    card.camera];
}

async function openCardCamera(card) {
  if (!cameraThere()) return complain(new Trouble({ code: "no_camera" }, 0));
  classes.close();
  const video = label(make("video", { muted: true, playsInline: true }), "camera.view");
  const one = make("button", { type: "button", className: "primary", word: "show.one", disabled: true });
  const many = make("button", { type: "button", word: "show.many", values: { count: SERIES }, disabled: true });
  card.camera.replaceChildren(video, one, many);
  card.camera.hidden = false;
  try {
    card.stop = await openCamera(video);
  } catch {
    closeCardCamera(card);
    return complain(new Trouble({ code: "camera_refused" }, 0));
  }
  phrase(card.cameraButton, "camera.close");
  one.disabled = many.disabled = false;
  one.addEventListener("click", async () => card.send([await photograph(card, video)]));
  many.addEventListener("click", async () => {
    one.disabled = many.disabled = true;
    const items = [];
    for (let number = 0; number < SERIES && card.stop; number += 1) {
      items.push(await photograph(card, video));
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    series += 1;
    // Pictures of one series are nearly alike: the server never tests one of them by what it learnt from the others.
    await card.send(items, `${Date.now()}-${series}`);
    one.disabled = many.disabled = false;
  });
}

async function photograph(card, video) {
  card.shots = (card.shots ?? 0) + 1;
  return itemOf(await takePicture(video, `${say("camera.file")}-${card.shots}.jpg`));
}

function closeCardCamera(card) {
  card.stop?.();
  card.stop = null;
  card.camera.hidden = true;
  card.camera.replaceChildren();
  phrase(card.cameraButton, "show.camera");
}

// --- the live camera ------------------------------------------------------------------------------------------------

async function live() {
  lesson.calm();
  if (!cameraThere()) return complain(new Trouble({ code: "no_camera" }, 0));
  classes.close();
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
      const item = itemOf(await takePicture(video, `${say("camera.file")}-live.jpg`));
      const answer = await lesson.predict(item, false);
      if (!stopCamera) break;
      lesson.showAnswer(item, answer);
    } catch (trouble) {
      closeCamera();
      return complain(trouble);
    }
    await new Promise((resolve) => setTimeout(resolve, LIVE_PAUSE));
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
