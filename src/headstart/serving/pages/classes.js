// The classes of /teach as cards: a name, examples, what adds some. What they hold is on the server; empty ones are only
// here. What belongs to one kind of examples is handed in as `kind`:
//   many                     what they are called at the server: teach/pictures
//   request(items, fields)   what is sent for examples, with fields beside them
//   parts(items)             those of one request, each
//   shown(item)              an element that shows one, sent from here or remembered by the server
//   controls(card)           elements that add examples to a class
//   close(card)              stops what runs there, if anything does

import { ask, label, make, phrase, say, Trouble } from "./common.js";

const FAULTS_OF_FILES = [413, 415, 422]; // answers that speak of a file, and not of the desk or the server

export class Classes {
  constructor(place, kind, { changed, complain, calm }) {
    this.place = place;
    this.kind = kind;
    this.changed = changed;
    this.complain = complain;
    this.calm = calm;
    this.cards = [];
    this.added = []; // what was sent last: { card, id }
  }

  async undo() {
    const added = this.added.filter(({ card, id }) => card.examples.has(id));
    this.added = [];
    for (const { card, id } of added) await card.take(id);
    this.changed();
  }

  names() {
    return this.cards.filter((card) => card.examples.size).map((card) => card.name);
  }

  count() {
    return this.cards.reduce((sum, card) => sum + card.examples.size, 0);
  }

  fill(classes) {
    for (const card of this.cards) card.remove();
    this.cards = [];
    for (const one of classes) {
      const card = this.add(one.name);
      for (const example of one[this.kind.many]) card.put(example.id, example);
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
    for (const card of this.cards) for (const [id, item] of card.examples) mark(item, taken.get(id));
  }

  close() {
    for (const card of this.cards) this.kind.close?.(card);
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
    this.examples = new Map();
    this.kind = classes.kind;
    this.draw();
    this.recount();
  }

  draw() {
    this.input = label(make("input", { type: "text", value: this.name, maxLength: 80 }), "show.name");
    this.input.addEventListener("change", () => this.rename(this.input.value.trim()));
    this.counter = make("span", { className: "count" });
    const away = label(make("button", { type: "button", className: "quiet", textContent: "×" }), "show.remove-class", { name: this.name });
    away.addEventListener("click", () => this.clear());
    this.away = away;
    this.thumbs = make("ul", { className: "thumbs" });
    label(this.thumbs, "show.pictures", { name: this.name });
    this.thumbs.tabIndex = 0;
    this.element = make("article", { className: "class" },
      make("div", { className: "class-top" }, this.input, this.counter, away), this.thumbs, ...this.kind.controls(this));
  }

  recount() {
    phrase(this.counter, "show.count", { count: this.examples.size });
    this.thumbs.hidden = this.examples.size === 0;
  }

  put(id, example) {
    const remove = label(make("button", { type: "button", textContent: "×" }), "show.remove", { name: example.name });
    const item = make("li", {}, this.kind.shown(example), remove);
    remove.addEventListener("click", () => this.take(id));
    this.examples.set(id, item);
    this.thumbs.prepend(item);
    this.recount();
  }

  async take(id) {
    await this.attempt(async () => {
      await ask(`teach/${this.kind.many}/${id}`, { method: "DELETE" });
      this.examples.get(id)?.remove();
      this.examples.delete(id);
      this.recount();
      this.classes.changed();
    });
  }

  async send(items, series = null) {
    this.classes.calm();
    this.number = null;
    this.classes.added = [];
    for (const part of this.kind.parts(items)) {
      const goOn = await this.sendPart(part, series);
      this.classes.changed();
      if (!goOn) return false;
    }
    return true;
  }

  async sendPart(part, series) {
    const fields = { label: this.name, ...(series ? { series } : {}) };
    try {
      const answer = await (await ask(`teach/${this.kind.many}`, { method: "POST", ...this.kind.request(part, fields) })).json();
      const added = answer[this.kind.many];
      added.forEach((one, number) => {
        const item = added.length === part.length ? part[number] : {};
        if (one.error) this.classes.complain(new Trouble(one.error, 400), item.name ?? one.name);
        else {
          this.put(one.id, { ...one, ...item });
          this.classes.added.push({ card: this, id: one.id });
        }
      });
      return true;
    } catch (trouble) {
      const ofFiles = FAULTS_OF_FILES.includes(trouble.status);
      if (!ofFiles || part.length === 1) this.classes.complain(trouble, ofFiles ? part[0].name : "");
      // One example that cannot be taken must not hide the others: each is then sent alone.
      else for (const item of part) await this.sendPart([item], series);
      return ofFiles;
    }
  }

  async rename(wanted) {
    if (!wanted || wanted === this.name) { this.input.value = this.name; return; }
    const twin = this.classes.cards.find((card) => card !== this && card.name === wanted);
    await this.attempt(async () => {
      if (this.examples.size) {
        await ask("teach/rename", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ old: this.name, new: wanted }) });
      }
      if (twin) { // both are one class from now on
        for (const [id, item] of this.examples) { twin.examples.set(id, item); twin.thumbs.append(item); }
        twin.recount();
        this.examples.clear();
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
    for (const id of [...this.examples.keys()]) await this.take(id);
    if (this.examples.size) return;
    this.remove();
    this.classes.cards = this.classes.cards.filter((card) => card !== this);
    this.classes.changed();
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
    this.kind.close?.(this);
    this.element.remove();
  }
}

