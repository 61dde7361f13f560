// The words of a text, coloured by what they say for a class: solid lines under those for it, dashed ones against it.

import { make } from "./common.js";

const SLIGHT = 0.05; // of the largest weight: less is not coloured
const STRONGEST = 40; // percent of the colour: more would hide the letters in the dark
const LISTED = 6;

const signed = (weight) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(2)}`;

export function colouredWords(why, lead) {
  const words = why.parts.filter((part) => part.weight !== null);
  const largest = Math.max(...words.map((part) => Math.abs(part.weight)));
  lead.replaceChildren(...why.parts.map((part) => {
    if (part.weight === null || !(Math.abs(part.weight) > SLIGHT * largest)) return part.text;
    const word = make("span", { className: part.weight > 0 ? "for" : "against", textContent: part.text, title: signed(part.weight) });
    word.style.setProperty("--amount", `${Math.round((STRONGEST * Math.abs(part.weight)) / largest)}%`);
    return word;
  }));
  const ranked = [...words].sort((one, other) => other.weight - one.weight);
  return [
    make("p", { className: "file", word: why.exact ? "why.exact" : "why.estimate", values: { target: why.target } }),
    list("for", "why.for", why.target, ranked.filter((part) => part.weight > SLIGHT * largest).slice(0, LISTED)),
    list("against", "why.against", why.target, ranked.reverse().filter((part) => part.weight < -SLIGHT * largest).slice(0, LISTED)),
  ];
}

// Also the legend: who cannot tell the colours apart, or hover, reads the weights here.
function list(sign, heading, target, parts) {
  if (!parts.length) return null;
  return make("div", {},
    make("h3", {}, make("span", { className: `legend ${sign}`, word: heading, values: { target } })),
    make("ul", { className: "weights" }, ...parts.map((part) => make("li", {}, make("bdi", { textContent: part.text }), ` ${signed(part.weight)}`))));
}
