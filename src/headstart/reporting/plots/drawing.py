"""What a chart is made of: marks at their places, which become SVG for a page or the pixels of a PNG file.

Places and sizes are points: CSS pixels of the page, about two pixels of a PNG file. They are counted from the upper
left corner. Matplotlib draws this as well, but brings 75 MB, and loading it and drawing takes a third of a warm fit; of
the lighter libraries, pygal is under the LGPL, and leather has neither intervals nor logarithmic axes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from headstart.reporting.plots.style import INK, LINE, QUIET, TEXT

Point = tuple[float, float]
Marker = Literal["circle", "square", "triangle", "diamond", "none"]
Anchor = Literal["start", "middle", "end"]
Ticks = Sequence[tuple[float, str]]

# The corners of the shapes that have some, in halves of the size of a dot.
CORNERS: dict[Marker, tuple[Point, ...]] = {
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "triangle": ((0, -1), (1, 1), (-1, 1)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at one or more places, in one colour."""

    points: tuple[Point, ...]
    tint: str


@dataclass(frozen=True, slots=True)
class Line(Mark):
    """A line through its points; ``dash`` are the lengths of a dash and of the gap behind it."""

    width: float = 1.0
    dash: tuple[float, float] | None = None
    opacity: float = 1.0
    rounded: bool = False


@dataclass(frozen=True, slots=True)
class Area(Mark):
    """What lies between its points, without a border."""

    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Dot(Mark):
    """The marker of a value: a shape of this size with a border of paper, so that it stands out from its line."""

    shape: Marker
    size: float


@dataclass(frozen=True, slots=True)
class Word(Mark):
    """A line of text whose middle height is at its place; ``turned`` by a quarter, it is read from below."""

    text: str
    size: float = TEXT
    anchor: Anchor = "middle"
    turned: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Mark):
    """Squares with this side below and beside each other; ``tints`` are their colours, (rows, columns, 3)."""

    tints: npt.NDArray[np.uint8]
    side: float


@dataclass(slots=True)
class Drawing:
    """A sheet of this size, and what is on it, the lowest first.

    Examples
    --------
    >>> drawing = Drawing(100, 50)
    >>> drawing.add(Word(((10, 20),), "#000000", "rose"))
    >>> drawing.extend((5, 7, 0, 0))
    >>> drawing.width, drawing.height, drawing.marks[0].points
    (105, 57, ((15, 27),))
    """

    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)

    def add(self, *marks: Mark) -> None:
        """Lay marks upon those that are there."""
        self.marks += marks

    def extend(self, margins: tuple[float, float, float, float]) -> None:
        """Enlarge it by margins on the left, top, right and bottom."""
        left, top, right, bottom = margins
        self.width, self.height = self.width + left + right, self.height + top + bottom
        self.marks = [replace(mark, points=tuple((x + left, y + top) for x, y in mark.points)) for mark in self.marks]

    def words(self) -> list[str]:
        """Return the texts on it."""
        return [mark.text for mark in self.marks if isinstance(mark, Word)]


@dataclass(frozen=True, slots=True)
class Axes:
    """A part of a drawing in which numbers have their places.

    Attributes
    ----------
    edges
        Left, top, right and bottom, in points.
    across, up
        The numbers at both ends of the axes.
    logarithmic
        Whether the horizontal axis is.
    """

    drawing: Drawing
    edges: tuple[float, float, float, float]
    across: tuple[float, float]
    up: tuple[float, float]
    logarithmic: bool = False

    def place(self, x: float, y: float) -> Point:
        """Return the place of two numbers."""
        left, top, right, bottom = self.edges
        start, end = self.across
        if self.logarithmic:
            x, start, end = math.log(x), math.log(start), math.log(end)
        low, high = self.up
        return left + (right - left) * (x - start) / (end - start), bottom - (bottom - top) * (y - low) / (high - low)

    def places(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Return the places of pairs of numbers."""
        return tuple(self.place(x, y) for x, y in points)

    def add_grid(self, across: Ticks, up: Ticks) -> Self:
        """Draw a line for each tick, and its name below or beside the axes."""
        (left, top, right, bottom), add = self.edges, self.drawing.add
        for number, name in across:
            x, _ = self.place(number, self.up[0])
            add(Line(((x, top), (x, bottom)), LINE), Word(((x, bottom + 14),), QUIET, name))
        for number, name in up:
            _, y = self.place(self.across[0], number)
            add(Line(((left, y), (right, y)), LINE), Word(((left - 6, y),), QUIET, name, anchor="end"))
        add(Line(((left, bottom), (right, bottom)), QUIET))
        return self

    def add_names(self, across: str, up: str) -> None:
        """Write below and beside the axes what they mean."""
        left, top, right, bottom = self.edges
        self.drawing.add(
            Word((((left + right) / 2, bottom + 38),), INK, across),
            Word(((left - 64, (top + bottom) / 2),), INK, up, turned=True),
        )


def axes_in(
    drawing: Drawing,
    margins: tuple[float, float, float, float],
    across: tuple[float, float],
    up: tuple[float, float],
    logarithmic: bool = False,
) -> Axes:
    """Return axes that leave margins of a drawing on the left, top, right and bottom."""
    left, top, right, bottom = margins
    return Axes(drawing, (left, top, drawing.width - right, drawing.height - bottom), across, up, logarithmic)


def round_ticks(low: float, high: float, count: int) -> list[float]:
    """Return round numbers from ``low`` to ``high``, no more than about ``count``.

    Examples
    --------
    >>> round_ticks(0.03, 1.1, 4), round_ticks(0.96, 0.98, 4)
    ([0.5, 1.0], [0.96, 0.965, 0.97, 0.975, 0.98])
    """
    rough = (high - low) / count
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def power_ticks(low: float, high: float) -> Ticks:
    """Return the powers of ten from ``low`` to ``high``.

    Examples
    --------
    >>> power_ticks(5e-6, 2e-3)
    [(1e-05, '1e-05'), (0.0001, '1e-04'), (0.001, '1e-03')]
    """
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    return [(float(f"1e{power}"), f"1e{power:+03d}") for power in powers]


def pieces_below(points: Sequence[Point], top: float) -> Iterator[list[Point]]:
    """Cut what rises above ``top`` off a line.

    Examples
    --------
    >>> list(pieces_below([(0, 1), (1, 3), (2, 1)], 2))
    [[(0, 1), (0.5, 2)], [(1.5, 2), (2, 1)]]
    """
    piece = [point for point in points[:1] if point[1] <= top]
    for (x, y), (next_x, next_y) in pairwise(points):
        if (y > top) != (next_y > top):
            piece.append((x + (next_x - x) * (top - y) / (next_y - y), top))
        if next_y <= top:
            piece.append((next_x, next_y))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def dashes_of(points: Sequence[Point], dash: float, gap: float) -> Iterator[tuple[Point, ...]]:
    """Cut a line into dashes.

    Examples
    --------
    >>> list(dashes_of([(0, 0), (10, 0)], 3, 4))
    [((0.0, 0.0), (3.0, 0.0)), ((7.0, 0.0), (10.0, 0.0))]
    """
    bends = np.concatenate([[0.0], np.cumsum([math.dist(*pair) for pair in pairwise(points)])])
    xs, ys = np.array(points).T
    for start in np.arange(0.0, bends[-1], dash + gap):
        end = min(start + dash, bends[-1])
        along = [start, *bends[(bends > start) & (bends < end)], end]
        yield tuple((float(np.interp(at, bends, xs)), float(np.interp(at, bends, ys))) for at in along)
