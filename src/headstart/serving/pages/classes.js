// The classes of /teach as cards: a name, pictures, a camera. What they hold is on the server; empty ones are only here.

import { ask, label, make, phrase, say, Trouble } from "./common.js";
import { cameraThere, openCamera, takePicture } from "./camera.js";

const AT_A_TIME = 8; // pictures in one request
const SERIES = 10; // pictures in a series of the camera
const PAUSE = 150; // milliseconds between them
const FAULTS_OF_FILES = [413, 415, 422]; // answers that speak of a file, and not of the desk or the server

export class Classes {
  constructor(place, { changed, complain, calm }) {
    this.place = place;
    this.changed = changed;
    this.complain = complain;
    this.calm = calm;
    this.cards = [];
    this.series = 0;
  }

  names() {
    return this.cards.filter((card) => card.pictures.size).map((card) => card.name);
  }

  count() {
    return this.cards.reduce((sum, card) => sum + card.pictures.size, 0);
  }

  fill(classes) {
    for (const card of this.cards) card.remove();
    this.cards = [];
    for (const one of classes) {
      const card = this.add(one.name);
      for (const picture of one.pictures) card.put(picture.id, picture.picture, picture.name);
    }
    while (this.cards.length < 2) this.add();
  }

  add(name) {
    const used = new Set(this.cards.map((card) => card.name));
    let number = this.cards.length + 1;
    while (!name && used.has(say("show.class", { number }))) number += 1;
    const card = new ClassCard(this, name ?? say("show.class", { number }), name ? null : number);
    this.cards.push(card);
    this.place.append(card.element);
    return card;
  }

  // Names that nobody gave follow the language, as long as no picture has gone to the server under them.
  translate() {
    for (const card of this.cards) if (card.number !== null) card.call(say("show.class", { number: card.number }));
  }

  of(element) {
    return this.cards.find((card) => card.element.contains(element));
  }

  find(name) {
    return this.cards.find((card) => card.name === name) ?? this.add(name);
  }

  doubt(mistakes) {
    const taken = new Map(mistakes.map((one) => [one.id, one.taken_for]));
    for (const card of this.cards) for (const [id, item] of card.pictures) mark(item, taken.get(id));
  }

  closeCameras() {
    for (const card of this.cards) card.closeCamera();
  }
}

function mark(item, takenFor) {
  item.classList.toggle("doubt", takenFor !== undefined);
  item.querySelector(".taken")?.remove();
  if (takenFor !== undefined) item.append(make("span", { className: "taken", word: "show.taken", values: { name: takenFor } }));
}

class ClassCard {
  constructor(classes, name, number) {
    this.classes = classes;
    this.name = name;
    this.number = number; // of a name that was made up
    this.pictures = new Map();
    this.stop = null;
    this.draw();
    this.recount();
  }

