"""The sheet of one explanation: the picture, the heat on it, and the training examples that are most like it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from headstart.explain.neighbours import Neighbour, find_example
from headstart.explain.overlay import heat_colours, overlay
from headstart.explain.values import Explanation, title_of
from headstart.reporting.drawing import (
    FAINT,
    GREY,
    INK,
    MARGIN,
    NOTE,
    ORANGE,
    TITLE,
    TITLE_HEIGHT,
    Canvas,
    Picture,
    blank_canvas,
    save_png,
    shorten,
    text_width,
    write,
    write_title,
)
from headstart.reporting.explanation_report import Explained
from headstart.reporting.fonts import FontBook, drawable_names, drawable_part
from headstart.reporting.tables import caution

_SIDE = 480  # of the two large pictures
_GAP = 30
_THUMB = (2 * _SIDE - 3 * _GAP) // 5  # five are as wide as the two
_SCALE = 14  # height of the bar that explains the colours
_WIDTH = 2 * MARGIN + 2 * _SIDE + _GAP


@dataclass(frozen=True, slots=True)
class Shown:
    """A neighbour and its picture; None when the file is gone or has changed."""

    neighbour: Neighbour
    picture: Image.Image | None


@dataclass(frozen=True, slots=True)
class FigureSheet:
    """Draws explanations into a folder; ``notices`` fills with what the user should know.

    ``folders`` are those that the names of training examples may be relative to.
    """

    folder: Path
    folders: tuple[Path, ...]
    fonts: FontBook
    notices: dict[str, None] = field(default_factory=dict)  # a set that keeps the order

    def draw(self, explanation: Explanation, picture: Image.Image, stem: str) -> Explained:
        """Write ``STEM.png``, the sheet, and ``STEM-heat.png``, the overlay alone; raises OutputError."""
        near = [Shown(one, find_example(one, self.folders)) for one in explanation.neighbours]
        sheet = explanation_sheet(explanation, picture, near, self.fonts)
        self.notices.update(dict.fromkeys(sheet.notices))
        if any(one.picture is None for one in near):
            self.notices["Training pictures that are gone or have changed are not shown, only named."] = None
        paths = self.folder / f"{stem}.png", self.folder / f"{stem}-heat.png"
        save_png(sheet.image, paths[0])
        save_png(overlay(picture, explanation), paths[1])
        return Explained(explanation, *paths)


def explanation_sheet(
    explanation: Explanation, picture: Image.Image, neighbours: Sequence[Shown], fonts: FontBook
) -> Picture:
    """Draw the sheet; class names that no font can draw become numbers, with a sentence for the user."""
    shown = drawable_names([explanation.prediction.label, explanation.target], fonts)
    label, target = shown.names
    row = [one for one in neighbours if one.picture is not None]
    pictures_end = TITLE_HEIGHT + _SIDE + 70
    canvas = blank_canvas(_WIDTH, pictures_end + (_THUMB + 110 if row else 0), fonts)
    _draw_head(canvas, explanation, label, target)
    _paste(canvas, (MARGIN, TITLE_HEIGHT), ImageOps.contain(picture, (_SIDE, _SIDE), Image.Resampling.LANCZOS), _SIDE)
    _paste(canvas, (MARGIN + _SIDE + _GAP, TITLE_HEIGHT), overlay(picture, explanation, _SIDE), _SIDE)
    _draw_scale(canvas, (MARGIN + _SIDE + _GAP, TITLE_HEIGHT + _SIDE + 12), target)
    _draw_verdict(canvas, explanation)
    if row:
        _draw_neighbours(canvas, pictures_end, row)
    return Picture(canvas.image, shown.notices)


def _draw_head(canvas: Canvas, explanation: Explanation, label: str, target: str) -> None:
    """Write what the model says, why that should not be relied on if so, and what the picture shows."""
    said = explanation.prediction
    doubt = caution(said)
    write(canvas, (_WIDTH - MARGIN, MARGIN), doubt, NOTE, ORANGE, "rm")
    answer = f"  {said.probability:.1%}"
    taken = text_width(canvas.fonts, answer, TITLE) + (text_width(canvas.fonts, doubt, NOTE) + _GAP if doubt else 0)
    name = shorten(canvas.fonts, label, TITLE, _WIDTH - 2 * MARGIN - taken)
    notes = [drawable_part(said.path, canvas.fonts), *_notes(explanation, target)]
    write_title(canvas, name + answer, [_short(canvas, note) for note in notes])


def _draw_verdict(canvas: Canvas, explanation: Explanation) -> None:
    """Write below the picture what a test of the map found."""
    if explanation.checks is None:
        return
    found, top = explanation.checks.faithfulness, TITLE_HEIGHT + _SIDE + 12 + _SCALE / 2
    write(canvas, (MARGIN, top), f"The map beats {found.beaten} of {found.maps} random maps.", NOTE, GREY, "lm")
    if not found.convincing:
        write(canvas, (MARGIN, top + 25), "Not clearly better than chance: read nothing into it.", NOTE, ORANGE, "lm")


def _notes(explanation: Explanation, target: str) -> list[str]:
    found = explanation.found
    kind = "divides the score exactly" if found.exact else "estimates what the score depends on"
    note = f"Why {target}: {title_of(found.method)}, which {kind}. Stripes: not seen by the network."
    if not found.grid.max() > 0:
        note = (
            f"Nothing in the picture speaks for {target} ({title_of(found.method)}). Stripes: not seen by the network."
        )
    return [note]


def _short(canvas: Canvas, text: str) -> str:
    return shorten(canvas.fonts, text, NOTE, _WIDTH - 2 * MARGIN)


def _paste(canvas: Canvas, corner: tuple[int, int], picture: Image.Image, side: int) -> None:
    left, top = corner
    canvas.pen.rectangle((left, top, left + side - 1, top + side - 1), FAINT)
    canvas.image.paste(picture, (left + (side - picture.width) // 2, top + (side - picture.height) // 2))


def _draw_scale(canvas: Canvas, corner: tuple[int, int], target: str) -> None:
    left, top = corner
    bar = heat_colours(np.broadcast_to(np.linspace(0, 1, _SIDE, dtype=np.float32), (_SCALE, _SIDE)))
    canvas.image.paste(Image.fromarray(bar), corner)
    below = top + _SCALE + 18
    write(canvas, (left, below), "no evidence", NOTE, GREY, "lm")
    name = shorten(canvas.fonts, f"most evidence for {target}", NOTE, _SIDE - 130)
    write(canvas, (left + _SIDE, below), name, NOTE, GREY, "rm")


def _draw_neighbours(canvas: Canvas, top: int, row: Sequence[Shown]) -> None:
    write(canvas, (MARGIN, top + 8), "Nearest training examples: class, distance", NOTE, INK, "lm")
    labels = drawable_names([one.neighbour.label for one in row], canvas.fonts).names
    fitting = (_WIDTH - 2 * MARGIN + _GAP) // (_THUMB + _GAP)
    for place, (one, label) in enumerate(zip(row[:fitting], labels, strict=False)):
        assert one.picture is not None
        left = MARGIN + place * (_THUMB + _GAP)
        thumb = ImageOps.contain(one.picture, (_THUMB, _THUMB), Image.Resampling.LANCZOS)
        _paste(canvas, (left, top + 28), thumb, _THUMB)
        below = top + 28 + _THUMB + 20
        write(canvas, (left, below), shorten(canvas.fonts, label, NOTE, _THUMB - 54), NOTE, INK, "lm")
        write(canvas, (left + _THUMB, below), f"{one.neighbour.distance:.2f}", NOTE, GREY, "rm")
