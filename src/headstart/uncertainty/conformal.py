"""Conformal prediction: sets of classes that hold the true one as often as promised, whatever the model is worth.

Every class of an example gets a nonconformity score: the less the class fits, the larger. Of held-out examples only the
score of the true class counts. The set of a new example holds the classes whose score is no larger than the quantile of
those (Vovk, Gammerman and Shafer 2005). When the held-out examples and the new one are exchangeable, and the head was
fitted to neither, the set holds the true class with the promised probability, in the mean over examples; nothing is
promised for a single class, nor for examples of another kind.

Here the held-out scores come from the folds of a cross-validation, and the head that answers was fitted to all folds.
For sets made of several folds theory proves 1 - 2a where 1 - a was asked (Vovk 2015, cross-conformal predictors;
Barber, Candes, Ramdas and Tibshirani 2021, the jackknife+), and for this shorter way, with one head and one threshold,
nothing in the worst case. In practice it is about 1 - a, because a head that was fitted to more examples is no worse:
``benchmarks/guard.py`` measures it.
"""

import math
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.settings.fields import SetName

# RAPS (Angelopoulos et al. 2021): each class beyond the second costs a little, so that no tail of classes gets in. Both
# are fixed beforehand: chosen on the held-out examples, they would break the promise.
PENALTY = 0.05
FREE_CLASSES = 2
ROUNDING = 1e-9  # of sums of shares


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationScores:
    """Scores of n held-out examples, ascending, each with the share of the whole it stands for.

    Groups, not examples, are exchangeable with what comes: each of the K groups stands for 1 / (K + 1), shared evenly
    among its examples, and what is left for the new one, which may be beyond all (Lee, Barber and Willett 2023,
    hierarchical conformal prediction). Without groups each example is one.

    Attributes
    ----------
    values, masses
        Shapes (n,).
    groups
        How many there are, K.
    """

    values: Floats
    masses: Floats
    groups: int

    def quantile(self, coverage: float) -> float:
        """Return the smallest value that at least ``coverage`` of the whole does not exceed; infinite when none is.

        Without groups this is the ceil((n + 1) coverage)-th smallest value.

        Examples
        --------
        >>> [calibration_scores(np.arange(1.0, end)).quantile(0.9) for end in (10.0, 9.0)]
        [9.0, inf]
        """
        place = int(np.searchsorted(np.cumsum(self.masses), coverage - ROUNDING))
        return float(self.values[place]) if place < len(self.values) else math.inf

    def share_beyond(self, values: Floats) -> Floats:
        """Compute the share of the whole, the new one included, with a score at least as large: a p-value, shape (N,).

        Under exchangeability it is at most a with probability at most a.

        Examples
        --------
        >>> calibration_scores(np.arange(1.0, 10.0)).share_beyond(np.array([0.0, 8.5, 99.0])).round(3).tolist()
        [1.0, 0.2, 0.1]
        """
        tail = np.append(np.cumsum(self.masses[::-1])[::-1], 0.0)
        found = tail[np.searchsorted(self.values, values, side="left")] + 1 / (self.groups + 1)
        return np.minimum(found, 1.0)  # the masses sum to 1 up to rounding


