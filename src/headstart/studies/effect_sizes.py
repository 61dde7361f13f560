"""What an arm is ahead of another: the difference with its intervals, three paired tests, and the labels it saves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.metrics.paired_tests import (
    Multiplier,
    bootstrap_p,
    data_multiplier,
    holm,
    interval,
    mcnemar,
    resample_means,
)
from headstart.metrics.values import Score
from headstart.studies.compare import Answers, shots_name
from headstart.studies.result_cache import Right

TESTS = ("p", "p_examples", "p_draws")


@dataclass(frozen=True, slots=True)
class EffectSize:
    """What an arm is ahead of the one without pretraining, in the same draws and examples.

    Attributes
    ----------
    difference
        With the interval of the hierarchical bootstrap, over draws and examples.
    on_these_draws
        The same with that of the paired bootstrap over examples alone.
    error_reduction
        The gain as a part of the mistakes the other makes.
    p, p_examples, p_draws
        McNemar's exact test on the first draw; the paired bootstrap over examples; the hierarchical one. Each is
        corrected by Holm for all gains.
    multiplier
        How many times more labels the other needs.
    """

    arm: str
    against: str
    shots: str
    difference: Score
    on_these_draws: Score
    error_reduction: float
    p: float
    p_examples: float
    p_draws: float
    multiplier: Multiplier


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """How examples and draws are drawn again: ``groups`` (N,) are those of the examples."""

    groups: Integers
    seed: int
    resamples: int

    def difference(self, mine: Right, other: Right, *, over_draws: bool) -> Floats:
        """Resample the gain of one table of answers over another."""
        found = resample_means([mine, other], self.groups, self.seed, self.resamples, over_draws=over_draws)
        gain: Floats = found[0] - found[1]
        return gain


def measure_gains(
    answers: Answers, bootstrap: Bootstrap, shots: Sequence[int], arms: Sequence[str], reference: str
) -> tuple[EffectSize, ...]:
    """Measure what each arm is ahead of the reference at every size that both have; ``shots`` ascend."""
    curve = [one for one in shots if (reference, one) in answers.right]
    sizes = [answers.sizes[one] for one in curve]
    accuracies = [float(answers.right[reference, one].mean()) for one in curve]
    gains = []
    for arm, one in [(arm, one) for arm in arms for one in curve if (arm, one) in answers.right]:
        pair = in_common(answers.right[arm, one], answers.right[reference, one])
        mine, other = (float(right.mean()) for right in pair)
        drawn, on_these = (bootstrap.difference(*pair, over_draws=both) for both in (True, False))
        gains.append(
            EffectSize(
                arm=arm,
                against=reference,
                shots=shots_name(one),
                difference=interval(mine - other, drawn),
                on_these_draws=interval(mine - other, on_these),
                error_reduction=(mine - other) / (1 - other) if other < 1 else math.nan,
                p=mcnemar(pair[0][0], pair[1][0]) if pair[0].dtype == np.bool_ else bootstrap_p(on_these),
                p_examples=bootstrap_p(on_these),
                p_draws=bootstrap_p(drawn),
                multiplier=data_multiplier(mine, answers.sizes[one], sizes, accuracies),
            )
        )
    corrected = zip(*(holm([getattr(gain, name) for gain in gains]) for name in TESTS), strict=True)
    return tuple(
        replace(gain, **dict(zip(TESTS, values, strict=True))) for gain, values in zip(gains, corrected, strict=True)
    )


def in_common(mine: Right, other: Right) -> tuple[Right, Right]:
    """Select the draws that both have, unless one of them knows no draws: it has a single row, and stands beside all.

    Examples
    --------
    >>> in_common(np.ones((5, 2), dtype=bool), np.ones((3, 2), dtype=bool))[0].shape
    (3, 2)
    """
    count = min(len(mine), len(other))
    return (mine, other) if count == 1 else (mine[:count], other[:count])