  draw() {
    const id = `file-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    this.input = label(make("input", { type: "text", value: this.name, maxLength: 80 }), "show.name");
    this.input.addEventListener("change", () => this.rename(this.input.value.trim()));
    this.counter = make("span", { className: "count" });
    const away = label(make("button", { type: "button", className: "quiet", textContent: "×" }), "show.remove-class", { name: this.name });
    away.addEventListener("click", () => this.clear());
    this.away = away;
    this.thumbs = make("ul", { className: "thumbs" });
    label(this.thumbs, "show.pictures", { name: this.name });
    this.thumbs.tabIndex = 0;
    const file = make("input", { className: "hidden-input", type: "file", accept: "image/*", multiple: true, id });
    file.addEventListener("change", () => { this.send([...file.files]); file.value = ""; });
    this.cameraButton = make("button", { type: "button", word: "show.camera" });
    this.cameraButton.addEventListener("click", () => (this.stop ? this.closeCamera() : this.openCamera()));
    this.camera = make("div", { className: "row", hidden: true });
    this.element = make("article", { className: "class" },
      make("div", { className: "class-top" }, this.input, this.counter, away), this.thumbs,
      make("div", { className: "row" }, make("label", { className: "button", htmlFor: id }, make("span", { word: "show.files" })), file, this.cameraButton),
      this.camera);
  }

  recount() {
    phrase(this.counter, "show.count", { count: this.pictures.size });
    this.thumbs.hidden = this.pictures.size === 0;
  }

  put(id, picture, name) {
    const remove = label(make("button", { type: "button", textContent: "×" }), "show.remove", { name });
    const item = make("li", {}, make("img", { src: picture, alt: name }), remove);
    remove.addEventListener("click", () => this.take(id));
    this.pictures.set(id, item);
    this.thumbs.prepend(item);
    this.recount();
  }

  async take(id) {
    await this.attempt(async () => {
      await ask(`teach/pictures/${id}`, { method: "DELETE" });
      this.pictures.get(id)?.remove();
      this.pictures.delete(id);
      this.recount();
      this.classes.changed();
    });
  }

  async send(files, series = null) {
    this.classes.calm();
    this.number = null;
    for (let start = 0; start < files.length; start += AT_A_TIME) {
      const goOn = await this.sendPart(files.slice(start, start + AT_A_TIME), series);
      this.classes.changed();
      if (!goOn) return;
    }
  }

  async sendPart(part, series) {
    const form = new FormData();
    form.append("label", this.name);
    if (series) form.append("series", series);
    for (const file of part) form.append("files", file, file.name);
    try {
      const { pictures } = await (await ask("teach/pictures", { method: "POST", body: form })).json();
      pictures.forEach((one, number) => {
        if (one.error) this.classes.complain(new Trouble(one.error, 400), part[number].name);
        else this.put(one.id, URL.createObjectURL(part[number]), one.name);
      });
      return true;
    } catch (trouble) {
      const ofFiles = FAULTS_OF_FILES.includes(trouble.status);
      if (!ofFiles || part.length === 1) this.classes.complain(trouble, ofFiles ? part[0].name : "");
      // One file that cannot be taken must not hide the others: each is then sent alone.
      else for (const file of part) await this.sendPart([file], series);
      return ofFiles;
    }
  }

  async rename(wanted) {
    if (!wanted || wanted === this.name) { this.input.value = this.name; return; }
    const twin = this.classes.cards.find((card) => card !== this && card.name === wanted);
    await this.attempt(async () => {
      if (this.pictures.size) {
        await ask("teach/rename", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ old: this.name, new: wanted }) });
      }
      if (twin) { // both are one class from now on
        for (const [id, item] of this.pictures) { twin.pictures.set(id, item); twin.thumbs.append(item); }
        twin.recount();
        this.pictures.clear();
        this.remove();
        this.classes.cards = this.classes.cards.filter((card) => card !== this);
      }
      this.number = null;
      this.call(wanted);
      this.classes.changed();
    });
    this.input.value = this.name;
  }

  call(name) {
    this.name = this.input.value = name;
    label(this.away, "show.remove-class", { name });
    label(this.thumbs, "show.pictures", { name });
  }

  async clear() {
    for (const id of [...this.pictures.keys()]) await this.take(id);
    if (this.pictures.size) return;
    this.remove();
    this.classes.cards = this.classes.cards.filter((card) => card !== this);
    this.classes.changed();
  }

  async openCamera() {
    if (!cameraThere()) return this.classes.complain(new Trouble({ code: "no_camera" }, 0));
    this.classes.closeCameras();
    const video = label(make("video", { muted: true, playsInline: true }), "camera.view");
    const one = make("button", { type: "button", className: "primary", word: "show.one", disabled: true });
    const many = make("button", { type: "button", word: "show.many", values: { count: SERIES }, disabled: true });
    this.camera.replaceChildren(video, one, many);
    this.camera.hidden = false;
    try {
      this.stop = await openCamera(video);
    } catch {
      this.closeCamera();
      return this.classes.complain(new Trouble({ code: "camera_refused" }, 0));
    }
    phrase(this.cameraButton, "camera.close");
    one.disabled = many.disabled = false;
    one.addEventListener("click", async () => this.send([await this.photograph(video)]));
    many.addEventListener("click", async () => {
      one.disabled = many.disabled = true;
      const files = [];
      for (let number = 0; number < SERIES && this.stop; number += 1) {
        files.push(await this.photograph(video));
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      this.classes.series += 1;
      // Pictures of one series are nearly alike: the server never tests one of them by what it learnt from the others.
      await this.send(files, `${Date.now()}-${this.classes.series}`);
      one.disabled = many.disabled = false;
    });
  }

  photograph(video) {
    this.shots = (this.shots ?? 0) + 1;
    return takePicture(video, `${say("camera.file")}-${this.shots}.jpg`);
  }

  closeCamera() {
    this.stop?.();
    this.stop = null;
    this.camera.hidden = true;
    this.camera.replaceChildren();
    phrase(this.cameraButton, "show.camera");
  }

  async attempt(action) {
    try {
      await action();
      return true;
    } catch (trouble) {
      this.classes.complain(trouble);
      return false;
    }
  }

  remove() {
    this.closeCamera();
    this.element.remove();
  }
}

