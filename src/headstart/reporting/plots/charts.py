"""Charts of intervals and of curves: data in, a Matplotlib figure out; a PNG file and the page show the same."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.metrics.values import Score
from headstart.reporting.plots.style import (
    INK,
    QUIET,
    TEXT,
    WIDTH,
    add_axes,
    label_axes,
    new_figure,
    percent_label,
    series_style,
    series_tint,
)
from headstart.runtime.text import escape_control_characters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 46  # of an interval and the name above it


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
    marker: str
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


def interval_chart(bars: Sequence[Bar], start: float = 0.0) -> "Figure":
    """Return scores between ``start`` and 1 below each other, each with its interval, its label above it."""
    figure = new_figure(WIDTH, _ROW * len(bars) + 40)
    axes = add_axes(figure, (14, 4, 22, 30))
    for row, bar in enumerate(bars):
        y, score, tint = -row, bar.score, series_tint(bar.hue)
        axes.plot([score.low, score.high], [y, y], color=tint, linewidth=6, alpha=0.35, solid_capstyle="round")
        axes.plot([score.value], [y], **{**series_style(bar.hue, "circle"), "markersize": 11})
        late = score.value > start + 0.5 * (1 - start)
        at = min(1.0, score.high) if late else max(start, score.low)
        label = escape_control_characters(bar.label)
        axes.text(at, y + 0.30, label, fontsize=TEXT, color=INK, ha="right" if late else "left")
    axes.set_ylim(-len(bars) + 0.45, 0.8)
    axes.set_xlim(start - 0.02, 1.02)
    axes.set_yticks([])
    axes.grid(False, axis="y")
    ticks = [start + (1 - start) * part / 4 for part in range(5)]
    axes.set_xticks(ticks, [percent_label(tick) for tick in ticks])
    return figure


def shots_chart(curves: Sequence[Curve], names: Sequence[tuple[float, str]], across: str, up: str) -> "Figure":
    """Return accuracy against the number of examples per class, on a logarithmic axis; ``names`` are its ticks."""
    figure = new_figure(WIDTH, 360)
    axes = add_axes(figure, (76, 10, 18, 56))
    axes.set_xscale("log")
    _draw_curves(axes, curves)
    axes.set_xticks([size for size, _ in names], [escape_control_characters(name) for _, name in names])
    axes.set_xticks([], minor=True)
    axes.set_ylim(-0.02, 1.02)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axes.set_yticks(ticks, [percent_label(tick) for tick in ticks])
    label_axes(axes, across, up)
    return figure


def curves_chart(panels: Sequence[Panel], *, beside: bool = False) -> "Figure":
    """Return curves in panels above each other, for a narrow page, or beside each other."""
    wide, tall = (len(panels), 1) if beside else (1, len(panels))
    height = 340 if beside else 220
    figure = new_figure(WIDTH * wide, height * tall)
    for number, panel in enumerate(panels):
        column, row = (number, 0) if beside else (0, number)
        margins = (
            *(WIDTH * column + 76, height * row + 10),
            *(WIDTH * (wide - column - 1) + 18, height * (tall - row - 1) + 56),
        )
        axes = add_axes(figure, margins)
        _draw_curves(axes, panel.curves)
        if panel.marked is not None:
            axes.axvline(panel.marked, color=QUIET, linewidth=1.2, linestyle=(0, (2, 3)))
        _scale_axes(axes, panel, count=round(height / 50))
        label_axes(axes, panel.across, panel.up)
    return figure


def _draw_curves(axes: "Axes", curves: Sequence[Curve]) -> None:
    for curve in curves:
        points = [(x, y) for x, y in curve.points if math.isfinite(y)]
        style = series_style(curve.hue, curve.marker if len(points) <= 30 else "none", dashed=curve.dashed)
        style["linewidth"] = curve.width
        axes.plot([x for x, _ in points], [y for _, y in points], label=curve.label, **style)
        if curve.band:
            lows, highs = zip(*curve.band, strict=True)
            sizes = [x for x, _ in curve.points]
            axes.fill_between(sizes, lows, highs, color=series_tint(curve.hue), alpha=0.16, linewidth=0)


def _scale_axes(axes: "Axes", panel: Panel, count: int) -> None:
    """Choose the ends of the axes, and about ``count`` numbers beside them."""
    points = [point for curve in panel.curves for point in curve.points if math.isfinite(point[1])] or [(1.0, 0.5)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    if panel.logarithmic:
        # A step that blew up must not flatten all the others: the axis ends at four times the first value.
        high = min(high, 4 * max(ys[0], low))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
    else:
        axes.set_xticks(range(1, round(max(xs)) + 1, max(1, round(max(xs) / 6))))
        margin = 0.04 * (max(xs) - min(xs)) or 0.5  # one epoch stands in the middle
        axes.set_xlim(min(xs) - margin, max(xs) + margin)
    pad = max(0.12 * (high - low), 0.02 if panel.share else 1e-3)  # equal values are no hill
    start, end = low - pad, high + pad
    if low >= 0:
        start = max(-0.04 * (high - low), start)  # no loss is less than none
    axes.set_ylim(start, end)
    axes.locator_params(axis="y", nbins=count)
    ticks = [tick for tick in axes.get_yticks() if start <= tick <= (min(end, 1.0001) if panel.share else end)]
    axes.set_yticks(ticks, [percent_label(tick) if panel.share else f"{tick:g}" for tick in ticks])
