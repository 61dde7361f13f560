"""Pictures of a training: the learning curve, and the range test of the learning rate."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from headstart.finetuning.history import Epoch
from headstart.reporting.drawing import (
    BLUE,
    CAPTION,
    FAINT,
    GREY,
    INK,
    MARGIN,
    NOTE,
    ORANGE,
    TITLE_HEIGHT,
    WHITE,
    Canvas,
    Colour,
    Point,
    blank_canvas,
    save_png,
    text_width,
    write,
    write_title,
    write_upwards,
)
from headstart.reporting.fonts import FontBook

if TYPE_CHECKING:  # it loads torch
    from headstart.finetuning.lr_range_test import LrRangeTest

WIDTH, HEIGHT = 560, 420  # of a panel
LEFT = MARGIN + 96  # of the first panel: room for its numbers
GAP = 150  # between panels: the same for the second
BELOW = 110
STEPS: Colour = (165, 172, 184)  # of single steps: behind the line that counts, and still to be seen
SMOOTH = 3  # lines are drawn so many times larger and reduced


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through points; those that are not finite are left out."""

    name: str
    colour: Colour
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot: what the axes mean, the lines, and a place on the horizontal axis to mark (or None).

    ``least`` is what stays free above and below the lines: equal values are no hill.
    """

    across: str
    up: str
    lines: tuple[Line, ...]
    marked: float | None
    logarithmic: bool = False
    least: float = 1e-3


def draw_learning_curve(history: Sequence[Epoch], best: int, path: Path) -> tuple[str, ...]:
    """Draw loss and accuracy over the epochs, of training and validation, with the epoch that was taken.

    Return notices for the user; an empty history draws nothing.
    """
    if not history:
        return ("There is no learning curve: not one epoch was finished.",)
    fonts = FontBook(())
    panels = (
        Panel("epoch", "loss", _lines(history, lambda row: row.loss, lambda row: row.validation_loss), best or None),
        Panel(
            "epoch",
            "accuracy",
            _lines(history, lambda row: row.accuracy, lambda row: row.validation_accuracy),
            best or None,
            least=0.02,
        ),
    )
    notes = [
        "Training: means over the pictures as they were shown, before each step. Validation: without augmentation.",
        f"The dashed line marks the epoch whose weights were taken: {best}."
        if best
        else "No epoch's weights were taken.",
    ]
    save_png(_draw(f"Learning curve, {len(history)} epochs", notes, panels, fonts), path)
    return ()


def draw_rate_test(test: "LrRangeTest", path: Path) -> tuple[str, ...]:
    """Draw the loss over the learning rate, with the rate that was chosen; return notices for the user."""
    raw = tuple(zip(test.rates.tolist(), test.losses.tolist(), strict=True))
    smooth = tuple(zip(test.rates.tolist(), test.smoothed.tolist(), strict=True))
    if len(raw) < 2:
        return ("There is no curve of the range test: it was too short.",)
    lines = (Line("loss of a step", STEPS, raw), Line("smoothed", BLUE, smooth))
    panel = Panel("learning rate", "loss", lines, test.chosen, logarithmic=True)
    save_png(_draw("Range test of the learning rate", _wrapped(test.reason), (panel,), FontBook(())), path)
    return ()


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Choose round numbers from ``low`` to ``high``: about ``count`` of them.

    Examples
    --------
    >>> ticks(0.0, 1.0), ticks(1, 12), ticks(0.61, 0.69, 4)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [5, 10], [0.62, 0.64, 0.66, 0.68])
    """
    span = max(high - low, 1e-12)
    rough = span / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _lines(
    history: Sequence[Epoch], training: Callable[[Epoch], float], validation: Callable[[Epoch], float | None]
) -> tuple[Line, ...]:
    seen = tuple((float(row.epoch), training(row)) for row in history)
    held = tuple((float(row.epoch), value) for row in history if (value := validation(row)) is not None)
    return (Line("training", BLUE, seen), *((Line("validation", ORANGE, held),) if held else ()))


def _wrapped(text: str) -> list[str]:
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 62:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:2] if len(lines) <= 2 else [lines[0], " ".join(lines[1:])]


