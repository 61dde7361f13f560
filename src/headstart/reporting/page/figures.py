"""The drawings of the page: intervals, calibration, curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.metrics.values import Score
from headstart.reporting.page.drawing import (
    INK,
    PAPER,
    QUIET,
    TEXT,
    WARN,
    Words,
    add_axes,
    colour_of,
    label_axes,
    line_style,
    mark,
    new_sheet,
    to_svg,
)
from headstart.reporting.plots.reliability import JudgedBin

WIDTH = 440  # CSS pixels: a phone shows it at 0.8 of its size, a desk at 1.2
_ROW = 46


@dataclass(frozen=True, slots=True)
class Bar:
    """A score to draw with its interval; ``colour`` is a number, see the legend."""

    label: str
    score: Score
    colour: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A series of points (x, score), in the order of x; without intervals the ends are the value itself."""

    label: str
    points: tuple[tuple[float, Score], ...]
    colour: int
    marker: str
    dashed: bool = False


def interval_drawing(name: str, bars: Sequence[Bar], words: Words, start: float = 0.0) -> str:
    """Draw scores between 0 and 1 below each other, each with its interval, its label above it."""
    sheet = new_sheet(WIDTH, _ROW * len(bars) + 40)
    axes = add_axes(sheet, (14, 4, 22, 30))
    for row, bar in enumerate(bars):
        y, score = -row, bar.score
        colour = colour_of(bar.colour)
        axes.plot([score.low, score.high], [y, y], color=colour, linewidth=6, alpha=0.35, solid_capstyle="round")
        axes.plot(
            [score.value], [y], marker="o", markersize=11, color=colour, markeredgecolor=PAPER, markeredgewidth=1.5
        )
        late = score.value > start + 0.5 * (1 - start)
        at = min(1.0, score.high) if late else max(start, score.low)
        axes.text(at, y + 0.30, mark(row), fontsize=TEXT, color=INK, ha="right" if late else "left")
    axes.set_ylim(-len(bars) + 0.45, 0.8)
    axes.set_xlim(start - 0.02, 1.02)
    axes.set_yticks([])
    axes.grid(False, axis="y")
    ticks = [start + (1 - start) * part / 4 for part in range(5)]
    axes.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    return to_svg(sheet, name, Words(words.title, words.description, [bar.label for bar in bars]))


def reliability_drawing(name: str, rows: Sequence[JudgedBin], words: Words) -> str:
    """Draw how often the model is right against how sure it is; ``words.marks`` name the two axes."""
    sheet = new_sheet(WIDTH, 400)
    axes = add_axes(sheet, (76, 10, 18, 56))
    lowest = min(min(row.row.confidence, row.row.accuracy, row.interval.low if row.interval else 1) for row in rows)
    start = max(0.0, min(0.5, int(lowest * 10) / 10))
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.4, linestyle=(0, (5, 4)))
    for row in rows:
        colour = WARN if row.verdict else colour_of(0)
        if row.interval is not None:
            ends = [row.interval.low, row.interval.high]
            axes.plot([row.row.confidence] * 2, ends, color=colour, linewidth=2, alpha=0.55)
    for row in rows:
        style = line_style(0, "diamond" if row.verdict else "circle", dashed=False)
        style |= {"color": WARN if row.verdict else colour_of(0), "markersize": 9}
        axes.plot([row.row.confidence], [row.row.accuracy], **style)
    pad = 0.025 * (1 - start)
    axes.set_xlim(start - pad, 1 + pad)
    axes.set_ylim(start - pad, 1 + pad)
    step = 2 if start < 0.4 else 1
    ticks = [tenth / 10 for tenth in range(10, round(start * 10) - 1, -step)]
    axes.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    axes.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    label_axes(axes, 0, 1)
    return to_svg(sheet, name, words)


def shots_drawing(name: str, curves: Sequence[Curve], names: Sequence[tuple[float, str]], words: Words) -> str:
    """Draw accuracy against the number of examples per class, on a logarithmic axis, with bands for the intervals.

    ``names`` are the sizes with what to write below them; ``words.marks`` name the two axes.
    """
    sheet = new_sheet(WIDTH, 360)
    axes = add_axes(sheet, (76, 10, 18, 56))
    axes.set_xscale("log")
    for curve in curves:
        sizes = [x for x, _ in curve.points]
        scores = [score for _, score in curve.points]
        colour = colour_of(curve.colour)
        axes.fill_between(
            sizes, [one.low for one in scores], [one.high for one in scores], color=colour, alpha=0.16, linewidth=0
        )
        axes.plot(sizes, [one.value for one in scores], **line_style(curve.colour, curve.marker, curve.dashed))
    first = len(words.marks)
    axes.set_xticks([size for size, _ in names], [mark(first + place) for place in range(len(names))])
    axes.set_xticks([], minor=True)
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    label_axes(axes, 0, 1)
    marks = [*words.marks, *(text for _, text in names)]
    return to_svg(sheet, name, Words(words.title, words.description, marks))


def training_drawing(name: str, losses: Sequence[Curve], accuracies: Sequence[Curve], best: int, words: Words) -> str:
    """Draw loss and accuracy, one above the other, against epochs; ``best`` is the epoch that was kept, 0 for none.

    ``words.marks`` name the epoch, the loss and the accuracy.
    """
    sheet = new_sheet(WIDTH, 440)
    for top, curves, label in ((10, losses, 1), (214, accuracies, 2)):
        axes = add_axes(sheet, (76, top, 18, 440 - top - 170))
        for curve in curves:
            axes.plot(
                [x for x, _ in curve.points],
                [score.value for _, score in curve.points],
                **line_style(curve.colour, curve.marker, curve.dashed),
            )
        if best:
            axes.axvline(best, color=QUIET, linewidth=1.2, linestyle=(0, (2, 3)))
        epochs = max(x for curve in curves for x, _ in curve.points)
        step = max(1, round(epochs / 6))
        ticks = list(range(1, round(epochs) + 1, step))
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.margins(x=0.04, y=0.12)
        axes.locator_params(axis="y", nbins=4)
        if label == 2:
            labels = [tick for tick in axes.get_yticks() if tick <= 1.0001]
            axes.set_yticks(labels, [f"{100 * tick:g} %" for tick in labels])
        label_axes(axes, 0 if label == 2 else None, label)
    return to_svg(sheet, name, words)
