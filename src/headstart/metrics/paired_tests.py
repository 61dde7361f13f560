"""What the transfer was worth: gains between two learning curves, with intervals, and how many labels they save.

A curve is the accuracy over the number of examples per class. At each number several draws of the training examples are
scored on the same test examples: the rows and the columns of a matrix of right and wrong answers.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.intervals import corrected_interval, resampled_counts
from headstart.metrics.values import Score

Right = Booleans
Groups = Integers


@dataclass(frozen=True, slots=True)
class Multiplier:
    """How many times more labels another arm needs for the same accuracy.

    ``bound`` is "" where the curve passes that accuracy, "more than" where it never gets there, and "less than" where
    its first point is better already.
    """

    value: float
    bound: str = ""

    def __str__(self) -> str:
        """Return it as text, for instance ``more than 12``."""
        number = f"{self.value:.2g}" if self.value < 10 else f"{self.value:.0f}"
        return f"{self.bound} {number}".strip()


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """What one classifier is ahead of another on the same examples.

    Attributes
    ----------
    difference
        Of the accuracies, with the interval of the paired bootstrap, or of Student's t where they come from folds.
    gained, lost
        How many examples only the one, and only the other, is right about.
    p
        Of McNemar's exact test; where examples come in groups, of the bootstrap over groups.
    test
        Which of the two it is.
    """

    difference: Score
    gained: int
    lost: int
    p: float
    test: Literal["mcnemar", "group bootstrap"]

    def to_json(self) -> dict[str, object]:
        """Return plain data."""
        return asdict(self)


def paired_difference(  # six: what is compared, and how chance is drawn
    one: Right,
    other: Right,
    groups: Groups | None,
    seed: int = 0,
    resamples: int = 1000,
    fold_of: Integers | None = None,
) -> PairedDifference:
    """Compare two classifiers by their right and wrong answers (N,) to the same examples, in groups (N,) or none.

    ``fold_of`` (N,) says in which fold an example was held out, of answers that come from several; the interval is then
    corrected for what the folds have in common (:func:`headstart.metrics.intervals.corrected_interval`).

    Examples
    --------
    >>> right = np.array([True] * 9 + [False])
    >>> found = paired_difference(right, np.array([True] * 2 + [False] * 8), None)
    >>> found.gained, found.lost, round(found.p, 4), found.test
    (7, 0, 0.0156, 'mcnemar')
    """
    units = np.arange(len(one)) if groups is None else groups
    rows = resample_means([one[None], other[None]], units, seed, resamples)
    draws = rows[0] - rows[1]
    difference = interval(float(one.mean() - other.mean()), draws)
    if fold_of is not None:
        held = np.bincount(fold_of)
        by_fold = np.bincount(fold_of, one.astype(np.float64) - other) / held
        share = float((held / (len(one) - held)).mean())
        difference = corrected_interval(difference.value, by_fold.tolist(), share, difference)
    return PairedDifference(
        difference=difference,
        gained=int((one > other).sum()),
        lost=int((other > one).sum()),
        p=mcnemar(one, other) if groups is None else bootstrap_p(draws),
        test="mcnemar" if groups is None else "group bootstrap",
    )


def data_multiplier(accuracy: float, size: float, sizes: Sequence[float], accuracies: Sequence[float]) -> Multiplier:
    """Compute how many times ``size`` a curve needs to reach ``accuracy``, interpolated on the logarithm of the size.

    The curve (``sizes`` ascending) is taken as its running maximum: a dip by chance does not cost labels.

    Examples
    --------
    >>> print(data_multiplier(0.6, 5, [5, 20, 80], [0.3, 0.5, 0.7]))
    8
    >>> print(data_multiplier(0.9, 5, [5, 20, 80], [0.3, 0.5, 0.7]))
    more than 16
    """
    reached = np.maximum.accumulate(np.asarray(accuracies, dtype=np.float64))
    logs = np.log(np.asarray(sizes, dtype=np.float64))
    if accuracy > reached[-1]:
        return Multiplier(sizes[-1] / size, "more than")
    if accuracy < reached[0]:
        return Multiplier(sizes[0] / size, "less than")
    after = int(np.searchsorted(reached, accuracy))
    if after == 0 or reached[after] == accuracy:
        return Multiplier(sizes[after] / size)
    share = (accuracy - reached[after - 1]) / (reached[after] - reached[after - 1])
    return Multiplier(math.exp(logs[after - 1] + share * (logs[after] - logs[after - 1])) / size)


def area_between(sizes: Sequence[float], one: Sequence[float], other: Sequence[float]) -> float:
    """Compute the mean gap between two curves over the logarithm of the size, by trapezoids; NaN for a single size.

    Examples
    --------
    >>> round(area_between([1, 10, 100], [0.5, 0.7, 0.9], [0.3, 0.5, 0.9]), 3)
    0.15
    """
    logs = np.log(np.asarray(sizes, dtype=np.float64))
    if len(logs) < 2 or logs[-1] == logs[0]:
        return math.nan
    gaps = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    return float(np.trapezoid(gaps, logs) / (logs[-1] - logs[0]))


def resample_means(
    right: Sequence[Right], groups: Groups, seed: int, resamples: int, *, over_draws: bool = True
) -> Floats:
    """Resample draws and test examples (in their groups) together; give each arm's mean accuracy, (arms, resamples).

    The hierarchical bootstrap: training draws are drawn with replacement, and groups of test examples, the same for all
    arms, so that differences of the rows are paired. Each matrix has shape (draws, N), ``groups`` (N,). Without
    ``over_draws`` the training draws stay as they are: what is left is the chance in the test examples.

    Examples
    --------
    >>> all_right, half = np.ones((3, 40), dtype=bool), np.tile(np.arange(40) % 2 == 0, (3, 1))
    >>> float(resample_means([all_right, half], np.arange(40), seed=0, resamples=100)[0].min())
    1.0
    """
    dense = np.unique(groups, return_inverse=True)[1]
    units = int(dense.max()) + 1
    sizes = np.bincount(dense, minlength=units).astype(np.float64)
    sums = [np.stack([np.bincount(dense, row, minlength=units) for row in matrix]) for matrix in right]
    blocks = list(resampled_counts(units, resamples, len(groups), seed))
    by_draw = [np.concatenate([table @ counts / (sizes @ counts) for counts in blocks], axis=1) for table in sums]
    if not over_draws:
        return np.stack([accuracies.mean(axis=0) for accuracies in by_draw])
    # The same uniform numbers pick the draws of every arm: arms with equally many draws are paired in these, too.
    uniform = np.random.default_rng([seed, 1]).random((max(len(table) for table in sums), resamples))
    result = np.empty((len(right), resamples))
    for arm, accuracies in enumerate(by_draw):
        count = len(accuracies)
        picked = np.minimum((uniform[:count] * count).astype(np.int64), count - 1)
        result[arm] = np.take_along_axis(accuracies, picked, axis=0).mean(axis=0)
    return result


def interval(value: float, draws: Floats) -> Score:
    """Return a value with the 2.5th and 97.5th percentile of its resamples."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return Score(value, float(low), float(high), "bootstrap")


