"""Labels and probabilities become a ClassEvaluation: every score with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.classification.calibration import SquaredError, calibration_score, reliability_table
from headstart.metrics.classification.scores import confusion_matrix
from headstart.metrics.classification.values import ClassEvaluation, ClassRow
from headstart.metrics.classification.weighted_scores import Groups, Sample, compute_scores, prepare_sample
from headstart.metrics.intervals import percentile_interval, resampled_counts, spread_interval, wilson
from headstart.metrics.values import IntervalMethod, Score

Matrix = npt.NDArray[np.floating[Any]]

_TOP = (3, 5)
# With one label per example these are the accuracy.
AS_ACCURACY = ("accuracy", "micro_precision", "micro_recall", "micro_f1", "weighted_recall")
_SPREAD = (  # scores whose interval comes from the bootstrap
    *("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_precision", "weighted_f1"),
    *("macro_roc_auc", "macro_average_precision"),
)


def evaluate(
    labels: Integers,
    probabilities: Matrix,
    classes: Sequence[str],
    *,
    groups: Groups | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> ClassEvaluation:
    """Score probabilities against labels; every score gets a 95 % interval.

    The decision is the most probable class, of equal ones the first. Shares of independent examples (accuracy, top-k
    and the precision, recall and F1 of a class) get Wilson's interval; F1 through TP / (TP + FP + FN), the share it is
    a function of. All others get a seeded bootstrap (see :mod:`headstart.metrics.intervals`). Where some group has more
    than one example, whole groups are resampled and every interval comes from the bootstrap: Wilson's would be too
    narrow. Each score records its method. What is not defined is NaN: a score of a class that does not occur, the
    calibration error of one example.

    Parameters
    ----------
    labels
        Class numbers, shape (N,), N >= 1.
    probabilities
        Shape (N, C), rows that sum to 1, columns in the order of ``classes``.
    classes
        Names of the C classes.
    groups
        Patient, video or site of each example, N names or numbers; None stands for an example of its own.

    Raises
    ------
    ValueError
        When the shapes do not fit, a label is no class number or a row is no probabilities.

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1])
    >>> evaluation = evaluate(labels, np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]), ["cat", "dog"])
    >>> print(evaluation.accuracy)
    0.750 [0.301, 0.954]
    >>> evaluation.binary
    {'TP': 1, 'FP': 0, 'FN': 1, 'TN': 2}
    """
    _check(labels, probabilities, classes, groups)
    sample = prepare_sample(np.asarray(labels, dtype=np.int64), np.asarray(probabilities, dtype=np.float64), groups)
    top = [k for k in _TOP if k < len(classes)]
    values = compute_scores(sample, np.ones(len(labels)), top)
    blocks = [
        compute_scores(sample, counts[sample.units], top)
        for counts in resampled_counts(sample.unit_count, resamples, len(labels), seed)
    ]
    draws = {name: np.concatenate([block[name] for block in blocks], axis=-1) for name in values}
    return _report(sample, tuple(classes), top, _Results(sample, values, draws, _extents(sample, top)))


def _check(labels: Integers, probabilities: Matrix, classes: Sequence[str], groups: Groups | None) -> None:
    """Refuse what does not fit together: a mistake of the caller, not of the data."""
    expected = (len(labels), len(classes))
    if probabilities.shape != expected or 0 in expected:
        raise ValueError(f"Expected probabilities of shape {expected}, both at least 1, got {probabilities.shape}.")
    if groups is not None and len(groups) != len(labels):
        raise ValueError(f"Expected {len(labels)} groups, one per example, got {len(groups)}.")
    if labels.min() < 0 or labels.max() >= len(classes):
        raise ValueError(f"Expected labels from 0 to {len(classes) - 1}, got {labels.min()} to {labels.max()}.")
    # Single-precision softmax rows miss 1 by about 1e-6; a NaN fails every comparison.
    if not (probabilities.min() >= 0 and np.abs(probabilities.sum(axis=1) - 1).max() < 1e-3):
        raise ValueError("Expected rows of probabilities that sum to 1, got others or NaN.")


@dataclass(frozen=True, slots=True)
class _Extent:
    """On how many independent units a score rests and how many examples it can be worth; numbers or shape (C,)."""

    units: Floats
    limit: Floats


@dataclass(frozen=True, slots=True)
class _Results:
    """Every score of the sample, in every resample, and what it rests on."""

    sample: Sample
    values: dict[str, Floats]
    draws: dict[str, Floats]
    extents: dict[str, _Extent]

    @property
    def method(self) -> IntervalMethod:
        return "group bootstrap" if self.sample.grouped else "bootstrap"


def _extents(sample: Sample, top: Sequence[int]) -> dict[str, _Extent]:
    numbers = np.arange(sample.classes)[:, None]
    labelled, predicted = numbers == sample.labels, numbers == sample.predicted
    of_class, as_class, of_or_as = (_extent(sample, rows) for rows in (labelled, predicted, labelled | predicted))
    others = _extent(sample, ~labelled)
    rarer = _Extent(np.minimum(of_class.units, others.units), np.minimum(of_class.limit, others.limit))
    # Near 1 the variance of an AUC A tends to A (1 - A) / 2 m with m on the rarer side (Hanley and McNeil 1982).
    twice = _Extent(2 * rarer.units, 2 * rarer.limit)
    everything = _Extent(np.array(float(sample.unit_count)), np.array(float(len(sample.labels))))
    return {
        **dict.fromkeys(["accuracy", "weighted_precision", "weighted_f1"], everything),
        **{f"top_{k}": everything for k in top},
        "precision": as_class,
        "recall": of_class,
        "jaccard": of_or_as,
        "balanced_accuracy": _together(of_class),
        "macro_precision": _together(as_class),
        "macro_recall": _together(of_class),
        "macro_f1": _together(of_or_as),
        "roc_auc": twice,
        "average_precision": rarer,
        "macro_roc_auc": _together(twice),
        "macro_average_precision": _together(rarer),
    }


def _extent(sample: Sample, rows: Booleans) -> _Extent:
    """Count units and examples in each row of a mask of shape (C, N)."""
    units = [len(np.unique(sample.units[row])) for row in rows]
    return _Extent(np.array(units, dtype=np.float64), rows.sum(axis=1).astype(np.float64))


def _together(parts: _Extent) -> _Extent:
    """Extent of the mean of C scores: C² / sum of 1 / n_c, which is N when all classes have N / C examples.

    (The variance of the mean is the sum of p_c (1 - p_c) / n_c over C².)
    """
    defined = parts.units > 0
    squared = np.array(float(defined.sum() ** 2))
    # A sum over nothing is 0, and 0 / 1 the extent of nothing.
    units, limit = (squared / (np.sum(1 / part[defined]) or 1.0) for part in (parts.units, parts.limit))
    return _Extent(units, limit)


def _spread(results: _Results, name: str, number: int | tuple[()] = ()) -> Score:
    """Score with bootstrap interval; ``number`` picks a class."""
    extent = results.extents[name]
    return spread_interval(
        float(results.values[name][number]),
        results.draws[name][number],
        float(extent.units[number]),
        float(extent.limit[number]),
        results.method,
    )


def _share(results: _Results, name: str, number: int | tuple[()] = ()) -> Score:
    """Score that is a share of examples: Wilson's interval, unless the examples come in groups."""
    if results.sample.grouped:
        return _spread(results, name, number)
    count = float(results.extents[name].limit[number])
    return wilson(round(float(np.nan_to_num(results.values[name][number])) * count), count)


