"""The range test of the learning rate (Smith 2018): raise it step by step and see where the loss falls fastest."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Floats
from headstart.runtime.findings import Finding

Numbers = Floats

SMOOTHING = 0.9
DIVERGED = 4.0  # times the smallest smoothed loss
FEWEST = 10  # steps
STRETCH = 11  # steps that a slope is taken over
LEAST_FALL = 0.05  # of the first loss; less is noise


@dataclass(frozen=True, slots=True, eq=False)
class LrRangeTest:
    """What a range test saw.

    Attributes
    ----------
    rates, losses, smoothed
        One value per step, shape (n,).
    chosen
        The learning rate to take, or None when the test does not say.
    reason
        Why, in a sentence.
    """

    rates: Numbers
    losses: Numbers
    smoothed: Numbers
    chosen: float | None
    reason: Finding


def range_rates(low: float = 1e-6, high: float = 1.0, steps: int = 60) -> Numbers:
    """Return rates that grow by the same factor from step to step.

    Examples
    --------
    >>> range_rates(1e-2, 1.0, 3).round(6).tolist()
    [0.01, 0.1, 1.0]
    """
    return np.geomspace(low, high, steps)


def run_range_test(step: Callable[[float], float], rates: Numbers) -> LrRangeTest:
    """Call ``step(rate) -> loss`` with growing rates until the loss diverges, and choose a rate.

    Examples
    --------
    >>> run_range_test(lambda rate: abs(0.05 - rate) + 0.5, range_rates(1e-4, 1.0, 30)).losses.size
    30
    """
    losses: list[float] = []
    for rate in rates:
        loss = step(float(rate))
        if not math.isfinite(loss):
            break
        losses.append(loss)
        smooth = smoothed_losses(np.array(losses))
        if len(losses) > FEWEST and smooth[-1] > DIVERGED * smooth.min():
            break
    return find_rate(rates[: len(losses)], np.array(losses))


def find_rate(rates: Numbers, losses: Numbers) -> LrRangeTest:
    """Choose the rate at which the loss falls fastest, but at most a tenth of where it begins to grow.

    Examples
    --------
    >>> rates = range_rates()
    >>> find_rate(rates, 2 - 1 / (1 + (1e-3 / rates))).chosen < 1e-2
    True
    >>> find_rate(rates, np.ones(60)).chosen is None
    True
    """
    smooth = smoothed_losses(losses)
    if len(losses) < FEWEST:
        return LrRangeTest(rates, losses, smooth, None, Finding("finetuning.range_too_short"))
    lowest = int(smooth.argmin())
    if smooth[0] - smooth[lowest] < LEAST_FALL * abs(smooth[0]):
        reason = Finding("finetuning.range_flat", {"low": float(rates[0]), "high": float(rates[-1])})
        return LrRangeTest(rates, losses, smooth, None, reason)
    steepest = _find_steepest(losses[: max(lowest + 1, FEWEST)])
    chosen, limit = float(rates[steepest]), float(rates[lowest]) / 10
    if chosen > limit:
        values = {"limit": limit, "grows": float(rates[lowest]), "chosen": chosen}
        reason = Finding("finetuning.range_limited", values, "note")
        return LrRangeTest(rates, losses, smooth, limit, reason)
    reason = Finding("finetuning.range_found", {"chosen": chosen, "grows": float(rates[lowest])}, "note")
    return LrRangeTest(rates, losses, smooth, chosen, reason)


def _find_steepest(losses: Numbers) -> int:
    """Find the middle of the stretch in which the losses fall fastest: the slope of a straight line through them.

    A stretch is long enough, a decade of the usual rates, that one lucky batch at a rate that moves nothing is no fall.
    """
    length = min(STRETCH, len(losses) // 2 * 2 - 1)
    across = np.arange(length) - (length - 1) / 2
    slopes = np.correlate(losses, across, mode="valid")
    return int(slopes.argmin()) + length // 2


def smoothed_losses(losses: Numbers) -> Numbers:
    """Smooth by an exponential average, corrected for its start.

    Examples
    --------
    >>> smoothed_losses(np.array([1.0, 1.0])).round(6).tolist()
    [1.0, 1.0]
    """
    average, smooth = 0.0, []
    for number, loss in enumerate(losses, start=1):
        average = SMOOTHING * average + (1 - SMOOTHING) * float(loss)
        smooth.append(average / (1 - SMOOTHING**number))
    return np.array(smooth)
