// What was learnt, in words: a number with its interval, what it rests on, and what to doubt.

import { label, make } from "./common.js";

const ROUGH = 0.2; // an interval wider than this says little

const part = (share, digits = 0) => ({ share, digits });

export function lessonPart(report) {
  const pieces = [make("p", { className: "hint", word: "lesson.took", values: { pictures: report.pictures, seconds: report.seconds } })];
  if (report.accuracy) pieces.push(...scored(report));
  else {
    const single = report.classes.filter((one) => one.groups < 2).map((one) => one.name).join(", ");
    pieces.push(make("p", { className: "notice odd", word: "lesson.no-number", values: { names: single } }));
  }
  pieces.push(classTable(report));
  return pieces;
}

function scored(report) {
  const { accuracy, colours } = report;
  const pieces = [
    make("p", { className: "headline", word: "lesson.share", values: { value: part(accuracy.value) } }),
    scale(accuracy),
    make("p", { word: "lesson.interval", values: { low: part(accuracy.low), high: part(accuracy.high) } }),
    make("p", { className: "hint", word: "lesson.counted", values: { right: report.right, of: report.pictures } }),
  ];
  if (accuracy.high - accuracy.low > ROUGH) {
    pieces.push(make("p", { className: "notice odd", word: "lesson.rough", values: { groups: report.groups } }));
  }
  if (colours) {
    const close = colours.value >= accuracy.low;
    pieces.push(make("p", { className: close ? "notice odd" : "hint", word: close ? "lesson.colours-close" : "lesson.colours", values: { value: part(colours.value) } }));
  }
  if (report.mistakes.length) pieces.push(make("p", { className: "hint", word: "lesson.mistakes", values: { count: report.mistakes.length } }));
  return pieces;
}

function scale({ value, low, high }) {
  const range = make("div", { className: "range" });
  range.style.left = `${100 * low}%`;
  range.style.width = `${100 * (high - low)}%`;
  const point = make("div", { className: "point" });
  point.style.left = `${100 * value}%`;
  const drawing = make("div", { className: "scale" }, range, point);
  const ends = make("div", { className: "ends" }, make("span", { textContent: "0 %" }), make("span", { textContent: "50 %" }), make("span", { textContent: "100 %" }));
  return make("div", { ariaHidden: "true" }, drawing, ends);
}

function classTable(report) {
  const rows = report.classes.map((one) => make("tr", {},
    make("th", { scope: "row", textContent: one.name }),
    make("td", { textContent: one.pictures }),
    one.recall && one.recall.value !== null
      ? make("td", { word: "lesson.recall", values: { value: part(one.recall.value), low: part(one.recall.low), high: part(one.recall.high) } })
      : make("td", { textContent: "–" })));
  return label(make("table", {},
    make("thead", {}, make("tr", {},
      make("th", { scope: "col", word: "lesson.class" }),
      make("th", { scope: "col", word: "lesson.pictures" }),
      make("th", { scope: "col", word: "lesson.found" }))),
    make("tbody", {}, ...rows)), "lesson.table");
}
