"""Tables of classes: the CSV files of a run, and predictions as text and CSV."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.data.example import Example
from headstart.probing.class_prediction import Prediction
from headstart.reporting.tables import aligned, csv_text, number_text, write_csv
from headstart.runtime.catalogue import ENGLISH, Texts

if TYPE_CHECKING:
    from headstart.metrics.classification.values import ClassRow
    from headstart.metrics.values import Evaluation, Score

POLICY_COLUMNS = ("prediction_set", "abstained", "reason", "unfamiliar", "familiarity", "novelty")
NAMED_CLASSES = 4  # of a prediction set, in a table for people
PER_CLASS_SCORES = ("precision", "recall", "f1", "roc_auc", "average_precision")


def write_per_class(path: Path, evaluation: "Evaluation") -> None:
    """Write ``per_class.csv``: one row per class, each score with its interval; empty cells where it is not defined.

    Raises OutputError when it cannot be written.
    """
    columns = [f"{score}{end}" for score in PER_CLASS_SCORES for end in ("", "_low", "_high")]
    rows = ((row.name, row.support, row.predicted, *_score_cells(row)) for row in evaluation.per_class)
    write_csv(path, csv_text(("class", "support", "predicted", *columns), rows))


def write_predictions(
    path: Path, examples: Sequence[Example], probabilities: npt.NDArray[np.floating[Any]], classes: Sequence[str]
) -> None:
    """Write ``predictions.csv``: label, prediction, whether they agree, and one probability column per class.

    ``probabilities`` has shape (N, C), rows in the order of ``examples``, columns in the order of ``classes``; the
    column of class ``rose`` is called ``p(rose)``. ``correct`` is ``true``, ``false``, or empty when the label is not
    known. Raises OutputError when it cannot be written.
    """
    header = ("path", "label", "predicted", "probability", "correct", *(f"p({name})" for name in classes))
    rows = (_prediction_row(example, row, classes) for example, row in zip(examples, probabilities, strict=True))
    write_csv(path, csv_text(header, rows))


def predictions_to_csv(predictions: Sequence[Prediction]) -> str:
    r"""Write predictions as CSV: path, label, probability, the next likeliest classes, then what comes of the policy.

    The classes of a prediction set are joined by ``|``.

    Examples
    --------
    >>> predictions_to_csv([Prediction("a.png", "cat", 0.9, ())])
    'path,label,probability\na.png,cat,0.900000\n'
    """
    places = range(2, 1 + max((len(prediction.top) for prediction in predictions), default=0))
    header = ["path", "label", "probability", *(f"{column}_{n}" for n in places for column in ("label", "probability"))]
    judged = any(prediction.prediction_set for prediction in predictions)
    rows = []
    for prediction in predictions:
        row = [prediction.path, prediction.label, number_text(prediction.probability)]
        for choice in prediction.top[1:]:
            row += [choice.label, number_text(choice.probability)]
        rows.append([*row, *[""] * (len(header) - len(row)), *(_policy_cells(prediction) if judged else ())])
    return csv_text([*header, *(POLICY_COLUMNS if judged else ())], rows)


def predictions_to_text(predictions: Sequence[Prediction], texts: Texts = ENGLISH) -> str:
    """Write predictions as a table for people, aligned also where letters are two columns wide.

    Examples
    --------
    >>> print(predictions_to_text([Prediction("a.png", "cat", 0.9, ()), Prediction("long.png", "水果", 1.0, ())]))
    picture   class  probability  then
    a.png     cat         90.0 %
    long.png  水果       100.0 %
    """
    *head, one_of, note = texts.columns("reporting.predictions")
    rows = [head]
    for prediction in predictions:
        others = [f"{choice.label} {_percent(choice.probability)}" for choice in prediction.top[1:]]
        shown = _percent(prediction.probability)
        rows.append([prediction.path, prediction.label, shown, texts.join(others, "comma")])
    if any(len(prediction.prediction_set) > 1 for prediction in predictions):
        _add_column(rows, one_of, [_named(prediction.prediction_set, texts) for prediction in predictions])
    notes = [caution(prediction, texts) for prediction in predictions]
    if any(notes):
        _add_column(rows, note, notes)
    return aligned(rows, right=(2,))


def _add_column(rows: list[list[str]], title: str, cells: Sequence[str]) -> None:
    for row, cell in zip(rows, (title, *cells), strict=True):
        row.append(cell)


def _named(names: Sequence[str], texts: Texts) -> str:
    return texts.first(names, "comma", NAMED_CLASSES if len(names) > NAMED_CLASSES + 1 else len(names))


def caution(prediction: Prediction, texts: Texts = ENGLISH) -> str:
    """Return in a few words why an answer should not be relied on; nothing where it may be.

    Examples
    --------
    >>> caution(Prediction("a.png", "cat", 0.9, (), unfamiliar=True))
    "I don't know this kind of picture"
    """
    if prediction.unfamiliar:
        return texts.say("reporting.unknown_kind")
    return texts.say("reporting.not_sure") if prediction.abstained else ""


def _policy_cells(prediction: Prediction) -> list[str]:
    yes = {True: "true", False: "false"}
    numbers = ("" if value is None else number_text(value) for value in (prediction.familiarity, prediction.novelty))
    return [
        "|".join(prediction.prediction_set), yes[prediction.abstained], prediction.reason, yes[prediction.unfamiliar],
        *numbers,
    ]  # fmt: skip


def _prediction_row(
    example: Example, probabilities: npt.NDArray[np.floating[Any]], classes: Sequence[str]
) -> tuple[str, ...]:
    best = int(np.argmax(probabilities))
    correct = "" if example.label is None else str(example.label == classes[best]).lower()
    numbers = [number_text(float(value)) for value in probabilities]
    return (example.name, example.label or "", classes[best], numbers[best], correct, *numbers)


def _score_cells(row: "ClassRow") -> list[str]:
    scores: list[Score] = [getattr(row, name) for name in PER_CLASS_SCORES]
    return [number_text(value) for score in scores for value in (score.value, score.low, score.high)]


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f} %"
