"""The charts of a run as PNG files: learning curve, test of the rate."""

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from headstart.finetuning.history import Epoch
from headstart.metrics.values import Score
from headstart.reporting.plots.charts import Curve, Panel, curves_chart
from headstart.reporting.plots.style import INK, PAPER, QUIET, chart_style, extend_figure, text_width
from headstart.reporting.render.canvas import save_png
from headstart.runtime.findings import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headstart.finetuning.lr_range_test import LrRangeTest  # it loads torch

_TITLE, _NOTE, _MARGIN = 18, 11, 24


@chart_style()
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


@chart_style()
def draw_rate_test(test: "LrRangeTest", path: Path) -> tuple[Finding, ...]:
    """Draw the loss over the learning rate, with the rate that was chosen; return notices for the user.

    Raises OutputError when the file cannot be written.
    """
    if len(test.rates) < 2:
        return (Finding("reporting.no_range_curve", severity="note"),)
    raw, smooth = (tuple(zip(test.rates.tolist(), ys.tolist(), strict=True)) for ys in (test.losses, test.smoothed))
    curves = (Curve("loss of a step", raw, 2, "none", width=1.2), Curve("smoothed", smooth, 0, "none"))
    panel = Panel("learning rate", "loss", curves, test.chosen, logarithmic=True)
    write_chart(curves_chart([panel]), path, "Range test of the learning rate", (str(test.reason),), legend=True)
    return ()


def write_chart(
    figure: "Figure", path: Path, title: str, notes: Sequence[str], *, legend: bool = False, dpi: int = 120
) -> None:
    """Write a chart as a PNG file, under a title and the lines that explain it.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.font_manager import FontProperties

    width = figure.get_figwidth() * 72
    letters = max(64, round(width / 6.2))  # of a line of notes: about as long as the chart is wide
    lines = [line for note in notes for line in textwrap.wrap(note, letters)]
    noted = max(text_width(FontProperties(size=_NOTE), line) for line in lines)
    head = 46 + 16 * len(lines) + (22 if legend else 0)
    extend_figure(figure, (_MARGIN, head, _MARGIN + max(0.0, noted - width), _MARGIN / 2))
    width, height = figure.get_size_inches() * 72
    figure.text(_MARGIN / width, 1 - 34 / height, title, fontsize=_TITLE, color=INK)
    for row, line in enumerate(lines):
        figure.text(_MARGIN / width, 1 - (56 + 16 * row) / height, line, fontsize=_NOTE, color=QUIET)
    if legend:
        for axes in figure.axes:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=_NOTE, labelcolor=INK)
    figure.set_facecolor(PAPER)
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    save_png(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"), path)  # type: ignore[no-untyped-call]


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