def bootstrap_p(draws: Floats) -> float:
    """Compute the two-sided p-value that a difference is nothing, from its resamples (R,).

    Twice the share of resamples on the other side of nothing; those at nothing count half, and one more is added to
    each side, so that no p is 0.

    Examples
    --------
    >>> bootstrap_p(np.array([0.1, 0.2, 0.1])), bootstrap_p(np.array([0.1, -0.1, 0.0]))
    (0.5, 1.0)
    """
    side = min((draws < 0).sum(), (draws > 0).sum()) + 0.5 * (draws == 0).sum()
    return float(min(1.0, 2 * (side + 1) / (len(draws) + 1)))


def holm(values: Sequence[float]) -> list[float]:
    """Correct p-values for their number (Holm 1979): k times the smallest, k - 1 times the next, never falling.

    Examples
    --------
    >>> holm([0.04, 0.01, 0.03])
    [0.06, 0.03, 0.06]
    """
    corrected, largest = [0.0] * len(values), 0.0
    for passed, number in enumerate(np.argsort(values, kind="stable")):
        largest = max(largest, min(1.0, (len(values) - passed) * values[number]))
        corrected[number] = largest
    return corrected


def mcnemar(one: Right, other: Right) -> float:
    """Compute the p-value of McNemar's exact test that two classifiers are right equally often, by answers (N,).

    Examples
    --------
    >>> round(mcnemar(np.array([True] * 8 + [False] * 2), np.array([False] * 8 + [True] * 2)), 4)
    0.1094
    """
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    count = only_one + only_other
    if count == 0:
        return 1.0
    from scipy.special import bdtr  # a tenth of a second, and only here; scipy.stats takes twice as long

    return min(1.0, 2 * float(bdtr(min(only_one, only_other), count, 0.5)))
