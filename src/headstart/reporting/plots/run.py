"""The charts of a run as PNG files: learning curve, test of the rate."""

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.finetuning.history import Epoch
from headstart.metrics.values import Score
from headstart.reporting.plots.charts import Curve, Panel, curves_chart
from headstart.reporting.plots.drawing import Drawing, Word
from headstart.reporting.plots.raster import paint_drawing
from headstart.reporting.plots.style import INK, QUIET
from headstart.reporting.render.canvas import Canvas, save_png, text_width
from headstart.reporting.render.fonts import FontBook, font_folders
from headstart.runtime.findings import Finding

if TYPE_CHECKING:
    from headstart.finetuning.lr_range_test import LrRangeTest  # it loads torch

_TITLE, _NOTE, _MARGIN = 18, 11, 24


def draw_learning_curve(history: Sequence[Epoch], best: int, path: Path) -> tuple[Finding, ...]:
    """Draw loss and accuracy over the epochs, of training and validation, with the epoch that was taken.

    Return notices for the user; an empty history draws nothing. Raises OutputError when the file cannot be written.
    """
    if not history:
        return (Finding("reporting.no_learning_curve", severity="note"),)
    losses = _curves(history, lambda row: row.loss, lambda row: row.validation_loss)
    accuracies = _curves(history, lambda row: row.accuracy, lambda row: row.validation_accuracy)
    panels = (
        Panel("epoch", "loss", losses, best or None),
        Panel("epoch", "accuracy", accuracies, best or None, share=True),
    )
    notes = (
        "Training: means over the pictures as they were shown, before each step. Validation: without augmentation.",
        f"The vertical line marks the epoch whose weights were taken: {best}."
        if best
        else "No epoch's weights were taken.",
    )
    write_chart(curves_chart(panels, beside=True), path, f"Learning curve, {len(history)} epochs", notes, legend=True)
    return ()


def draw_rate_test(test: "LrRangeTest", path: Path) -> tuple[Finding, ...]:
    """Draw the loss over the learning rate, with the rate that was chosen; return notices for the user.

    Raises OutputError when the file cannot be written.
    """
    if len(test.rates) < 2:
        return (Finding("reporting.no_range_curve", severity="note"),)
    raw, smooth = (tuple(zip(test.rates.tolist(), ys.tolist(), strict=True)) for ys in (test.losses, test.smoothed))
    curves = (Curve("loss of a step", raw, 2, "none", width=1.2), Curve("smoothed", smooth, 0, "none"))
    panel = Panel("learning rate", "loss", curves, test.chosen, logarithmic=True)
    write_chart(
        curves_chart([panel], beside=True), path, "Range test of the learning rate", (str(test.reason),), legend=True
    )
    return ()


def write_chart(
    drawing: Drawing,
    path: Path,
    title: str,
    notes: Sequence[str],
    *,
    legend: bool = False,
    dots: int = 120,
    fonts: FontBook | None = None,
) -> None:
    """Write a chart as a PNG file, under a title and the lines that explain it; ``dots`` are its pixels an inch.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    fonts, scale = fonts or FontBook(font_folders()), dots / 72
    letters = max(64, round(drawing.width / 6))  # of a line of notes: about as long as the chart is wide
    lines = [line for note in notes for line in textwrap.wrap(note, letters)]
    noted = max(text_width(fonts, round(_NOTE * scale), line) for line in lines) / scale
    head = 46 + 16 * len(lines) + (22 if legend else 0)
    drawing.extend((_MARGIN, head, _MARGIN + max(0.0, noted - drawing.width), _MARGIN / 2))
    drawing.add(Word(((_MARGIN, 28),), INK, title, _TITLE, "start"))
    drawing.add(*(Word(((_MARGIN, 52 + 16 * row),), QUIET, line, _NOTE, "start") for row, line in enumerate(lines)))
    canvas = Canvas.blank(drawing.width * scale, drawing.height * scale, fonts)
    paint_drawing(drawing, canvas, scale)
    save_png(canvas.sheet, path)


def score_text(score: Score) -> str:
    """Return a score as people read it.

    Examples
    --------
    >>> score_text(Score(0.5, 0.4, 0.6)), score_text(Score(float("nan"), 0, 0))
    ('0.500 [0.400, 0.600]', 'not defined')
    """
    return "not defined" if np.isnan(score.value) else str(score)


def _curves(
    history: Sequence[Epoch], training: Callable[[Epoch], float], validation: Callable[[Epoch], float | None]
) -> tuple[Curve, ...]:
    seen = Curve("training", tuple((float(row.epoch), training(row)) for row in history), 0, "circle")
    held = tuple((float(row.epoch), value) for row in history if (value := validation(row)) is not None)
    return (seen, Curve("validation", held, 1, "square", dashed=True)) if held else (seen,)