def calibration_scores(values: Floats, groups: Integers | None = None) -> CalibrationScores:
    """Sort held-out scores of shape (n,), with what each stands for; ``groups`` numbers the group of each.

    Examples
    --------
    >>> calibration_scores(np.array([0.3, 0.1, 0.2]), np.array([7, 7, 4])).masses.round(3).tolist()
    [0.167, 0.333, 0.167]
    """
    numbers = np.arange(len(values)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(numbers)
    order = np.argsort(values, kind="stable")
    masses = 1 / ((len(sizes) + 1) * sizes[numbers[order]])
    return CalibrationScores(np.asarray(values, dtype=np.float64)[order], masses, len(sizes))


def nonconformity(probabilities: Floats, rule: SetName) -> Floats:
    """Compute how little each class fits each example: shape (N, C) in, shape (N, C) out.

    ``lac`` (least ambiguous sets with bounded error levels, Sadinle, Lei and Wasserman 2019): 1 - p. Of all rules that
    keep the promise its sets are the smallest when the probabilities are right. ``aps`` (adaptive prediction sets,
    Romano, Sesia and Candes 2020): the sum of the probabilities of likelier classes and of half its own. Its sets are
    larger, and keep the promise more evenly over easy and hard examples. The paper draws the share of its own by lot;
    a half is the mean, keeps the promise as well, and gives the same example the same set every time. ``raps``
    (Angelopoulos et al. 2021): the same, and a penalty for every class beyond the second.

    Examples
    --------
    >>> one = np.array([[0.5, 0.2, 0.3]])
    >>> nonconformity(one, "lac").tolist(), nonconformity(one, "aps").round(2).tolist()
    ([[0.5, 0.8, 0.7]], [[0.25, 0.9, 0.65]])
    >>> nonconformity(one, "raps").round(2).tolist()
    [[0.25, 0.95, 0.65]]
    """
    if rule == "lac":
        return np.asarray(1 - probabilities)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    falling = np.take_along_axis(probabilities, order, axis=1)
    sums = np.cumsum(falling, axis=1) - falling / 2
    if rule == "raps":
        sums += PENALTY * np.maximum(0, np.arange(1, 1 + probabilities.shape[1]) - FREE_CLASSES)
    scores = np.empty_like(sums)
    np.put_along_axis(scores, order, sums, axis=1)
    return scores


def true_class_scores(probabilities: Floats, labels: Integers, rule: SetName) -> Floats:
    """Compute the nonconformity of the true class of each example, shape (N,).

    Examples
    --------
    >>> true_class_scores(np.array([[0.9, 0.1], [0.75, 0.25]]), np.array([0, 1]), "lac").round(2).tolist()
    [0.1, 0.75]
    """
    return np.asarray(nonconformity(probabilities, rule)[np.arange(len(labels)), labels])


def prediction_sets(probabilities: Floats, rule: SetName, quantile: float) -> Booleans:
    """Select the classes of the set of each example, shape (N, C).

    The likeliest class always does: without it a set could be empty, which tells nobody anything, and with it the true
    class is in the set no less often.

    Examples
    --------
    >>> prediction_sets(np.array([[0.6, 0.3, 0.1], [0.4, 0.3, 0.3]]), "lac", 0.7).astype(int).tolist()
    [[1, 1, 0], [1, 1, 1]]
    >>> prediction_sets(np.array([[0.6, 0.3, 0.1]]), "lac", 0.1).astype(int).tolist()
    [[1, 0, 0]]
    """
    sets = nonconformity(probabilities, rule) <= quantile + ROUNDING
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
    return np.asarray(sets)


def coverage_range(count: int, coverage: float, level: float = 0.95) -> tuple[float, float]:
    """Compute the bounds that the true coverage lies between, for most draws of ``count`` held-out examples.

    Given the held-out examples, the coverage of new ones is Beta(n + 1 - l, l)-distributed with l = floor((n + 1)(1 -
    coverage)) when scores have no ties (Vovk 2012). (1, 1) when l is 0: every class is in every set.

    Examples
    --------
    >>> [tuple(round(bound, 3) for bound in coverage_range(count, 0.9)) for count in (100, 500, 1000)]
    [(0.836, 0.951), (0.873, 0.925), (0.881, 0.918)]
    """
    left = math.floor((count + 1) * (1 - coverage) + ROUNDING)
    if left == 0:
        return (1.0, 1.0)
    low, high = (_beta_quantile(count + 1 - left, left, share) for share in ((1 - level) / 2, (1 + level) / 2))
    return (low, high)


def _beta_quantile(first: int, second: int, share: float) -> float:
    """Compute the quantile of a beta distribution with whole parameters, by halving.

    SciPy's would do, but loading it takes a third of a second of every fit. With whole parameters the distribution
    function at x is the chance of at least ``first`` successes in ``first + second - 1`` trials of chance x.
    """
    trials = first + second - 1
    successes = np.arange(first, trials + 1)
    ways = np.array([math.lgamma(k + 1) + math.lgamma(trials - k + 1) for k in successes.tolist()])
    ways = math.lgamma(trials + 1) - ways
    low, high = 0.0, 1.0
    for _ in range(60):  # halved so often, the two are the same number
        middle = (low + high) / 2
        chance = np.exp(ways + successes * math.log(middle) + (trials - successes) * math.log1p(-middle)).sum()
        low, high = (middle, high) if chance < share else (low, middle)
    return (low + high) / 2
