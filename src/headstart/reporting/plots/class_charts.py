"""The charts of a run on classes as PNG files: confusion matrix, reliability diagram."""

from pathlib import Path

import numpy as np

from headstart.data.name_checks import plural
from headstart.metrics.values import Evaluation
from headstart.reporting.plots.confusion import DOTS, ROOMY, cell_size, confusion_chart
from headstart.reporting.plots.reliability import add_bin_table, calibrate_bin, reliability_chart
from headstart.reporting.plots.run import score_text, write_chart
from headstart.reporting.render.fonts import FontBook, drawable_names, font_folders
from headstart.runtime.findings import Finding


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
    drawing = confusion_chart(np.array(evaluation.confusion, dtype=np.int64), drawable.names, fonts)
    inside = " A cell shows its count and its share of the row." if cell_size(len(drawable.names)) >= ROOMY else ""
    notes = (
        f"{plural(evaluation.count, 'example')}, accuracy {score_text(evaluation.accuracy)}",
        f"Rows are true classes. Colour: share of the row; blue is right, orange is wrong.{inside}",
    )
    write_chart(drawing, path, "Confusion matrix", notes, dots=DOTS, fonts=fonts)
    return drawable.notices


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
    drawing = reliability_chart(bins, "mean confidence", "accuracy")
    add_bin_table(drawing, bins)
    bars = " Bars are 95 % intervals." if evaluation.groups is None else ""
    counts = f"{plural(evaluation.count, 'example')} in {plural(len(bins), 'bin')}"
    notes = (
        f"Confidence in the predicted class against how often it was right: {counts} of about equal count.",
        f"On the dashed line both agree.{bars}",
    )
    write_chart(drawing, path, f"Calibration error {score_text(evaluation.calibration_error)}", notes)