def _draw(title: str, notes: Sequence[str], panels: Sequence[Panel], fonts: FontBook) -> Image.Image:
    titled = max(text_width(fonts, note, NOTE) for note in notes) + 2 * MARGIN
    width = max(LEFT + len(panels) * WIDTH + (len(panels) - 1) * GAP + MARGIN, titled)
    canvas = blank_canvas(width, TITLE_HEIGHT + 40 + HEIGHT + BELOW, fonts)
    write_title(canvas, title, notes)
    for number, panel in enumerate(panels):
        _draw_panel(canvas, panel, (LEFT + number * (WIDTH + GAP), TITLE_HEIGHT + 40))
    return canvas.image


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    logarithmic: bool = False

    def share(self, value: float) -> float:
        if self.logarithmic:
            return (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        return (value - self.low) / (self.high - self.low)


def _draw_panel(canvas: Canvas, panel: Panel, corner: Point) -> None:
    across, up = _scales(panel)
    left, top = corner

    def place(x: float, y: float) -> Point:
        return 16 + across.share(x) * (WIDTH - 32), HEIGHT - 12 - up.share(y) * (HEIGHT - 24)

    columns = _column_ticks(panel, across)
    rows = ticks(up.low, up.high)
    canvas.image.paste(_plot(panel, columns, rows, place), (round(left), round(top)))
    for column in columns:
        text = f"{column:.0e}" if panel.logarithmic else f"{column:g}"
        write(canvas, (left + place(column, up.low)[0], top + HEIGHT + 12), text, NOTE, GREY, "ma")
    for row in rows:
        write(canvas, (left - 12, top + place(across.low, row)[1]), f"{row:g}", NOTE, GREY, "rm")
    write(canvas, (left + WIDTH / 2, top + HEIGHT + 66), panel.across, CAPTION, INK, "mm")
    end = top + HEIGHT / 2 - text_width(canvas.fonts, panel.up, CAPTION) / 2
    write_upwards(canvas, (left - 82, end), panel.up, CAPTION, INK)
    _write_legend(canvas, panel.lines, (left, top - 26))


def _plot(
    panel: Panel, columns: Sequence[float], rows: Sequence[float], place: Callable[[float, float], Point]
) -> Image.Image:
    """Draw everything inside the axes, larger, and reduce it."""
    sheet = Image.new("RGB", (WIDTH * SMOOTH, HEIGHT * SMOOTH), FAINT)
    pen = ImageDraw.Draw(sheet)
    for column in columns:
        x = place(column, rows[0])[0]
        _stroke(pen, [(x, 0), (x, HEIGHT)], WHITE, 2)
    for row in rows:
        y = place(columns[0], row)[1]
        _stroke(pen, [(0, y), (WIDTH, y)], WHITE, 2)
    if panel.marked is not None:
        x = place(panel.marked, rows[0])[0]
        for start in range(0, HEIGHT, 14):
            _stroke(pen, [(x, start), (x, start + 8)], GREY, 1.7)
    for line in panel.lines:
        points = [place(x, y) for x, y in line.points if math.isfinite(y)]
        if len(points) > 1:
            _stroke(pen, points, line.colour, 3)
        for x, y in points if len(points) <= 30 else ():
            pen.circle((x * SMOOTH, y * SMOOTH), 4.5 * SMOOTH, fill=line.colour)
    return sheet.reduce(SMOOTH)


def _write_legend(canvas: Canvas, lines: Sequence[Line], at: Point) -> None:
    x, y = at
    for line in lines:
        canvas.pen.line([(x, y), (x + 26, y)], line.colour, 4)
        write(canvas, (x + 34, y), line.name, NOTE, INK, "lm")
        x += 34 + text_width(canvas.fonts, line.name, NOTE) + 30


def _stroke(pen: ImageDraw.ImageDraw, points: Sequence[Point], colour: Colour, width: float) -> None:
    scaled = [(x * SMOOTH, y * SMOOTH) for x, y in points]
    pen.line(scaled, fill=colour, width=round(width * SMOOTH), joint="curve")


def _scales(panel: Panel) -> "tuple[_Scale, _Scale]":
    points = [point for line in panel.lines for point in line.points if math.isfinite(point[1])]
    xs, ys = [x for x, _ in points] or [1.0], [y for _, y in points] or [0.0, 1.0]
    margin = 0.0 if min(xs) < max(xs) else 0.5  # one epoch stands in the middle
    low, high = min(ys), max(ys)
    # A step that blew up must not flatten all the others: the axis ends at four times the first value.
    if panel.logarithmic:
        high = min(high, 4 * max(ys[0], low))
    pad = max(0.06 * (high - low), panel.least)
    across = _Scale(min(xs) - margin, max(xs) + margin, panel.logarithmic)
    return across, _Scale(max(0.0, low - pad) if low >= 0 else low - pad, high + pad)


def _column_ticks(panel: Panel, across: _Scale) -> list[float]:
    if panel.logarithmic:
        powers = range(math.ceil(math.log10(across.low) - 1e-9), math.floor(math.log10(across.high) + 1e-9) + 1)
        return [10.0**power for power in powers]
    return [tick for tick in ticks(across.low, across.high, 8) if tick == round(tick)]
