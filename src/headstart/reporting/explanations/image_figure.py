"""The sheet of one explanation: the picture, the heat on it, and the training examples that are most like it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.explain.image.overlay import heat_colours, overlay
from headstart.explain.image.values import ImageExplanation
from headstart.explain.neighbours import Neighbour, find_example
from headstart.explain.values import title_of
from headstart.modalities.base import DEFAULT
from headstart.reporting.class_tables import caution
from headstart.reporting.explanations.report import Explained
from headstart.reporting.plots.style import INK, QUIET, WARN
from headstart.reporting.render.canvas import MARGIN, NOTE, TITLE, TITLE_HEIGHT, Canvas, fit_text, save_png, text_width
from headstart.reporting.render.contact_sheet import Caption, Card, draw_card
from headstart.reporting.render.fonts import FontBook, drawable_names, drawable_part
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding

_SIDE = 480  # of the two large pictures
_GAP = 30
_THUMB = (2 * _SIDE - 3 * _GAP) // 5  # five are as wide as the two
_SCALE = 14  # height of the bar that explains the colours
_WIDTH = 2 * MARGIN + 2 * _SIDE + _GAP
_BELOW = TITLE_HEIGHT + _SIDE + 12  # the pictures
_RIGHT = MARGIN + _SIDE + _GAP  # the left edge of the right one
Shown = tuple[Neighbour, Image.Image | None]  # None when the file is gone or has changed


@dataclass(frozen=True, slots=True)
class FigureSheet:
    """Draws explanations into a folder; ``notices`` fills with what the user should know.

    ``folders`` are those that the names of training examples may be relative to.
    """

    folder: Path
    folders: tuple[Path, ...]
    fonts: FontBook
    texts: Texts = ENGLISH  # which drawings speak: not every machine has fonts for others
    notices: dict[Finding, None] = field(default_factory=dict)  # a set that keeps the order

    def draw(self, explanation: ImageExplanation, picture: Image.Image, stem: str) -> Explained:
        """Write ``STEM.png``, the sheet, and ``STEM-heat.png``, the overlay alone; raises OutputError."""
        near = [(one, find_example(one, self.folders, DEFAULT)) for one in explanation.neighbours]
        sheet, notices = explanation_sheet(explanation, picture, near, self.fonts)
        self.notices.update(dict.fromkeys(notices))
        if any(example is None for _, example in near):
            self.notices[Finding("reporting.examples_gone", severity="note")] = None
        paths = self.folder / f"{stem}.png", self.folder / f"{stem}-heat.png"
        save_png(sheet, paths[0])
        save_png(overlay(picture, explanation), paths[1])
        return Explained(explanation, *paths)


def explanation_sheet(
    explanation: ImageExplanation, picture: Image.Image, neighbours: Sequence[Shown], fonts: FontBook
) -> tuple[Image.Image, tuple[Finding, ...]]:
    """Draw the sheet; class names that no font can draw become numbers, with a finding for the user."""
    shown = drawable_names([explanation.prediction.label, explanation.target], fonts)
    label, target = shown.names
    row = [(one, example) for one, example in neighbours if example is not None]
    canvas = Canvas.blank(_WIDTH, _BELOW + 58 + (_THUMB + 110 if row else 0), fonts)
    _draw_head(canvas, explanation, label, target)
    canvas.paste_fitted((MARGIN, TITLE_HEIGHT), picture, _SIDE)
    canvas.paste_fitted((_RIGHT, TITLE_HEIGHT), overlay(picture, explanation, _SIDE), _SIDE)
    _draw_scale(canvas, target)
    _draw_verdict(canvas, explanation)
    if row:
        _draw_neighbours(canvas, row)
    return canvas.sheet, shown.notices


def _draw_head(canvas: Canvas, explanation: ImageExplanation, label: str, target: str) -> None:
    """Write what the model says, why that should not be relied on if so, and what the picture shows."""
    said, found, fonts = explanation.prediction, explanation.found, canvas.fonts
    doubt = caution(said)
    canvas.write((_WIDTH - MARGIN, MARGIN), doubt, NOTE, WARN, "rm")
    answer = f"  {said.probability:.1%}"
    taken = text_width(fonts, TITLE, answer) + (text_width(fonts, NOTE, doubt) + _GAP if doubt else 0)
    why = f"Nothing in the picture speaks for {target} ({title_of(found.method)})."
    if found.grid.max() > 0:
        kind = "divides the score exactly" if found.exact else "estimates what the score depends on"
        why = f"Why {target}: {title_of(found.method)}, which {kind}."
    notes = (drawable_part(said.path, fonts), f"{why} Stripes: not seen by the network.")
    room = _WIDTH - 2 * MARGIN
    title = fit_text(fonts, label, TITLE, room - taken) + answer
    canvas.write_title(title, [fit_text(fonts, note, NOTE, room) for note in notes])


def _draw_scale(canvas: Canvas, target: str) -> None:
    bar = heat_colours(np.broadcast_to(np.linspace(0, 1, _SIDE, dtype=np.float32), (_SCALE, _SIDE)))
    canvas.sheet.paste(Image.fromarray(bar), (_RIGHT, _BELOW))
    below = _BELOW + _SCALE + 18
    canvas.write((_RIGHT, below), "no evidence", NOTE, QUIET)
    most = fit_text(canvas.fonts, f"most evidence for {target}", NOTE, _SIDE - 130)
    canvas.write((_RIGHT + _SIDE, below), most, NOTE, QUIET, "rm")


def _draw_verdict(canvas: Canvas, explanation: ImageExplanation) -> None:
    """Write below the picture what a test of the map found."""
    if explanation.checks is None:
        return
    found, top = explanation.checks.faithfulness, _BELOW + _SCALE / 2
    canvas.write((MARGIN, top), f"The map beats {found.beaten} of {found.maps} random maps.", NOTE, QUIET)
    if not found.convincing:
        canvas.write((MARGIN, top + 25), "Not clearly better than chance: read nothing into it.", NOTE, WARN)


def _draw_neighbours(canvas: Canvas, row: Sequence[tuple[Neighbour, Image.Image]]) -> None:
    top = _BELOW + 58
    canvas.write((MARGIN, top + 8), "Nearest training examples: class, distance", NOTE, INK)
    labels = drawable_names([one.label for one, _ in row], canvas.fonts).names
    fitting = (_WIDTH - 2 * MARGIN + _GAP) // (_THUMB + _GAP)
    for place, ((one, example), label) in enumerate(zip(row[:fitting], labels, strict=False)):
        card = Card((example.copy,), (Caption(label, INK, f"{one.distance:.2f}"),))
        draw_card(canvas, (MARGIN + place * (_THUMB + _GAP), top + 28), card, _THUMB)
