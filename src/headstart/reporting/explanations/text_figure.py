"""The figure of one explanation of a document: its words, coloured by what they say for a class, as a page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from headstart.explain.neighbours import Neighbour, find_example
from headstart.explain.text.explaining import TextExplanation
from headstart.reporting.explanations.report import explanation_lines
from headstart.reporting.render.fonts import FontBook
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, TAGS, Texts
from headstart.runtime.files import whole_file
from headstart.runtime.findings import Finding
from headstart.runtime.text import beginning

LISTED = 8  # parts in the table
WIDE = 60  # letters of a training text in a line for people
MOST = 300  # and on a page
FOR, AGAINST = "214, 96, 20", "50, 110, 190"  # orange and blue, which the colour-blind can tell apart
Near = Sequence[tuple[Neighbour, str]]  # training documents, and what they say; "" where that is gone

_PAGE = """<!doctype html>
<html lang="{tag}"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 17px/1.9 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #222 }}
p.text {{ white-space: pre-wrap; overflow-wrap: anywhere }}
p.note {{ color: #666; font-size: 14px; line-height: 1.5 }}
span {{ border-radius: 3px }}
th, td {{ text-align: left; vertical-align: top; padding-right: 1em; font-size: 14px; line-height: 1.5 }}
td {{ overflow-wrap: break-word }}
td:last-child {{ overflow-wrap: anywhere }}
caption {{ text-align: left; color: #666 }}
</style></head><body><h1>{title}</h1>
<p class="text">{words}</p>
<p class="note">{notes}</p>
{nearest}</body></html>
"""


@dataclass(frozen=True, slots=True)
class ExplainedText:
    """One explanation of a document and the page that was written of it."""

    explanation: TextExplanation
    page: Path
    near: Near = ()

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        ranked = sorted(self.explanation.weights, key=lambda one: -abs(one[1]))[:LISTED]
        rows = [(" ".join(said.split())[:40], f"{weight:+.3f}") for said, weight in ranked]
        return [
            *explanation_lines(self.explanation, texts),
            *indented([texts.columns("reporting.part_weights"), *rows], right=(1,)),
            *self._nearest(texts),
            texts.say("reporting.coloured", {"place": self.page}),
        ]

    def _nearest(self, texts: Texts) -> list[str]:
        rows = indented(_table(self.near, texts, WIDE), right=(1,))
        return [texts.say("reporting.nearest_texts"), *rows] if self.near else []

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        near = [one.to_json() | ({"text": said} if said else {}) for one, said in self.near]
        return {**self.explanation.to_json(), "neighbours": near, "page": str(self.page)}


@dataclass(frozen=True, slots=True)
class TextFigure:
    """Writes explanations of documents into a folder; ``places`` are those where training examples may still lie."""

    folder: Path
    places: tuple[Path, ...]
    fonts: FontBook
    texts: Texts = ENGLISH
    notices: dict[Finding, None] = field(default_factory=dict)

    def draw(self, explanation: TextExplanation, document: str, stem: str) -> ExplainedText:
        """Write ``STEM.html``."""
        path = self.folder / f"{stem}.html"
        near = [(one, find_example(one, self.places, "text") or "") for one in explanation.neighbours]
        with whole_file(path) as partial:
            partial.write_text(colour_words(explanation, near, self.texts), encoding="utf-8")
        return ExplainedText(explanation, path, near)


def _table(near: Near, texts: Texts, most: int) -> list[list[str]]:
    """Lay the nearest training documents out with the beginnings of their texts, where these are still there."""
    columns = texts.columns("reporting.nearest_columns")
    rows = [[one.label, f"{one.distance:.2f}", one.name, beginning(said, most)] for one, said in near]
    return [row[: len(columns) if any(said for _, said in near) else -1] for row in ([*columns], *rows)]


def _list_nearest(near: Near, texts: Texts) -> str:
    head, *rows = [[escape(cell) for cell in row] for row in _table(near, texts, MOST)]
    lines = [
        "".join(f"<th>{cell}</th>" for cell in head),
        *("".join(f"<td>{cell}</td>" for cell in row) for row in rows),
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<table><caption>{escape(texts.say('reporting.nearest_texts').strip())}</caption>{body}</table>"
        if near
        else ""
    )


def colour_words(explanation: TextExplanation, near: Near, texts: Texts) -> str:
    """Return a page with the words of a document: orange ones speak for the class, blue ones against it."""
    largest = max((abs(weight) for _, weight in explanation.weights), default=0.0) or 1.0
    shown, end = list[str](), 0
    for (start, stop), weight in zip(explanation.parts, explanation.found.grid.tolist(), strict=True):
        shown.append(escape(explanation.document[end:start]))
        colour = f"rgba({FOR if weight > 0 else AGAINST}, {0.75 * abs(weight) / largest:.2f})"
        said = escape(explanation.document[start:stop])
        shown.append(f'<span style="background: {colour}" title="{weight:+.3f}">{said}</span>')
        end = stop
    shown.append(escape(explanation.document[end:]))
    title = f"{explanation.prediction.label}  {explanation.prediction.probability:.1%}"
    notes = "<br>".join(escape(line.strip()) for line in explanation_lines(explanation, texts)[1:])
    return _PAGE.format(
        tag=TAGS[texts.language],
        title=escape(title),
        words="".join(shown),
        notes=f"{escape(texts.say('reporting.colours', {'target': explanation.target}))}<br>{notes}",
        nearest=_list_nearest(near, texts),
    )
