"use strict";
// Tables with data-sort: a click or the Enter key on a heading sorts by its column, once more the other way round.
for (const table of document.querySelectorAll("table[data-sort]")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const text = (row, at) => row.cells[at].textContent.trim();
  const number = (row, at) => ("value" in row.cells[at].dataset ? Number(row.cells[at].dataset.value) : NaN);
  const compare = (one, other, at, numeric, sign) => {
    if (!numeric) return sign * text(one, at).localeCompare(text(other, at), undefined, { numeric: true });
    const [a, b] = [number(one, at), number(other, at)];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b); // what is not known comes last
    return sign * (a - b);
  };
  heads.forEach((head, at) => {
    head.querySelector("button").addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
      const numeric = head.classList.contains("number");
      body.append(...[...body.rows].sort((one, other) => compare(one, other, at, numeric, sign)));
    });
  });
}
