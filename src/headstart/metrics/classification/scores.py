"""Scores of decisions and of probabilities: pure functions on arrays that also take weights.

Weights have shape (N,), or (N, R) for R weightings at once; the results then have one more axis. A whole-number weight
means that the example occurs so many times. Without weights every example counts once.

Conventions, all of them scikit-learn's:

* A share with nothing to divide by (the precision of a class that is never predicted, the recall of one that does not
  occur) is NaN; inside an average it counts as 0 (``zero_division=0``).
* Macro averages run over the classes that occur among the labels or the predictions; balanced accuracy over those that
  occur among the labels.
* The weights of weighted averages are the shares of the classes among the labels.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.arrays import Booleans, Floats, Integers


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What there is to count per class, each of shape (C,) or (C, R).

    Attributes
    ----------
    correct
        Examples of the class that were predicted so: true positives.
    support
        Examples of the class.
    predicted
        Examples predicted as the class.
    """

    correct: Floats
    support: Floats
    predicted: Floats


def count_outcomes(labels: Integers, predicted: Integers, classes: int, weights: Floats | None = None) -> Outcomes:
    """Count correct, existing and predicted examples of every class.

    Examples
    --------
    >>> outcomes = count_outcomes(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2)
    >>> outcomes.correct.tolist(), outcomes.support.tolist(), outcomes.predicted.tolist()
    ([1.0, 1.0], [2.0, 1.0], [1.0, 2.0])
    """
    weights = np.ones(len(labels)) if weights is None else weights
    correct = np.stack([np.ones(len(labels)), labels == predicted])
    support, found = grouped_sums(labels, classes, correct, weights)
    (as_class,) = grouped_sums(predicted, classes, np.ones((1, len(labels))), weights)
    return Outcomes(found, support, as_class)


def grouped_sums(numbers: Integers, groups: int, factors: Floats, weights: Floats) -> Floats:
    """Sum weight x factor over the members of each group.

    Slices of sorted rows instead of a product with a zero-one matrix: a matrix product would start threads, which cost
    more than they bring at this size, and on whose number the last digits would depend.

    Parameters
    ----------
    numbers
        The group of each example, 0 to ``groups`` - 1, shape (N,).
    factors
        Shape (F, N).

    Returns
    -------
    Shape (F, groups), or (F, groups, R) for weights of shape (N, R).

    Examples
    --------
    >>> grouped_sums(np.array([1, 0, 1]), 2, np.array([[1.0, 1.0, 10.0]]), np.ones(3)).tolist()
    [[1.0, 11.0]]
    """
    order = np.argsort(numbers, kind="stable")
    rows, factors = weights[order], factors[:, order]
    edges = np.searchsorted(numbers[order], np.arange(groups + 1))
    sums = np.zeros((len(factors), groups, *weights.shape[1:]))
    for group in range(groups):
        members = slice(edges[group], edges[group + 1])
        for row, factor in enumerate(factors):
            sums[row, group] = np.einsum("n,n...->...", factor[members], rows[members])
    return sums


