"""How sure a score is: Wilson's interval, and a bootstrap whose resamples are columns of weights."""

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.arrays import Floats
from headstart.metrics.values import IntervalMethod, Score

LEVEL = 0.95
# Numbers in one block of weights: 16 MB, so that memory does not grow with examples x resamples.
_BLOCK = 2_000_000


def wilson(successes: float, count: float, level: float = 0.95) -> Score:
    """Return a share of ``successes`` in ``count`` trials with the interval of Wilson (1927).

    With p the share, n the count and z the normal quantile the bounds are
    ``(p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)``. They stay inside [0, 1] and have a width even when
    all trials agree. The count need not be whole; NaN everywhere when it is 0.

    Examples
    --------
    >>> print(wilson(232, 240))
    0.967 [0.936, 0.983]
    >>> print(wilson(0, 0))
    nan [nan, nan]
    """
    if count <= 0:
        return Score(math.nan, math.nan, math.nan, "wilson")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / count
    centre = share + z * z / (2 * count)
    margin = z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    scale = 1 + z * z / count
    # At 0 and at 1 one bound is the share itself; rounding must not move it to the other side.
    low = 0.0 if share == 0 else (centre - margin) / scale
    high = 1.0 if share == 1 else (centre + margin) / scale
    return Score(share, low, high, "wilson")


def resampled_counts(units: int, resamples: int, examples: int, seed: int) -> Iterator[Floats]:
    """Draw bootstrap resamples of ``units`` and yield, block by block, how often each unit was drawn.

    Parameters
    ----------
    units
        Number of things drawn with replacement: examples, or groups of examples.
    resamples
        Number of resamples in all.
    examples
        Number of examples the units hold; it decides how many resamples make a block.

    Yields
    ------
    Counts of shape (units, block); every column sums to ``units``.

    Examples
    --------
    >>> next(resampled_counts(3, 4, 3, seed=0)).sum(axis=0).tolist()
    [3.0, 3.0, 3.0, 3.0]
    """
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // max(1, examples))
    for start in range(0, resamples, block):
        width = min(block, resamples - start)
        drawn = generator.integers(0, units, size=(units, width))
        flat = (drawn * width + np.arange(width)).ravel()
        yield np.bincount(flat, minlength=units * width).reshape(units, width).astype(np.float64)


def resampled_means(
    sums: npt.NDArray[Any], sizes: npt.NDArray[Any], examples: int, resamples: int, seed: int
) -> Floats:
    """Compute the mean in each resample of units, (..., R), from the sums (..., U) and the sizes (U,) of the units."""
    counts = resampled_counts(len(sizes), resamples, examples, seed)
    return np.concatenate([sums @ drawn / (sizes @ drawn) for drawn in counts], axis=-1)


def spread_interval(value: float, draws: Floats, units: float, limit: float, method: IntervalMethod) -> Score:
    """Return a score in [0, 1] with Wilson's interval for the number of examples its bootstrap spread amounts to.

    A score v whose variance is s² is as sure as a share of n = v (1 - v) / s² examples: the effective sample size of
    survey statistics (Kott and Carr 1997; Korn and Graubard 1998). The percentiles of the same draws are too narrow
    near 1, and have no width at a perfect score.

    Parameters
    ----------
    value
        The score; NaN gives NaN.
    draws
        The score in each resample, shape (R,); NaN where it was not defined.
    units
        Number of examples, or groups, the score rests on. It corrects the variance (u / (u - 1)) and stands in for the
        effective number when the draws do not differ.
    limit
        The most examples the score can be worth.

    Examples
    --------
    >>> draws = np.random.default_rng(0).binomial(240, 232 / 240, 1000) / 240
    >>> print(spread_interval(232 / 240, draws, 240, 240, "bootstrap"))
    0.967 [0.936, 0.983]
    >>> print(spread_interval(1.0, np.ones(1000), 240, 240, "bootstrap"))
    1.000 [0.984, 1.000]
    """
    if math.isnan(value):
        return Score(value, value, value, method)
    defined = draws[~np.isnan(draws)]
    variance = float(defined.var()) * units / (units - 1) if units > 1 and defined.size else 0.0
    # Resamples that agree up to rounding have no spread.
    effective = value * (1 - value) / variance if variance > 1e-24 else 0.0
    count = min(effective, limit) if effective > 0 else units
    interval = wilson(value * count, count)
    return Score(value, interval.low, interval.high, method)


def mean_interval(credits: npt.NDArray[Any], draws: Floats, units: float) -> Score:
    """Compute the interval of the mean of what each example adds, (..., N): as of a share where that is Boolean.

    ``draws`` is the mean in each resample, shape (R,); ``units`` as for :func:`spread_interval`.
    """
    value = float(credits.mean())
    if credits.dtype != np.bool_:
        return percentile_interval(value, draws, units, "bootstrap")
    return spread_interval(value, draws, units, credits.shape[-1], "bootstrap")


def percentile_interval(value: float, draws: Floats, units: float, method: IntervalMethod) -> Score:
    """Return a mean without upper bound, such as a loss, with the 2.5th and 97.5th percentile of its resamples.

    The bounds are NaN when there are fewer than two ``units`` to resample. Where a mean hangs on a few large losses, as
    the log-loss of a good classifier does, a small sample may hold none of them: with 100 to 200 examples the interval
    then contains the true mean in 85 to 92 of 100 cases rather than in 95.

    Examples
    --------
    >>> print(percentile_interval(0.5, np.linspace(0, 1, 1001), 100, "bootstrap"))
    0.500 [0.025, 0.975]
    """
    if math.isnan(value) or units < 2:
        return Score(value, math.nan, math.nan, method)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Score(value, float(low), float(high), method)


def corrected_variance(scores: Sequence[float], held_out_share: float) -> float:
    """Compute the variance of the mean of J fold scores by Nadeau and Bengio (2003): (1 / J + n2 / n1) S².

    S² is the variance of the scores with J - 1 degrees of freedom, and ``held_out_share`` is n2 / n1, examples scored
    over examples learned from in a fold. The usual S² / J takes the folds as independent, which they are not: they
    learn from the same examples, so that it is several times too small.

    Examples
    --------
    >>> round(corrected_variance([0.8, 0.9, 1.0, 0.9, 0.9], 0.25), 6)
    0.00225
    """
    count = len(scores)
    return (1 / count + held_out_share) * float(np.var(scores, ddof=1))


def corrected_interval(value: float, scores: Sequence[float], held_out_share: float, floor: Score) -> Score:
    """Return a value with the interval of Student's t: J - 1 degrees of freedom, corrected variance of its J folds.

    Five folds that agree by chance have a variance near 0. So the interval is never narrower than ``floor``, that of
    the same predictions taken as they are, which knows of no other chance than that in the examples scored.

    Examples
    --------
    >>> print(corrected_interval(0.9, [0.8, 0.9, 1.0, 0.9, 0.9], 0.25, Score(0.9, 0.85, 0.93)))
    0.900 [0.768, 1.032]
    """
    from scipy.special import stdtrit  # a tenth of a second, and only here; scipy.stats takes twice as long

    margin = float(stdtrit(len(scores) - 1, (1 + LEVEL) / 2)) * math.sqrt(corrected_variance(scores, held_out_share))
    return Score(value, min(value - margin, floor.low), max(value + margin, floor.high), "corrected t")
