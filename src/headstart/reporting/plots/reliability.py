"""The reliability diagram: how often predictions of each confidence are right."""

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.metrics.classification.values import ReliabilityBin
from headstart.metrics.intervals import wilson
from headstart.metrics.values import Score
from headstart.reporting.plots.drawing import Dot, Drawing, Line, Word, axes_in
from headstart.reporting.plots.style import INK, LINE, QUIET, RIGHT, WARN, WIDTH, percent_label

_HEIGHT, _MARGINS = 400, (76, 10, 18, 56)


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


def reliability_chart(bins: Sequence[BinCalibration], across: str, up: str) -> Drawing:
    """Return accuracy against confidence, a point for each bin; the interval of one that misses the diagonal is orange.

    That bin's point is a diamond: the colour is not the only sign.
    """
    lowest = min(min(one.row.confidence, one.row.accuracy, one.interval.low if one.interval else 1) for one in bins)
    start = max(0.0, min(0.5, int(lowest * 10) / 10))  # the tenth below all that is drawn, at least half of the axes
    pad = 0.025 * (1 - start)
    ends = (start - pad, 1 + pad)
    steps = [tenth / 10 for tenth in range(10, round(start * 10) - 1, -2 if start < 0.4 else -1)]
    ticks = [(tick, percent_label(tick)) for tick in steps]
    drawing = Drawing(WIDTH, _HEIGHT)
    axes = axes_in(drawing, _MARGINS, ends, ends).add_grid(ticks, ticks)
    drawing.add(Line(axes.places([(end, end) for end in (max(0.0, ends[0]), 1)]), QUIET, 1.4, dash=(7, 5.6)))
    for one in bins:
        if one.interval is not None:
            bar = axes.places([(one.row.confidence, end) for end in (one.interval.low, one.interval.high)])
            drawing.add(Line(bar, WARN if one.verdict else RIGHT, 2, opacity=0.55))
    for one in bins:
        at = axes.place(one.row.confidence, one.row.accuracy)
        drawing.add(Dot((at,), WARN, "diamond", 9) if one.verdict else Dot((at,), RIGHT, "circle", 9))
    axes.add_names(across, up)
    return drawing


def add_bin_table(drawing: Drawing, bins: Sequence[BinCalibration]) -> None:
    """Write confidence, accuracy and count of every bin to the right of the diagram, the most confident first."""
    drawing.extend((0, 0, 330, 0))
    left, top = WIDTH - _MARGINS[2], _MARGINS[1]
    tall = (_HEIGHT - top - _MARGINS[3]) / max(16, len(bins) + 1)  # of a row
    rows = [
        (f"{one.row.confidence:.3f}", f"{one.row.accuracy:.3f}", f"{one.row.count}", one.verdict)
        for one in reversed(bins)
    ]
    for place, row in enumerate((("confidence", "accuracy", "examples", ""), *rows)):
        y = top + (place + 0.5) * tall
        for edge, text in zip((110, 174, 242), row, strict=False):
            drawing.add(Word(((left + edge, y),), INK if place else QUIET, text, 11, "end"))
        if row[-1]:
            drawing.add(Word(((left + 254, y),), WARN, row[-1], 11, "start"))
        if place:
            drawing.add(Line(((left + 38, y - tall / 2), (left + 348, y - tall / 2)), LINE, 0.8))
