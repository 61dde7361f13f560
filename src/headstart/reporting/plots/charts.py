"""Charts of intervals and of curves: data in, a drawing out; a PNG file and the page show the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.metrics.values import Score
from headstart.reporting.plots.drawing import (
    Area,
    Axes,
    Dot,
    Drawing,
    Line,
    Marker,
    Ticks,
    Word,
    axes_in,
    pieces_below,
    power_ticks,
    round_ticks,
)
from headstart.reporting.plots.style import INK, QUIET, WIDTH, percent_label, series_tint
from headstart.runtime.text import escape_control_characters

_ROW = 46  # of an interval and the name above it
_DASH = (11, 6.6)
_MANY = 30  # points of a curve: more get no markers


@dataclass(frozen=True, slots=True)
class Bar:
    """A score to draw with its interval; ``hue`` is a number, see the legend."""

    label: str
    score: Score
    hue: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A series of points (x, y) in the order of x, with a band (low, high) around each where it is known."""

    label: str
    points: tuple[tuple[float, float], ...]
    hue: int
    marker: Marker
    dashed: bool = False
    band: tuple[tuple[float, float], ...] = ()
    width: float = 2.2


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves over the same axes.

    Attributes
    ----------
    across, up
        What the axes mean.
    marked
        A place on the horizontal axis to mark; None for none.
    logarithmic
        Whether the horizontal axis is.
    share
        Whether the values are shares, of which there are no more than 100 %.
    """

    across: str
    up: str
    curves: tuple[Curve, ...]
    marked: float | None = None
    logarithmic: bool = False
    share: bool = False


def interval_chart(bars: Sequence[Bar], start: float = 0.0) -> Drawing:
    """Return scores between ``start`` and 1 below each other, each with its interval, its label above it."""
    drawing = Drawing(WIDTH, _ROW * len(bars) + 40)
    axes = axes_in(drawing, (14, 4, 22, 30), (start - 0.02, 1.02), (0.45 - len(bars), 0.8))
    ticks = [start + (1 - start) * part / 4 for part in range(5)]
    axes.add_grid([(tick, percent_label(tick)) for tick in ticks], ())
    for row, bar in enumerate(bars):
        y, score, tint = -row, bar.score, series_tint(bar.hue)
        interval = axes.places(((score.low, y), (score.high, y)))
        late = score.value > start + 0.5 * (1 - start)
        at = min(1.0, score.high) if late else max(start, score.low)
        drawing.add(
            Line(interval, tint, 6, opacity=0.35, rounded=True),
            Dot((axes.place(score.value, y),), tint, "circle", 11),
            Word(
                (axes.place(at, y + 0.4),), INK, escape_control_characters(bar.label), anchor="end" if late else "start"
            ),
        )
    return drawing


def shots_chart(curves: Sequence[Curve], names: Ticks, across: str, up: str) -> Drawing:
    """Return accuracy against the number of examples per class, on a logarithmic axis; ``names`` are its ticks."""
    drawing = Drawing(WIDTH, 360)
    sizes = [x for curve in curves for x, _ in curve.points]
    pad = 1.05 if min(sizes) == max(sizes) else (max(sizes) / min(sizes)) ** 0.05
    axes = axes_in(drawing, (76, 10, 18, 56), (min(sizes) / pad, max(sizes) * pad), (-0.02, 1.02), logarithmic=True)
    shares = [(tick, percent_label(tick)) for tick in (0, 0.25, 0.5, 0.75, 1)]
    axes.add_grid([(size, escape_control_characters(name)) for size, name in names], shares)
    _draw_curves(axes, curves)
    axes.add_names(across, up)
    return drawing


def curves_chart(panels: Sequence[Panel], *, beside: bool = False) -> Drawing:
    """Return curves in panels above each other, for a narrow page, or beside each other, each under its legend."""
    wide, tall = (len(panels), 1) if beside else (1, len(panels))
    height = 340 if beside else 220
    drawing = Drawing(WIDTH * wide, height * tall)
    for number, panel in enumerate(panels):
        column, row = (number, 0) if beside else (0, number)
        margins = (
            *(WIDTH * column + 76, height * row + 10),
            *(WIDTH * (wide - column - 1) + 18, height * (tall - row - 1) + 56),
        )
        axes = _scaled_axes(drawing, margins, panel, count=round(height / 50))
        _draw_curves(axes, panel.curves)
        if panel.marked is not None:
            ends = axes.places([(panel.marked, end) for end in axes.up])
            drawing.add(Line(ends, QUIET, 1.2, dash=(2.4, 3.6)))
        axes.add_names(panel.across, panel.up)
        if beside:
            _add_legend(axes, panel.curves)
    return drawing


def _draw_curves(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve in curves:
        tint, add = series_tint(curve.hue), axes.drawing.add
        if curve.band:
            sizes = [x for x, _ in curve.points]
            lows, highs = ([*zip(sizes, ends, strict=True)] for ends in zip(*curve.band, strict=True))
            add(Area(axes.places([*lows, *reversed(highs)]), tint, 0.16))
        points = [(x, y) for x, y in curve.points if math.isfinite(y)]
        for piece in pieces_below(points, axes.up[1]):
            add(_line(curve, axes.places(piece)))
        if curve.marker != "none" and len(points) <= _MANY:
            add(*(Dot((axes.place(*point),), tint, curve.marker, 7) for point in points))


def _line(curve: Curve, points: tuple[tuple[float, float], ...]) -> Line:
    return Line(points, series_tint(curve.hue), curve.width, dash=_DASH if curve.dashed else None)


def _add_legend(axes: Axes, curves: Sequence[Curve]) -> None:
    """Write above axes what is what."""
    left, top, _, _ = axes.edges
    for number, curve in enumerate(curves):
        x, y = left + 150 * number, top - 14
        axes.drawing.add(
            _line(curve, ((x, y), (x + 28, y))),
            *([] if curve.marker == "none" else [Dot(((x + 14, y),), series_tint(curve.hue), curve.marker, 7)]),
            Word(((x + 36, y),), INK, curve.label, 11, "start"),
        )


def _scaled_axes(drawing: Drawing, margins: tuple[float, float, float, float], panel: Panel, count: int) -> Axes:
    """Choose the ends of the axes, and about ``count`` numbers beside them."""
    points = [point for curve in panel.curves for point in curve.points if math.isfinite(point[1])] or [(1.0, 0.5)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    if panel.logarithmic:
        # A step that blew up must not flatten all the others: the axis ends at four times the first value.
        high = min(high, 4 * max(ys[0], low))
        margin = (max(xs) / min(xs)) ** 0.05
        across, names = (min(xs) / margin, max(xs) * margin), power_ticks(min(xs), max(xs))
    else:
        margin = 0.04 * (max(xs) - min(xs)) or 0.5  # one epoch stands in the middle
        across = (min(xs) - margin, max(xs) + margin)
        names = [(x, f"{x}") for x in range(1, round(max(xs)) + 1, max(1, round(max(xs) / 6)))]
    pad = max(0.12 * (high - low), 0.02 if panel.share else 1e-3)  # equal values are no hill
    start, end = low - pad, high + pad
    if low >= 0:
        start = max(-0.04 * (high - low), start)  # no loss is less than none
    ticks = [tick for tick in round_ticks(start, end, count) if not panel.share or tick <= 1]
    axes = axes_in(drawing, margins, across, (start, end), panel.logarithmic)
    return axes.add_grid(names, [(tick, percent_label(tick) if panel.share else f"{tick:g}") for tick in ticks])
