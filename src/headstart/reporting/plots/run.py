"""The charts of a run as PNG files: confusion matrix, reliability diagram, learning curve, test of the rate."""

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from headstart.data.name_checks import plural
from headstart.finetuning.history import Epoch
from headstart.metrics.values import Evaluation, Score
from headstart.reporting.plots.charts import Curve, Panel, curves_chart
from headstart.reporting.plots.confusion import DOTS, ROOMY, cell_size, confusion_chart
from headstart.reporting.plots.reliability import add_bin_table, calibrate_bin, reliability_chart
from headstart.reporting.plots.style import INK, PAPER, QUIET, chart_style, extend_figure, text_width
from headstart.reporting.render.canvas import save_png
from headstart.reporting.render.fonts import FontBook, drawable_names, font_folders
from headstart.runtime.findings import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headstart.finetuning.lr_range_test import LrRangeTest  # it loads torch

_TITLE, _NOTE, _MARGIN = 18, 11, 24


@chart_style()
def draw_confusion_matrix(evaluation: Evaluation, path: Path, fonts: FontBook | None = None) -> tuple[Finding, ...]:
    """Draw the confusion matrix (see :func:`headstart.reporting.plots.confusion.confusion_chart`) into a PNG file.

    Returns
    -------
    Sentences for the user: class names that no font of this machine can draw, and what helps.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from headstart.metrics.classification.evaluation import evaluate
    >>> evaluation = evaluate(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), ["cat", "dog"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_confusion_matrix(evaluation, Path(folder, "confusion_matrix.png"))
    ()
    """
    fonts = fonts or FontBook(font_folders())
    drawable = drawable_names(evaluation.classes, fonts)
    figure = confusion_chart(np.array(evaluation.confusion, dtype=np.int64), drawable.names, fonts)
    inside = " A cell shows its count and its share of the row." if cell_size(len(drawable.names)) >= ROOMY else ""
    notes = (
        f"{plural(evaluation.count, 'example')}, accuracy {score_text(evaluation.accuracy)}",
        f"Rows are true classes. Colour: share of the row; blue is right, orange is wrong.{inside}",
    )
    write_chart(figure, path, "Confusion matrix", notes, dpi=DOTS)
    return drawable.notices


@chart_style()
def draw_reliability(evaluation: Evaluation, path: Path) -> None:
    """Draw how often predictions of each confidence are right into a PNG file, with the counts in a table.

    The bars are 95 % intervals of the accuracy. They are left out where examples come in groups: they would be too
    short. A bin whose bar misses the diagonal is orange, and the table says what is wrong with it.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    bins = [calibrate_bin(row, independent=evaluation.groups is None) for row in evaluation.reliability]
    figure = reliability_chart(bins, "mean confidence", "accuracy")
    add_bin_table(figure, bins)
    bars = " Bars are 95 % intervals." if evaluation.groups is None else ""
    counts = f"{plural(evaluation.count, 'example')} in {plural(len(bins), 'bin')}"
    notes = (
        f"Confidence in the predicted class against how often it was right: {counts} of about equal count.",
        f"On the dashed line both agree.{bars}",
    )
    write_chart(figure, path, f"Calibration error {score_text(evaluation.calibration_error)}", notes)


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
