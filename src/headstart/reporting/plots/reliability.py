"""The reliability diagram: how often predictions of each confidence are right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.metrics.classification.values import ReliabilityBin
from headstart.metrics.intervals import wilson
from headstart.metrics.values import Score
from headstart.reporting.plots.style import (
    INK,
    LINE,
    QUIET,
    RIGHT,
    WARN,
    WIDTH,
    add_axes,
    extend_figure,
    label_axes,
    new_figure,
    percent_label,
    series_style,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class BinCalibration:
    """A bin, the interval of its accuracy, and what that says about the model."""

    row: ReliabilityBin
    interval: Score | None

    @property
    def verdict(self) -> str:
        """Empty where the interval reaches the diagonal."""
        if self.interval is None or self.interval.low <= self.row.confidence <= self.interval.high:
            return ""
        return "overconfident" if self.row.confidence > self.interval.high else "underconfident"


def calibrate_bin(row: ReliabilityBin, independent: bool) -> BinCalibration:
    """Compute the interval of a bin's accuracy; none where its examples are not independent: it would be too short.

    Examples
    --------
    >>> sure, right = ReliabilityBin(50, confidence=0.95, accuracy=0.7), ReliabilityBin(50, 0.95, 0.94)
    >>> shy = ReliabilityBin(50, confidence=0.4, accuracy=0.7)
    >>> [calibrate_bin(row, independent=True).verdict for row in (sure, right, shy)]
    ['overconfident', '', 'underconfident']
    >>> calibrate_bin(sure, independent=False).verdict
    ''
    """
    return BinCalibration(row, wilson(row.accuracy * row.count, row.count) if independent else None)


def reliability_chart(bins: Sequence[BinCalibration], across: str, up: str) -> "Figure":
    """Return accuracy against confidence, a point for each bin; the interval of one that misses the diagonal is orange.

    That bin's point is a diamond: the colour is not the only sign.
    """
    figure = new_figure(WIDTH, 400)
    axes = add_axes(figure, (76, 10, 18, 56))
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.4, linestyle=(0, (5, 4)))
    for one in bins:
        if one.interval is not None:
            ends = [one.interval.low, one.interval.high]
            axes.plot([one.row.confidence] * 2, ends, color=WARN if one.verdict else RIGHT, linewidth=2, alpha=0.55)
    for one in bins:
        style = {**series_style(0, "diamond" if one.verdict else "circle"), "markersize": 9}
        axes.plot([one.row.confidence], [one.row.accuracy], **{**style, "color": WARN if one.verdict else RIGHT})
    lowest = min(min(one.row.confidence, one.row.accuracy, one.interval.low if one.interval else 1) for one in bins)
    start = max(0.0, min(0.5, int(lowest * 10) / 10))  # the tenth below all that is drawn, at least half of the axes
    pad = 0.025 * (1 - start)
    ticks = [tenth / 10 for tenth in range(10, round(start * 10) - 1, -2 if start < 0.4 else -1)]
    for limit, tick in ((axes.set_xlim, axes.set_xticks), (axes.set_ylim, axes.set_yticks)):
        limit(start - pad, 1 + pad)
        tick(ticks, [percent_label(tick) for tick in ticks])
    label_axes(axes, across, up)
    return figure


def add_bin_table(figure: "Figure", bins: Sequence[BinCalibration]) -> None:
    """Write confidence, accuracy and count of every bin to the right of the diagram, the most confident first."""
    extend_figure(figure, (0, 0, 330, 0))
    axes = figure.axes[0]
    wide = axes.get_position().width * figure.get_figwidth() * 72
    tall = 1 / max(16, len(bins) + 1)  # of a row; like all places here, a share of the diagram
    style: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 11, "va": "center"}
    rows = [
        (f"{one.row.confidence:.3f}", f"{one.row.accuracy:.3f}", f"{one.row.count}", one.verdict)
        for one in reversed(bins)
    ]
    for place, row in enumerate((("confidence", "accuracy", "examples", ""), *rows)):
        y = 1 - (place + 0.5) * tall
        for edge, text in zip((110, 174, 242), row, strict=False):
            axes.text(1 + edge / wide, y, text, color=INK if place else QUIET, ha="right", **style)
        if row[-1]:
            axes.text(1 + 254 / wide, y, row[-1], color=WARN, ha="left", **style)
        ends = [1 + 38 / wide, 1 + 348 / wide]
        if place:
            axes.plot(ends, [y + tall / 2] * 2, color=LINE, linewidth=0.8, transform=axes.transAxes, clip_on=False)
