"""The confusion matrix as a chart: blue is right and orange is wrong, and the diagonal tells them apart as well."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.reporting.plots.drawing import Cells, Drawing, Point, Word
from headstart.reporting.plots.style import FIELD, INK, PAPER, QUIET, RIGHT, WRONG
from headstart.reporting.render.canvas import text_width
from headstart.reporting.render.fonts import FontBook, shorten

DOTS = 144  # an inch of the PNG file: two pixels a point, so that cells end between pixels
# Cells, in points: from which size on they hold a count, and a share as well.
COUNTED, ROOMY = 12.0, 28.0
_LONGEST = 140  # of a name


def cell_size(classes: int) -> float:
    """Return the side of a cell: a whole number of pixels in a PNG file.

    Examples
    --------
    >>> cell_size(3), cell_size(81), cell_size(1000)
    (80.0, 7.0, 1.0)
    """
    return max(2, min(160, 1200 // classes)) / 2


def confusion_chart(counts: Integers, names: Sequence[str], fonts: FontBook) -> Drawing:
    """Return the matrix (K, K): a row per true class, a column per predicted class.

    The colour of a cell is its share of the row. Large cells show count and share, smaller ones the count, very small
    ones only the colour. From about 110 classes on not every class is named.
    """
    cell, side = cell_size(len(counts)), cell_size(len(counts)) * len(counts)
    labels = _fit_names(names, fonts)
    widest = math.ceil(max(label.width for label in labels))
    upright = widest > cell - 5
    foot = widest if upright else 12
    left, top = widest + 36, 20
    drawing = Drawing(left + side + 40, top + side + foot + 34)
    support = counts.sum(axis=1)
    shares = counts / np.maximum(support, 1)[:, None]
    # The root makes a rare confusion visible; an empty cell stays nearly white.
    depth = np.where(counts > 0, 0.1 + 0.9 * np.sqrt(shares), 0.0)
    drawing.add(Cells(((left, top),), PAPER, _tints(depth), cell))
    if cell >= COUNTED:
        for row, column in np.argwhere(counts > 0).tolist():
            at = (left + (column + 0.5) * cell, top + (row + 0.5) * cell)
            tint = PAPER if depth[row, column] > 0.5 else INK
            drawing.add(*_cell_words(at, cell, int(counts[row, column]), float(shares[row, column]), tint))
        sums = [(-8 / cell - 0.5, "n"), *enumerate(map(str, support.tolist()))]
        beside, size = left + side + 7, min(8.5, cell - 0.5)
        drawing.add(*(Word(((beside, top + (row + 0.5) * cell),), QUIET, text, size, "start") for row, text in sums))
    for label in labels:
        along, below = (label.row + 0.5) * cell, top + side + 6
        at = (left + along, below if upright else below + 0.6 * label.size)
        drawing.add(
            Word(((left - 6, top + along),), INK, label.text, label.size, "end"),
            Word((at,), INK, label.text, label.size, "end" if upright else "middle", turned=upright),
        )
    drawing.add(Word(((left + side / 2, top + side + foot + 26),), QUIET, "predicted class", 10))
    drawing.add(Word(((left - widest - 26, top + side / 2),), QUIET, "true class", 10, turned=True))
    return drawing


def _tints(depth: Floats) -> "np.typing.NDArray[np.uint8]":
    right = np.eye(len(depth), dtype=bool)[:, :, None]
    tints = _levels(FIELD) + depth[:, :, None] * (np.where(right, _levels(RIGHT), _levels(WRONG)) - _levels(FIELD))
    return np.round(tints).astype(np.uint8)


def _levels(tint: str) -> Floats:
    return np.array([int(tint[place : place + 2], 16) for place in (1, 3, 5)])


def _cell_words(at: Point, cell: float, count: int, share: float, tint: str) -> Iterator[Word]:
    roomy, (x, y) = cell >= ROOMY, at
    # A count of many digits, each 0.64 of its height wide, gets smaller letters rather than running out of its cell.
    size = min(17 if roomy else 10, cell * (0.3 if roomy else 0.5), (cell - 3) / (0.64 * len(f"{count}")))
    yield Word(((x, y - 0.1 * cell * roomy),), tint, f"{count}", size)
    if roomy:
        yield Word(((x, y + 0.2 * cell),), tint, f"{share:.0%}", max(6, size * 5 / 8))


@dataclass(frozen=True, slots=True)
class _Label:
    """The name of a row and of a column, as it is written, and its size and width."""

    row: int
    text: str
    size: float
    width: float


def _fit_names(names: Sequence[str], fonts: FontBook) -> list[_Label]:
    """Fit the names to their room; where rows are lower than letters, only every second or third class is named."""
    size = max(5.5, min(11.0, cell_size(len(names)) - 0.5))
    dots = DOTS / 72
    wide = partial(text_width, fonts, round(size * dots))
    labels = []
    for row in range(0, len(names), math.ceil((size + 0.5) / cell_size(len(names)))):
        text = shorten(names[row], _LONGEST * dots, wide)
        labels.append(_Label(row, text, size, wide(text) / dots))
    return labels
