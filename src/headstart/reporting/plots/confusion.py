"""The confusion matrix as a chart: blue is right and orange is wrong, and the diagonal tells them apart as well."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.reporting.plots.style import FIELD, INK, PAPER, QUIET, RIGHT, WRONG, chart_font, new_figure, text_width
from headstart.reporting.render.fonts import FontBook, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

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


def confusion_chart(counts: Integers, names: Sequence[str], fonts: FontBook) -> "Figure":
    """Return the matrix (K, K): a row per true class, a column per predicted class.

    The colour of a cell is its share of the row. Large cells show count and share, smaller ones the count, very small
    ones only the colour. From about 110 classes on not every class is named.
    """
    cell, count = cell_size(len(counts)), len(counts)
    labels = _fit_names(names, fonts)
    widest = max(label.width for label in labels)
    upright = widest > cell - 5
    foot = widest if upright else 12
    left, top, right, bottom = widest + 36, 20, 40, foot + 34
    width, height = left + cell * count + right, top + cell * count + bottom
    figure = new_figure(width, height)
    axes = figure.add_axes((left / width, bottom / height, cell * count / width, cell * count / height))
    axes.set_axis_off()
    _draw_cells(axes, counts, cell)
    for label in labels:
        at: dict[str, Any] = {"fontproperties": label.font, "color": INK}
        axes.text(-0.5 - 6 / cell, label.row, label.text, ha="right", va="center_baseline", **at)
        axes.text(label.row, count - 0.5 + 6 / cell, label.text, ha="center", va="top", rotation=90 * upright, **at)
    style: dict[str, Any] = {"color": QUIET, "fontsize": 10, "ha": "center", "va": "center"}
    middle = (count - 1) / 2
    axes.text(middle, count - 0.5 + (foot + 26) / cell, "predicted class", **style)
    axes.text(-0.5 - (widest + 26) / cell, middle, "true class", rotation=90, **style)
    return figure


def _draw_cells(axes: "Axes", counts: Integers, cell: float) -> None:
    support = counts.sum(axis=1)
    shares = counts / np.maximum(support, 1)[:, None]
    # The root makes a rare confusion visible; an empty cell stays nearly white.
    depth = np.where(counts > 0, 0.1 + 0.9 * np.sqrt(shares), 0.0)
    right = np.eye(len(counts), dtype=bool)[:, :, None]
    tints = _levels(FIELD) + depth[:, :, None] * (np.where(right, _levels(RIGHT), _levels(WRONG)) - _levels(FIELD))
    edges = np.arange(len(counts) + 1) - 0.5
    lines: dict[str, Any] = {"edgecolors": PAPER, "linewidth": 1} if cell >= 4 else {}
    axes.pcolormesh(edges, edges, np.round(tints).astype(np.uint8), **lines)
    axes.set(xlim=edges[[0, -1]], ylim=edges[[-1, 0]])  # the first row is the upper one
    if cell < COUNTED:
        return
    for row, column in np.argwhere(counts > 0).tolist():
        tint = PAPER if depth[row, column] > 0.5 else INK
        _write_cell(axes, cell, (column, row), (int(counts[row, column]), float(shares[row, column])), tint)
    beside = len(counts) - 0.5 + 7 / cell
    style: dict[str, Any] = {"color": QUIET, "fontsize": min(8.5, cell - 0.5), "va": "center_baseline"}
    for row, number in enumerate(support.tolist()):
        axes.text(beside, row, f"{number}", **style)
    axes.text(beside, -0.5 - 8 / cell, "n", **style)


def _levels(tint: str) -> Floats:
    return np.array([int(tint[place : place + 2], 16) for place in (1, 3, 5)])


def _write_cell(axes: "Axes", cell: float, at: tuple[int, int], content: tuple[int, float], tint: str) -> None:
    count, share = content
    across, down = at
    roomy = cell >= ROOMY
    # A count of many digits, each 0.64 of its height wide, gets smaller letters rather than running out of its cell.
    size = min(17 if roomy else 10, cell * (0.3 if roomy else 0.5), (cell - 3) / (0.64 * len(f"{count}")))
    style: dict[str, Any] = {"color": tint, "ha": "center", "va": "center", "clip_on": True}
    axes.text(across, down - 0.1 * roomy, f"{count}", fontsize=size, **style)
    if roomy:
        axes.text(across, down + 0.2, f"{share:.0%}", fontsize=max(6, size * 5 / 8), **style)


@dataclass(frozen=True, slots=True)
class _Label:
    """The name of a row and of a column, as it is written."""

    row: int
    text: str
    font: "FontProperties"

    @property
    def width(self) -> float:
        return text_width(self.font, self.text)


def _fit_names(names: Sequence[str], fonts: FontBook) -> list[_Label]:
    """Fit the names to their room; where rows are lower than letters, only every second or third class is named."""
    size = max(5.5, min(11.0, cell_size(len(names)) - 0.5))
    labels = []
    for row in range(0, len(names), math.ceil((size + 0.5) / cell_size(len(names)))):
        font = chart_font(fonts, names[row], size)
        labels.append(_Label(row, shorten(names[row], _LONGEST, partial(text_width, font)), font))
    return labels
