"""The figure of one explanation of a document: its words, coloured by what they say for a class, as a page."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from headstart.explain.text.explaining import TextExplanation
from headstart.reporting.explanations.report import explanation_lines
from headstart.reporting.render.fonts import FontBook
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.files import whole_file
from headstart.runtime.findings import Finding

LISTED = 8  # parts in the table
FOR, AGAINST = "214, 96, 20", "50, 110, 190"  # orange and blue, which the colour-blind can tell apart

_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 17px/1.9 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #222 }}
p.text {{ white-space: pre-wrap; overflow-wrap: anywhere }}
p.note {{ color: #666; font-size: 14px; line-height: 1.5 }}
span {{ border-radius: 3px }}
</style></head><body><h1>{title}</h1>
<p class="text">{words}</p>
<p class="note">{notes}</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class ExplainedText:
    """One explanation of a document and the page that was written of it."""

    explanation: TextExplanation
    page: Path

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        ranked = sorted(self.explanation.weights, key=lambda one: -abs(one[1]))[:LISTED]
        rows = [(" ".join(said.split())[:40], f"{weight:+.3f}") for said, weight in ranked]
        return [
            *explanation_lines(self.explanation, texts),
            *indented([texts.columns("reporting.part_weights"), *rows], right=(1,)),
            texts.say("reporting.coloured", {"place": self.page}),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**self.explanation.to_json(), "page": str(self.page)}


@dataclass(frozen=True, slots=True)
class TextFigure:
    """Writes explanations of documents into a folder."""

    folder: Path
    folders: tuple[Path, ...]
    fonts: FontBook
    notices: dict[Finding, None] = field(default_factory=dict)

    def draw(self, explanation: TextExplanation, document: str, stem: str) -> ExplainedText:
        """Write ``STEM.html``."""
        path = self.folder / f"{stem}.html"
        with whole_file(path) as partial:
            partial.write_text(colour_words(explanation), encoding="utf-8")
        return ExplainedText(explanation, path)


def colour_words(explanation: TextExplanation) -> str:
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
    texts = ENGLISH.for_modality("text")
    title = f"{explanation.prediction.label}  {explanation.prediction.probability:.1%}"
    notes = "<br>".join(escape(line.strip()) for line in explanation_lines(explanation, texts)[1:])
    says = f"Orange speaks for {explanation.target}, blue against it."
    return _PAGE.format(title=escape(title), words="".join(shown), notes=f"{escape(says)}<br>{notes}")