def confusion_matrix(labels: Integers, predicted: Integers, classes: int) -> Integers:
    """Count examples by true class (row) and predicted class (column), shape (C, C).

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def accuracy(outcomes: Outcomes) -> Floats:
    """Share of the examples that are predicted as what they are.

    Examples
    --------
    >>> float(accuracy(count_outcomes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)))
    0.75
    """
    return ratio(outcomes.correct.sum(axis=0), outcomes.support.sum(axis=0))


def precision(outcomes: Outcomes) -> Floats:
    """Per class, the share of the predictions that are right.

    Examples
    --------
    >>> precision(count_outcomes(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)).tolist()
    [1.0, 0.5, nan]
    """
    return ratio(outcomes.correct, outcomes.predicted)


def recall(outcomes: Outcomes) -> Floats:
    """Per class, the share of its examples that are found.

    Examples
    --------
    >>> recall(count_outcomes(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)).tolist()
    [0.5, 1.0, nan]
    """
    return ratio(outcomes.correct, outcomes.support)


def f1(outcomes: Outcomes) -> Floats:
    """Per class, the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    Examples
    --------
    >>> f1(count_outcomes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)).round(3).tolist()
    [0.667, 0.8]
    """
    return ratio(2 * outcomes.correct, outcomes.support + outcomes.predicted)


def jaccard(outcomes: Outcomes) -> Floats:
    """Per class, TP / (TP + FP + FN): the share that F1 is a function of, F1 = 2 J / (1 + J).

    Examples
    --------
    >>> jaccard(count_outcomes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)).round(3).tolist()
    [0.5, 0.667]
    """
    return ratio(outcomes.correct, outcomes.support + outcomes.predicted - outcomes.correct)


def macro_average(per_class: Floats, outcomes: Outcomes) -> Floats:
    """Average over the classes that occur among the labels or the predictions.

    Examples
    --------
    >>> outcomes = count_outcomes(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    >>> float(macro_average(recall(outcomes), outcomes))
    0.75
    """
    occurs = outcomes.support + outcomes.predicted > 0
    return ratio(np.where(occurs, np.nan_to_num(per_class), 0.0).sum(axis=0), occurs.sum(axis=0))


def weighted_average(per_class: Floats, outcomes: Outcomes) -> Floats:
    """Average over the classes, each as heavy as its share among the labels.

    Examples
    --------
    >>> outcomes = count_outcomes(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    >>> round(float(weighted_average(recall(outcomes), outcomes)), 3)
    0.667
    """
    return ratio((np.nan_to_num(per_class) * outcomes.support).sum(axis=0), outcomes.support.sum(axis=0))


def balanced_accuracy(outcomes: Outcomes) -> Floats:
    """Mean recall of the classes that occur among the labels.

    Examples
    --------
    >>> float(balanced_accuracy(count_outcomes(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)))
    0.75
    """
    occurs = outcomes.support > 0
    return ratio(np.nan_to_num(recall(outcomes)).sum(axis=0), occurs.sum(axis=0))


def true_class_rank(labels: Integers, probabilities: Floats) -> Integers:
    """Count, per example, the classes that stand before the true one; of equal classes the first stands before.

    Rank 0 is a right decision of ``probabilities.argmax(axis=1)``; rank below k is a top-k hit.

    Examples
    --------
    >>> true_class_rank(np.array([0, 1, 2]), np.array([[0.5, 0.5, 0], [0.5, 0.5, 0], [0.2, 0.7, 0.1]])).tolist()
    [0, 1, 2]
    """
    own = probabilities[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(probabilities.shape[1]) < labels[:, None]
    return np.asarray(((probabilities > own) | ((probabilities == own) & earlier)).sum(axis=1), dtype=np.int64)


def log_losses(labels: Integers, probabilities: Floats) -> Floats:
    """Negative logarithm of the true class's probability, in nats, shape (N,); their mean is the log-loss.

    Probabilities below 2.2e-16, the double-precision epsilon, are raised to it, so that no loss is infinite.

    Examples
    --------
    >>> log_losses(np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]])).round(3).tolist()
    [0.693, 36.044]
    """
    own = probabilities[np.arange(len(labels)), labels]
    return np.asarray(-np.log(np.clip(own, np.finfo(np.float64).eps, 1.0)), dtype=np.float64)


def brier_losses(labels: Integers, probabilities: Floats) -> Floats:
    """Compute the squared distance of the probabilities to the truth, summed over the classes, shape (N,), 0 to 2.

    Their mean is the score of Brier (1950). For two classes it is twice the one-column score that scikit-learn gives.

    Examples
    --------
    >>> brier_losses(np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
    [0.5, 2.0]
    """
    truth = np.arange(probabilities.shape[1]) == labels[:, None]
    return np.asarray(((probabilities - truth) ** 2).sum(axis=1), dtype=np.float64)


def weighted_mean(values: Floats | Booleans, weights: Floats) -> Floats:
    """Mean of one number per example under weights of shape (N,) or (N, R).

    Examples
    --------
    >>> float(weighted_mean(np.array([0.0, 1.0]), np.array([1.0, 3.0])))
    0.75
    """
    # einsum rather than @ for the reason given in grouped_sums.
    return ratio(np.einsum("n,n...->...", values.astype(np.float64), weights), weights.sum(axis=0))


def ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Divide element by element; NaN where there is nothing to divide by.

    Examples
    --------
    >>> ratio([1.0, 1.0], [2.0, 0.0]).tolist()
    [0.5, nan]
    """
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    undefined = np.full(np.broadcast(above, below).shape, np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below > 0))
