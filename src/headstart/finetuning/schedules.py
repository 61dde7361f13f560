"""The learning rate over the steps of a training, as a share of its peak."""

import math

from headstart.settings.fields import ScheduleName


def rate_factor(schedule: ScheduleName, step: int, steps: int, warmup: float) -> float:
    """Return the share of the peak rate for ``step`` of 0 ... ``steps`` - 1.

    A linear rise over ``warmup`` of the steps comes first. Then ``cosine`` falls to 0, ``step`` divides by 10 after one
    half and three quarters of the rest, ``constant`` stays. ``one-cycle`` is Smith's (2018) as in PyTorch: cosines from
    1/25 up over the warm-up (0.3 when none is given), then down to 1/250,000.

    Examples
    --------
    >>> [round(rate_factor("cosine", step, 4, 0.0), 3) for step in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    """
    if schedule == "one-cycle":
        return _one_cycle(step, steps, warmup or 0.3)
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    share = (step - rising) / max(1, steps - rising)
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * share))
    if schedule == "step":
        return 0.1 ** ((share >= 0.5) + (share >= 0.75))
    return 1.0


def _one_cycle(step: int, steps: int, warmup: float) -> float:
    top = warmup * steps - 1
    first, last = 1 / 25, 1 / 25 / 1e4
    if step <= top:
        return _between(first, 1.0, step / top if top > 0 else 1.0)
    return _between(1.0, last, min(1.0, (step - top) / max(1.0, steps - 1 - top)))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
