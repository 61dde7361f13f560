"""What ``explain --average`` found: as lines, as plain data, as a sheet of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.name_checks import plural
from headstart.encoders.spec import Preprocessing
from headstart.explain.class_average import UNIFORM_BORDER, ClassAverage, Share
from headstart.explain.coordinates import enlarge
from headstart.explain.overlay import paint
from headstart.explain.values import scaled, title_of
from headstart.reporting.answers import failure_lines
from headstart.reporting.drawing import (
    GREY,
    INK,
    MARGIN,
    NOTE,
    ORANGE,
    TITLE_HEIGHT,
    Canvas,
    blank_canvas,
    shorten,
    write,
    write_title,
)
from headstart.reporting.drawing import Picture as Drawn
from headstart.reporting.fonts import FontBook, drawable_names

_SIDE, _GAP, _TEXT, _COLUMNS = 240, 28, 66, 4


@dataclass(frozen=True, slots=True)
class AverageReport:
    """Where the evidence for each class lies on average.

    Attributes
    ----------
    method
        How the heat was found.
    rule
        Which part of the data was looked at, if not all.
    classes
        One average for each class that had pictures.
    picture
        The sheet.
    """

    method: str
    rule: str
    classes: tuple[ClassAverage, ...]
    picture: Path
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What looks like a shortcut."""
        return tuple(one.warning for one in self.classes if one.warning)

    def lines(self) -> list[str]:
        """Say the same for people."""
        width = max(len("class"), *(len(one.label) for one in self.classes))
        head = f"  {'class':{width}}  pictures  in the border       in the middle       hottest outer ninth"
        rows = [
            f"  {one.label:{width}}  {one.count:8,}  {_range(one.border):18}  {_range(one.middle):18}  "
            f"{one.zone} {one.zone_share.value:.2f}"
            for one in self.classes
        ]
        return [
            *failure_lines(self.failures),
            *([self.rule] if self.rule else []),
            f"Where the evidence lies on average, by the {title_of(self.method)}; of a uniform map {UNIFORM_BORDER:.2f}"
            " would lie in the border, the outer seventh, and 0.11 in each ninth:",
            head,
            *rows,
            *(f"Warning: {warning}" for warning in self.warnings),
            *([] if self.warnings else ["In no class does the heat gather outside the middle beyond doubt."]),
            *self.notices,
            f"Written to {self.picture}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "method": self.method,
            "rule": self.rule,
            "classes": [one.to_json() for one in self.classes],
            "warnings": list(self.warnings),
            "picture": str(self.picture),
            "failures": dict(self.failures),
            "notices": list(self.notices),
        }


def average_sheet(classes: Sequence[ClassAverage], preprocessing: Preprocessing, fonts: FontBook) -> Drawn:
    """Draw the average heat of each class on its average picture."""
    shown = drawable_names([one.label for one in classes], fonts)
    columns = min(_COLUMNS, max(3, len(classes)))
    rows = -(-len(classes) // columns)
    size = (2 * MARGIN + columns * (_SIDE + _GAP) - _GAP, TITLE_HEIGHT + rows * (_SIDE + _TEXT + _GAP))
    canvas = blank_canvas(*size, fonts)
    notes = ["The average heat on the average picture; how many pictures, share in the border"]
    write_title(canvas, "Where the evidence lies", [*notes, f"A uniform map has {UNIFORM_BORDER:.2f} in the border."])
    for place, (one, name) in enumerate(zip(classes, shown.names, strict=True)):
        row, column = divmod(place, columns)
        corner = (MARGIN + column * (_SIDE + _GAP), TITLE_HEIGHT + row * (_SIDE + _TEXT + _GAP))
        canvas.image.paste(_painted(one, preprocessing), corner)
        _caption(canvas, (corner[0], corner[1] + _SIDE), one, name)
    return Drawn(canvas.image, shown.notices)


def _painted(one: ClassAverage, preprocessing: Preprocessing) -> Image.Image:
    deviation, mean = (np.array(part)[:, None, None] for part in (preprocessing.std, preprocessing.mean))
    colours = ((one.picture * deviation + mean) * 255).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    picture = Image.fromarray(colours).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return paint(picture, scaled(enlarge(one.heat, _SIDE, _SIDE)))


def _caption(canvas: Canvas, corner: tuple[int, int], one: ClassAverage, name: str) -> None:
    left, top = corner
    colour = ORANGE if one.warning else INK
    write(canvas, (left, top + 20), shorten(canvas.fonts, name, NOTE, _SIDE), NOTE, colour, "lm")
    write(canvas, (left, top + 44), plural(one.count, "picture"), NOTE, GREY, "lm")
    write(canvas, (left + _SIDE, top + 44), f"{one.border.value:.2f}", NOTE, colour, "rm")


def _range(share: Share) -> str:
    return f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"
