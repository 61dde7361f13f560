"""All scores of a sample at once, under any weights of its examples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.classification import scores
from headstart.metrics.classification.calibration import squared_calibration_error
from headstart.metrics.classification.ranking import Ranking, plan_ranking, rank_scores

Groups = Sequence[str | None] | Integers  # one name or number per example


@dataclass(frozen=True, slots=True)
class Sample:
    """Labels and probabilities, with everything about them that no weight changes.

    Attributes
    ----------
    labels, predicted
        Class numbers, shape (N,).
    classes
        Number of classes, C.
    confidence, correct
        Probability of the predicted class and whether it is right, shape (N,).
    ranks
        Number of classes before the true one, shape (N,).
    log_losses, brier_losses
        Loss of each example, shape (N,).
    rankings
        One per class.
    units
        Number of the independent unit each example belongs to, shape (N,): its group, or itself.
    """

    labels: Integers
    predicted: Integers
    classes: int
    confidence: Floats
    correct: Booleans
    ranks: Integers
    log_losses: Floats
    brier_losses: Floats
    rankings: tuple[Ranking, ...]
    units: Integers

    @property
    def unit_count(self) -> int:
        """Number of independent units."""
        return int(self.units.max()) + 1

    @property
    def grouped(self) -> bool:
        """Whether some unit has more than one example."""
        return self.unit_count < len(self.units)


def prepare_sample(labels: Integers, probabilities: Floats, groups: Groups | None = None) -> Sample:
    """Work out what no weight changes.

    Examples
    --------
    >>> sample = prepare_sample(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), groups=["a", "a"])
    >>> sample.predicted.tolist(), sample.units.tolist(), sample.grouped
    ([0, 0], [0, 0], True)
    """
    predicted = probabilities.argmax(axis=1)
    classes = probabilities.shape[1]
    return Sample(
        labels=labels,
        predicted=predicted,
        classes=classes,
        confidence=probabilities.max(axis=1),
        correct=predicted == labels,
        ranks=scores.true_class_rank(labels, probabilities),
        log_losses=scores.log_losses(labels, probabilities),
        brier_losses=scores.brier_losses(labels, probabilities),
        rankings=tuple(plan_ranking(probabilities[:, number], labels == number) for number in range(classes)),
        units=number_units(groups, len(labels)),
    )


def number_units(groups: Groups | None, count: int) -> Integers:
    """Assign a number to every independent unit, in order of appearance; an example without a group is its own unit.

    Examples
    --------
    >>> number_units(["a", None, "b", "a", None], 5).tolist()
    [0, 1, 2, 0, 3]
    """
    if groups is None:
        return np.arange(count, dtype=np.int64)
    numbers: dict[object, int] = {}
    # An example without a group is its own key: its position, which no group name equals.
    keys = (("position", position) if group is None else group for position, group in enumerate(groups))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def compute_scores(sample: Sample, weights: Floats, top: Sequence[int] = ()) -> dict[str, Floats]:
    """Compute every score under weights of shape (N,) or (N, R).

    Returns
    -------
    One entry per score, a number or of shape (R,); of shape (C,) or (C, R) for the scores of single classes, which are
    ``precision``, ``recall``, ``jaccard``, ``roc_auc`` and ``average_precision``. ``top_K`` stands for every K in
    ``top``.

    Examples
    --------
    >>> sample = prepare_sample(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]))
    >>> float(compute_scores(sample, np.array([3.0, 1.0]))["accuracy"])
    0.75
    """
    counted = scores.count_outcomes(sample.labels, sample.predicted, sample.classes, weights)
    precisions, recalls, f1s = scores.precision(counted), scores.recall(counted), scores.f1(counted)
    ranked = [rank_scores(ranking, weights) for ranking in sample.rankings]
    aucs = np.stack([one.roc_auc for one in ranked])
    average_precisions = np.stack([one.average_precision for one in ranked])
    calibration = squared_calibration_error(sample.confidence, sample.correct, sample.units, weights)
    return {
        "accuracy": scores.accuracy(counted),
        **{f"top_{k}": scores.weighted_mean(sample.ranks < k, weights) for k in top},
        "balanced_accuracy": scores.balanced_accuracy(counted),
        "precision": precisions,
        "recall": recalls,
        "jaccard": scores.jaccard(counted),
        "macro_precision": scores.macro_average(precisions, counted),
        "macro_recall": scores.macro_average(recalls, counted),
        "macro_f1": scores.macro_average(f1s, counted),
        "weighted_precision": scores.weighted_average(precisions, counted),
        "weighted_f1": scores.weighted_average(f1s, counted),
        "roc_auc": aucs,
        "average_precision": average_precisions,
        "macro_roc_auc": mean_of_defined(aucs),
        "macro_average_precision": mean_of_defined(average_precisions),
        "log_loss": scores.weighted_mean(sample.log_losses, weights),
        "brier": scores.weighted_mean(sample.brier_losses, weights),
        "calibration_plain": calibration.plain,
        "calibration_debiased": calibration.debiased,
    }


def mean_of_defined(per_class: Floats) -> Floats:
    """Average over the classes whose score is not NaN; NaN when there is none.

    Examples
    --------
    >>> float(mean_of_defined(np.array([1.0, 0.5, np.nan])))
    0.75
    """
    defined = ~np.isnan(per_class)
    total, count = np.where(defined, per_class, 0.0).sum(axis=0), defined.sum(axis=0)
    return scores.ratio(total, count)
