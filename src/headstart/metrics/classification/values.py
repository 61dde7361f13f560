"""The values that the metrics of classes hand on: an evaluation with its tables."""

from dataclasses import dataclass

from headstart.metrics.values import CrossValidated, Evaluation, Score


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One row of the per-class table: ``support`` examples of the class, ``predicted`` so."""

    name: str
    support: int
    predicted: int
    precision: Score
    recall: Score
    f1: Score
    roc_auc: Score
    average_precision: Score


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of the reliability table: ``count`` predictions with this mean confidence and this accuracy."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ClassEvaluation(Evaluation):
    """How well probabilities of classes agree with labels.

    Attributes
    ----------
    count
        Number of examples scored.
    classes
        Class names; rows and columns of ``confusion`` in this order.
    confusion
        Counts; ``confusion[true][predicted]``.
    top_k
        Accuracy within the k best, for k that are smaller than the number of classes.
    binary
        TP, FP, FN, TN for two classes (positive is the second class), else None.
    groups
        Number of groups the intervals were drawn over, or None when examples count as independent.
    cross_validated
        In how many folds the examples were scored; None when they were scored by one model.
    """

    count: int
    classes: tuple[str, ...]
    accuracy: Score
    balanced_accuracy: Score
    top_k: dict[int, Score]
    macro_precision: Score
    macro_recall: Score
    macro_f1: Score
    micro_precision: Score
    micro_recall: Score
    micro_f1: Score
    weighted_precision: Score
    weighted_recall: Score
    weighted_f1: Score
    macro_roc_auc: Score
    macro_average_precision: Score
    log_loss: Score
    brier: Score
    calibration_error: Score
    reliability: tuple[ReliabilityBin, ...]
    per_class: tuple[ClassRow, ...]
    confusion: tuple[tuple[int, ...], ...]
    binary: dict[str, int] | None = None
    groups: int | None = None
    cross_validated: CrossValidated | None = None
