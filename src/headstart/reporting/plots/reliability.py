"""The reliability diagram as a picture: whether a confidence of 0.8 means right in 8 of 10 cases."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from headstart.metrics.intervals import wilson
from headstart.metrics.values import Evaluation, ReliabilityBin, Score
from headstart.reporting.drawing import (
    BLUE,
    CAPTION,
    FAINT,
    GREY,
    INK,
    MARGIN,
    NOTE,
    ORANGE,
    PALE,
    TITLE_HEIGHT,
    WHITE,
    Canvas,
    Colour,
    Picture,
    Point,
    blank_canvas,
    counted,
    score_text,
    text_width,
    write,
    write_title,
    write_upwards,
)
from headstart.reporting.fonts import FontBook

# In pixels. The inset keeps points at 0 and at 1 inside the plot.
_PLOT, _INSET, _LEFT, _TOP = 660, 20, MARGIN + 80, TITLE_HEIGHT + 10
_TABLE_LEFT, _TABLE_WIDTH, _ROW = _LEFT + _PLOT + 70, 460, 38
_SMOOTHING = 3  # shapes are drawn so many times larger and reduced, which smooths their edges


@dataclass(frozen=True, slots=True)
class JudgedBin:
    """A bin, the interval of its accuracy, and what that says about the model."""

    row: ReliabilityBin
    interval: Score | None

    @property
    def verdict(self) -> str:
        """Empty where the interval reaches the diagonal."""
        if self.interval is None or self.interval.low <= self.row.confidence <= self.interval.high:
            return ""
        return "overconfident" if self.row.confidence > self.interval.high else "underconfident"

    @property
    def colour(self) -> Colour:
        """Orange for a verdict, blue for none."""
        return ORANGE if self.verdict else BLUE


@dataclass(frozen=True, slots=True)
class _Axis:
    """Both axes run from ``start`` to 1."""

    start: float

    def across(self, value: float) -> float:
        """Pixels from the left edge of the plot; on the other axis, from its lower edge."""
        return _INSET + (value - self.start) / (1 - self.start) * (_PLOT - 2 * _INSET)

    def up(self, value: float) -> float:
        """Pixels from the upper edge of the plot."""
        return _PLOT - self.across(value)

    def ticks(self) -> list[float]:
        """Every tenth, or every fifth when there are more than six tenths."""
        step = 1 if self.start >= 0.4 else 2
        return [tenth / 10 for tenth in range(10, round(self.start * 10) - 1, -step)]


def reliability_picture(evaluation: Evaluation, fonts: FontBook) -> Picture:
    """Draw the reliability diagram: how often predictions of each confidence are right, with the counts in a table.

    The bars are 95 % intervals of the accuracy. They are left out where examples come in groups: they would be too
    short. A bin whose bar misses the diagonal is orange, and the table says what is wrong with it.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart.metrics.evaluation import evaluate
    >>> evaluation = evaluate(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), ["cat", "dog"])
    >>> reliability_picture(evaluation, FontBook(folders=())).image.size
    (1366, 948)
    """
    rows = [judge(row, independent=evaluation.groups is None) for row in evaluation.reliability]
    axis = _Axis(_axis_start(rows))
    width = _TABLE_LEFT + _TABLE_WIDTH + MARGIN
    canvas = blank_canvas(width, _TOP + _PLOT + 80 + MARGIN, fonts)
    examples, bins = counted(evaluation.count, "example"), counted(len(rows), "bin")
    bars = " Bars are 95 % intervals." if evaluation.groups is None else ""
    notes = (
        f"Confidence in the predicted class against how often it was right: {examples} in {bins} of about equal count.",
        f"On the dashed line both agree.{bars}",
    )
    write_title(canvas, f"Calibration error {score_text(evaluation.calibration_error)}", notes)
    canvas.image.paste(_draw_plot(rows, axis), (_LEFT, _TOP))
    _write_axes(canvas, axis)
    _write_table(canvas, rows)
    return Picture(canvas.image)


def judge(row: ReliabilityBin, independent: bool) -> JudgedBin:
    """Say what a bin means for the model; nothing where its examples are not independent.

    Examples
    --------
    >>> sure, right = ReliabilityBin(50, confidence=0.95, accuracy=0.7), ReliabilityBin(50, 0.95, 0.94)
    >>> shy = ReliabilityBin(50, confidence=0.4, accuracy=0.7)
    >>> [judge(row, independent=True).verdict for row in (sure, right, shy)]
    ['overconfident', '', 'underconfident']
    >>> judge(sure, independent=False).verdict
    ''
    """
    return JudgedBin(row, wilson(row.accuracy * row.count, row.count) if independent else None)


def _axis_start(rows: Sequence[JudgedBin]) -> float:
    """Find the tenth below all that is drawn, but leave at least half of the axes."""
    lowest = min(min(row.row.confidence, row.row.accuracy) for row in rows)
    bars = [row.interval.low for row in rows if row.interval is not None]
    return min(0.5, math.floor(min([lowest, *bars]) * 10) / 10)


def _draw_plot(rows: Sequence[JudgedBin], axis: _Axis) -> Image.Image:
    """Draw everything inside the axes, larger, and reduce it."""
    scale = _SMOOTHING
    sheet = Image.new("RGB", (_PLOT * scale, _PLOT * scale), FAINT)
    pen = ImageDraw.Draw(sheet)

    def line(start: Point, end: Point, colour: Colour, width: float) -> None:
        pen.line([(x * scale, y * scale) for x, y in (start, end)], fill=colour, width=round(width * scale))

    for tick in axis.ticks():
        line((0, axis.up(tick)), (_PLOT, axis.up(tick)), WHITE, 2)
        line((axis.across(tick), 0), (axis.across(tick), _PLOT), WHITE, 2)
    for dash in range(0, _PLOT, 14):
        line((dash, _PLOT - dash), (dash + 8, _PLOT - dash - 8), GREY, 1.7)
    for row in rows:
        x = axis.across(row.row.confidence)
        if row.interval is not None:
            line((x, axis.up(row.interval.low)), (x, axis.up(row.interval.high)), row.colour, 2)
    for row in rows:
        x, y = axis.across(row.row.confidence) * scale, axis.up(row.row.accuracy) * scale
        # A white rim keeps points apart that lie on each other.
        pen.circle((x, y), 9 * scale, fill=WHITE)
        pen.circle((x, y), 7.5 * scale, fill=row.colour)
    return sheet.reduce(scale)


def _write_axes(canvas: Canvas, axis: _Axis) -> None:
    for tick in axis.ticks():
        write(canvas, (_LEFT + axis.across(tick), _TOP + _PLOT + 14), f"{tick:.1f}", NOTE, GREY, "ma")
        write(canvas, (_LEFT - 14, _TOP + axis.up(tick)), f"{tick:.1f}", NOTE, GREY, "rm")
    write(canvas, (_LEFT + _PLOT / 2, _TOP + _PLOT + 66), "mean confidence", CAPTION, INK, "mm")
    accuracy = "accuracy"
    end = _TOP + _PLOT / 2 - text_width(canvas.fonts, accuracy, CAPTION) / 2
    write_upwards(canvas, (MARGIN + 12, end), accuracy, CAPTION, INK)


def _write_table(canvas: Canvas, rows: Sequence[JudgedBin]) -> None:
    """Write confidence, accuracy and count of every bin, the most confident first, as in the plot."""
    right_edges = [_TABLE_LEFT + edge for edge in (100, 195, 295)]
    for edge, title in zip(right_edges, ("confidence", "accuracy", "examples"), strict=True):
        write(canvas, (edge, _TOP + 14), title, NOTE, GREY, "rm")
    for place, judged in enumerate(reversed(rows), start=1):
        middle = _TOP + 18 + place * _ROW
        canvas.pen.line([(_TABLE_LEFT, middle - _ROW / 2), (_TABLE_LEFT + _TABLE_WIDTH, middle - _ROW / 2)], PALE, 1)
        cells = (f"{judged.row.confidence:.3f}", f"{judged.row.accuracy:.3f}", f"{judged.row.count}")
        for edge, cell in zip(right_edges, cells, strict=True):
            write(canvas, (edge, middle), cell, NOTE, INK, "rm")
        write(canvas, (right_edges[-1] + 22, middle), judged.verdict, NOTE, ORANGE, "lm")
