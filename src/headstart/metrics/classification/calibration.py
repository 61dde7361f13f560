"""Does a confidence of 0.8 mean right in 8 of 10 cases? Top-label calibration error and reliability table."""

import math
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.classification.scores import grouped_sums
from headstart.metrics.classification.values import ReliabilityBin
from headstart.metrics.values import IntervalMethod, Score

_MOST_BINS = 15
_FEWEST_PER_BIN = 10


def equal_mass_bins(confidence: Floats) -> Integers:
    """Sort confidences into bins of about equal count: at most 15, and 10 examples or more in each.

    Fewer than 20 examples are one bin. Equal confidences stay together, so the bins do not depend on the order of the
    examples.

    Parameters
    ----------
    confidence
        Probability of the predicted class, shape (N,).

    Returns
    -------
    Number of each example's bin, 0 for the least confident, shape (N,).

    Examples
    --------
    >>> np.bincount(equal_mass_bins(np.linspace(0, 1, 40))).tolist()
    [10, 10, 10, 10]
    >>> equal_mass_bins(np.array([0.3, 0.9, 0.9])).tolist()
    [0, 0, 0]
    """
    count = len(confidence)
    bins = min(_MOST_BINS, max(1, count // _FEWEST_PER_BIN))
    starts = np.sort(confidence)[np.arange(1, bins) * count // bins]
    rough = np.searchsorted(starts, confidence, side="right")
    # Equal starts leave bins empty; number those that are left without gaps.
    return np.asarray(np.unique(rough, return_inverse=True)[1], dtype=np.int64)


def reliability_table(confidence: Floats, correct: Booleans) -> tuple[ReliabilityBin, ...]:
    """Compare mean confidence and accuracy bin by bin.

    Examples
    --------
    >>> reliability_table(np.array([0.75, 0.75, 0.75, 0.75]), np.array([True, True, True, False]))
    (ReliabilityBin(count=4, confidence=0.75, accuracy=0.75),)
    """
    bins = equal_mass_bins(confidence)
    counts = np.bincount(bins)
    confidences = np.bincount(bins, confidence) / counts
    accuracies = np.bincount(bins, correct) / counts
    return tuple(
        ReliabilityBin(int(count), float(mean), float(share))
        for count, mean, share in zip(counts, confidences, accuracies, strict=True)
    )


@dataclass(frozen=True, slots=True)
class SquaredError:
    """Squared calibration error as it stands in the sample, and less its bias; numbers or of shape (R,)."""

    plain: Floats
    debiased: Floats


def calibration_error(confidence: Floats, correct: Booleans) -> float:
    """Estimate the top-label calibration error: the root of the debiased squared error, 0 where that is negative.

    A number between 0 and 1; NaN for fewer than two examples. See :func:`squared_calibration_error` for the formula.

    Examples
    --------
    >>> calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), np.array([True, True, True, False]))
    0.0
    """
    return root(float(squared_calibration_error(confidence, correct).debiased))


def root(squared: float) -> float:
    """Square root of the positive part, NaN for NaN.

    Examples
    --------
    >>> root(0.25), root(-0.1)
    (0.5, 0.0)
    """
    return squared if math.isnan(squared) else math.sqrt(max(squared, 0.0))


def squared_calibration_error(
    confidence: Floats, correct: Booleans, units: Integers | None = None, weights: Floats | None = None
) -> SquaredError:
    """Estimate the squared top-label calibration error without its upward bias.

    With d = correct - confidence, the plain error is the sum over the bins b of (n_b / n) mean_b(d)². Even for a
    perfectly calibrated model it is positive by chance, on average by the variance of mean_b(d). That variance is
    estimated and taken off: ``(n_b / n) (mean_b(d)² - var_b(d) / n_b)``, the estimator of Kumar, Liang and Ma (2019),
    whose ``ȳ (1 - ȳ) / (n_b - 1)`` is the same number when all confidences of a bin are equal. Where examples come in
    groups, the variance is that of independent groups: ``u / (u - 1) · sum_g (sum_{i in g} (d_i - mean_b))² / n_b²``
    with u groups in the bin. A bin with a single group says nothing and counts 0.

    Parameters
    ----------
    confidence, correct
        Probability of the predicted class and whether it is right, shape (N,).
    units
        Number of each example's group, shape (N,); without it every example is its own.
    weights
        Shape (N,) or (N, R); equal within a group.

    Examples
    --------
    >>> error = squared_calibration_error(np.full(4, 0.75), np.array([True, True, True, False]))
    >>> float(error.plain), float(error.debiased)
    (0.0, -0.0625)
    """
    weights = np.ones(len(confidence)) if weights is None else weights
    units = np.arange(len(confidence)) if units is None else units
    bins = equal_mass_bins(confidence)
    gaps = correct - confidence
    # A cell is what one group has in one bin: m examples whose gaps sum to s.
    _, first, cell_of = np.unique(bins * (int(units.max()) + 1) + units, return_index=True, return_inverse=True)
    sizes = np.bincount(cell_of).astype(np.float64)
    sums = np.bincount(cell_of, gaps)
    factors = np.stack([np.ones_like(sums), sizes, sums, sums**2, sums * sizes, sizes**2])
    groups, count, total, squares, products, square_sizes = grouped_sums(
        bins[first], int(bins.max()) + 1, factors, weights[first]
    )
    mean = _divide(total, count)
    # The sum of (s - m mean)² over the groups, multiplied out so that it is linear in the weights.
    spread = squares - 2 * mean * products + mean**2 * square_sizes
    variance = _divide(groups * spread, (groups - 1) * count**2)
    share = count / count.sum(axis=0)
    plain = (share * mean**2).sum(axis=0)
    debiased = (share * np.where(groups > 1, mean**2 - variance, 0.0)).sum(axis=0)
    return SquaredError(plain, np.where((groups > 1).any(axis=0), debiased, np.nan))


def calibration_score(sample: SquaredError, resampled: SquaredError, method: IntervalMethod) -> Score:
    """Return the calibration error with its interval from bootstrap resamples.

    In the world of the bootstrap the sample is the truth, so the error of the estimator is how far the debiased error
    of a resample lies from the *plain* error of the sample. The 2.5th and 97.5th percentile of these errors are taken
    off the estimate, before the root. (Percentiles of the resamples themselves would bring the bias back: a perfectly
    calibrated model would get an interval far from 0.)

    Parameters
    ----------
    sample
        Numbers, from the sample itself.
    resampled
        Shape (R,).

    Examples
    --------
    >>> sample = SquaredError(np.array(0.04), np.array(0.03))
    >>> print(calibration_score(sample, SquaredError(np.full(9, 0.05), np.linspace(0.03, 0.05, 9)), "bootstrap"))
    0.173 [0.143, 0.199]
    """
    value = float(sample.debiased)
    errors = resampled.debiased[~np.isnan(resampled.debiased)] - sample.plain
    if math.isnan(value) or not errors.size:
        return Score(math.nan, math.nan, math.nan, method)
    most, least = np.quantile(errors, [0.975, 0.025])
    low, high = (root(min(value - float(error), 1.0)) for error in (most, least))
    return Score(root(value), min(low, root(value)), max(high, root(value)), method)


def _divide(above: Floats, below: Floats) -> Floats:
    """Divide; 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
