// Teaching: what was shown is learnt, tried, corrected, taken away. What belongs to one kind of examples is `kind`: see
// classes.js; its begin(item) shows what is tried, end() hides it.

import { ask, bars, explainTrouble, make, phrase, save, share, startLanguage, Trouble } from "./common.js";
import { Classes } from "./classes.js";
import { lessonPart } from "./lesson.js";

const at = (id) => document.getElementById(id);

export function startTeaching(kind) {
  const classes = new Classes(at("classes"), kind, { changed, complain, calm });
  let learnt = false; // whether there is a lesson
  let learning = false;
  let stale = false; // whether something has changed while it was learning
  let current = null; // what is being tried: { id, item }, without an id where the server does not keep it

  at("add-class").addEventListener("click", () => classes.add().input.select());
  at("undo").addEventListener("click", () => classes.undo());
  at("learn").addEventListener("click", () => { calm(); learn(); });
  at("download").addEventListener("click", download);
  at("forget").addEventListener("click", forget);
  startLanguage();
  at("language").addEventListener("click", () => classes.translate());
  restore();
  return { classes, complain, calm, attempt, predict, showAnswer, learnt: () => learnt };

  async function restore() {
    try {
      const state = await (await ask("teach/state")).json();
      classes.fill(state.classes);
      if (state.lesson) showLesson(state.lesson);
    } catch (trouble) { classes.fill([]); complain(trouble); }
    changed(false);
    document.documentElement.dataset.filled = "";
  }

  function changed(since = true) {
    at("undo").hidden = !classes.added.length;
    at("learn").disabled = classes.names().length < 2;
    if (!classes.count()) quiet(at("progress"));
    else if (classes.names().length < 2) phrase(at("progress"), "learn.more");
    else if (since) phrase(at("progress"), learnt ? "learn.again" : "learn.ready");
    showChoices();
    if (since && kind.atOnce && classes.names().length > 1) learn();
  }

  function quiet(element) {
    element.textContent = "";
    delete element.dataset.word;
  }

  // --- learn --------------------------------------------------------------------------------------------------------

  async function learn() {
    if (learning) { stale = true; return; }
    learning = true;
    at("learn").disabled = true;
    phrase(at("progress"), "learn.now");
    try {
      showLesson(await (await ask("teach/learn", { method: "POST" })).json());
      phrase(at("progress"), "learn.done");
      if (current?.id) showAnswer(current.item, await predict(current.item, true));
    } catch (trouble) {
      quiet(at("progress"));
      complain(trouble);
    }
    learning = false;
    at("learn").disabled = classes.names().length < 2;
    if (stale) { stale = false; return classes.names().length > 1 ? learn() : null; }
    if (document.activeElement === document.body) at("learn").focus(); // who pressed it by the keyboard goes on from there
  }

  function showLesson(report) {
    learnt = true;
    at("lesson").replaceChildren(...lessonPart(report));
    classes.doubt(report.mistakes);
    at("try").hidden = false;
    phrase(at("try-hint"), "try.hint");
  }

  // --- try ----------------------------------------------------------------------------------------------------------

  async function attempt(item) {
    calm();
    kind.begin?.(item);
    try {
      showAnswer(item, await predict(item, true));
    } catch (trouble) {
      current = null; // otherwise a correction would go to the example before
      kind.end?.();
      at("correct").hidden = true;
      at("try-answer").replaceChildren();
      complain(trouble);
    }
  }

  async function predict(item, keep) {
    const sent = kind.request([item], { keep: keep ? "yes" : "no" });
    const { predictions } = await (await ask("teach/predict", { method: "POST", ...sent })).json();
    return predictions[0];
  }

  function showAnswer(item, answer) {
    current = { id: answer.id, item };
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
    if (!chosen.id) { // the server did not keep it
      await card.send([chosen.item]);
      return learn();
    }
    try {
      await ask(`teach/${kind.many}/${chosen.id}`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ label: name }) });
    } catch (trouble) { return complain(trouble); }
    card.put(chosen.id, chosen.item);
    await learn();
  }

  // --- take away, forget --------------------------------------------------------------------------------------------

  async function download() {
    at("download").disabled = true;
    try {
      save(await (await ask("teach/model")).blob(), "taught-model.zip");
    } catch (trouble) { complain(trouble); }
    at("download").disabled = false;
  }

  async function forget() {
    kind.end?.();
    try {
      await ask("teach/state", { method: "DELETE" });
    } catch (trouble) { return complain(trouble); }
    learnt = false;
    current = null;
    classes.fill([]);
    at("lesson").replaceChildren();
    at("try-answer").replaceChildren();
    at("try").hidden = at("correct").hidden = true;
    phrase(at("try-hint"), "try.before");
    changed(false);
    at("add-class").focus();
  }

  function calm() { at("trouble").hidden = true; }

  function complain(trouble, name = "") {
    if (!(trouble instanceof Trouble)) throw trouble;
    const sentence = explainTrouble(make("span"), trouble.error);
    at("trouble").replaceChildren(...(name ? [make("strong", { textContent: `${name}: ` })] : []), sentence);
    at("trouble").hidden = false;
  }
}
