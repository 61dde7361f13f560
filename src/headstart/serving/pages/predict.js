import { asFiles, inParts, startAsking } from "./asking.js";
import { cameraThere, openCamera, takePicture } from "./camera.js";
import { make, receivePictures, say, Trouble } from "./common.js";

const at = (id) => document.getElementById(id);
const AT_A_TIME = 8; // pictures in one request
const MOST_FILES = 200; // in one go, so that a folder dropped by mistake does not stop the browser
let photographs = 0;
let closeCamera = null;

const page = startAsking({
  first: "file",
  named: true,
  newestFirst: true,
  request: (items) => asFiles(items.map((item) => item.file)),
  lead: shot,
  why: (item) => asFiles([item.file]),
  explained,
});
receivePictures(() => at("drop"), send);
at("choose").addEventListener("change", (event) => { send([...event.target.files]); event.target.value = ""; });
at("photograph").addEventListener("click", startCamera);
at("shoot").addEventListener("click", shoot);
at("close-camera").addEventListener("click", () => { stopCamera(); at("photograph").focus(); });

async function send(files) {
  const items = files.slice(0, MOST_FILES).map((file) => ({ file, name: file.name }));
  const sent = page.send(inParts(items, AT_A_TIME));
  if (files.length > MOST_FILES) page.complain(new Trouble({ code: "too_many_here" }, 0));
  await sent;
}

function shot(item) {
  const picture = make("img", { alt: "", src: URL.createObjectURL(item.file) });
  picture.addEventListener("error", () => picture.replaceWith(make("p", { className: "none", word: "card.unshown" })));
  return make("div", { className: "shot" }, picture);
}

function explained(why, lead) {
  if (!why.heat_map) return [make("p", { className: "file", word: "why.none" })];
  const heat = make("img", { className: "heat", alt: "", src: why.heat_map });
  const slider = make("input", { type: "range", min: 0, max: 100, value: 80 });
  // The picture under it loses its colours as the map comes forth: colours of both would be confused.
  const cover = () => {
    const amount = slider.value / 100;
    heat.style.opacity = amount;
    lead.firstElementChild.style.filter = `grayscale(${amount}) brightness(${1 - amount / 2})`;
  };
  slider.addEventListener("input", cover);
  lead.append(heat);
  cover();
  return [
    make("p", { className: "file", word: why.exact ? "why.exact" : "why.estimate", values: { target: why.target } }),
    make("label", {}, make("span", { word: "why.slider" }), slider),
  ];
}

// --- the camera -----------------------------------------------------------------------------------------------------

async function startCamera() {
  at("trouble").hidden = true;
  if (!cameraThere()) return page.complain(new Trouble({ code: "no_camera" }, 0));
  try {
    at("shoot").disabled = true; // until there is a picture to take
    at("camera").hidden = false;
    closeCamera ??= await openCamera(at("video"));
    at("shoot").disabled = false;
    at("shoot").focus();
  } catch {
    stopCamera();
    page.complain(new Trouble({ code: "camera_refused" }, 0));
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