def _f1_of(share: Score) -> Score:
    """F1 = 2 J / (1 + J) rises with J, so it maps the bounds of J to those of F1."""
    value, low, high = (2 * bound / (1 + bound) for bound in (share.value, share.low, share.high))
    return Score(value, low, high, share.method)


def _mean_loss(results: _Results, name: str) -> Score:
    units = results.sample.unit_count
    return percentile_interval(float(results.values[name]), results.draws[name], units, results.method)


def _report(sample: Sample, classes: tuple[str, ...], top: Sequence[int], results: _Results) -> ClassEvaluation:
    confusion = confusion_matrix(sample.labels, sample.predicted, len(classes))
    plain, debiased = "calibration_plain", "calibration_debiased"
    scores: dict[str, Any] = dict.fromkeys(AS_ACCURACY, _share(results, "accuracy"))
    scores |= {name: _spread(results, name) for name in _SPREAD}
    return ClassEvaluation(
        count=len(sample.labels),
        classes=classes,
        **scores,
        top_k={k: _share(results, f"top_{k}") for k in top},
        log_loss=_mean_loss(results, "log_loss"),
        brier=_mean_loss(results, "brier"),
        calibration_error=calibration_score(
            SquaredError(results.values[plain], results.values[debiased]),
            SquaredError(results.draws[plain], results.draws[debiased]),
            results.method,
        ),
        reliability=reliability_table(sample.confidence, sample.correct),
        per_class=tuple(_class_row(results, number, name, confusion) for number, name in enumerate(classes)),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        binary=_binary(confusion) if len(classes) == 2 else None,
        groups=sample.unit_count if sample.grouped else None,
    )


def _class_row(results: _Results, number: int, name: str, confusion: Integers) -> ClassRow:
    return ClassRow(
        name=name,
        support=int(confusion[number].sum()),
        predicted=int(confusion[:, number].sum()),
        precision=_share(results, "precision", number),
        recall=_share(results, "recall", number),
        f1=_f1_of(_share(results, "jaccard", number)),
        roc_auc=_spread(results, "roc_auc", number),
        average_precision=_spread(results, "average_precision", number),
    )


def _binary(confusion: Integers) -> dict[str, int]:
    """Return the four cells by name; positive is the second class."""
    (true_negative, false_positive), (false_negative, true_positive) = confusion.tolist()
    return {"TP": true_positive, "FP": false_positive, "FN": false_negative, "TN": true_negative}
