"""What drove the transfer: the effect of each factor, as far as the arms that were run have measured it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Floats
from headstart.metrics.paired_tests import interval
from headstart.studies.compare import Answers, shots_name
from headstart.studies.conditions import PRETRAINED

Key = tuple[str, int]
NEVER = 0.02  # of the resamples, without a mistake: fewer than lie beyond a 95 % interval on one side


@dataclass(frozen=True, slots=True)
class Ablation:
    """A factor and its effect with a 95 % interval; None where the arms that were run did not measure it.

    ``effect`` is a difference of accuracies, except for the similarity of source and target: a part of mistakes. What
    its sentence (:func:`headstart.reporting.verdicts.factor_sentence`) is made of stands beside it: the arm, the
    examples per class (``size`` on average), from ``start`` on, and the steps of a training.
    """

    factor: str
    effect: float | None
    low: float | None
    high: float | None
    arm: str = ""
    shots: str = ""
    start: str = ""
    size: float | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Answers with their resampled accuracies by arm and examples per class, (R,) each."""

    answers: Answers
    draws: Mapping[Key, Floats]

    def sizes_of(self, *arms: str) -> list[int]:
        """List the sizes at which all these arms answered, ascending."""
        both = [shots for shots in self.answers.sizes if all((arm, shots) in self.answers.right for arm in arms)]
        return sorted(both, key=lambda shots: self.answers.sizes[shots])

    def accuracy(self, arm: str, shots: int) -> float:
        """Return the mean accuracy of an arm."""
        return float(self.answers.right[arm, shots].mean())


def find_factors(curves: Curves) -> tuple[Ablation, ...]:
    """Measure similarity, size, encoder and strategy from the arms that were run; nothing is guessed."""
    present = {arm for arm, _ in curves.answers.right}
    pretrained = next((arm for arm in PRETRAINED if arm in present), "")
    moving = [arm for arm in ("lora", "lpft", "full") if arm in present and "probe" in present]
    return (
        _similarity(curves),
        _size(curves, pretrained),
        _encoder(curves),
        *([_strategy(curves, arm) for arm in moving] or [_unmeasured("strategy")]),
    )


def _similarity(curves: Curves) -> Ablation:
    """Of the mistakes of random features, the part that pretrained weights avoid, with the fewest examples."""
    name = "similarity of source and target"
    shots = [size for size in curves.sizes_of("probe", "random") if _mistakes_enough(curves, size)]
    if not shots:
        return _unmeasured(name)
    probe, random = ((curves.accuracy(arm, shots[0]), curves.draws[arm, shots[0]]) for arm in ("probe", "random"))
    left = np.maximum(1 - random[1], 1e-12)  # so few draws without a mistake that they are beyond the interval
    found = interval((probe[0] - random[0]) / (1 - random[0]), (probe[1] - random[1]) / left)
    return Ablation(name, found.value, found.low, found.high, shots=shots_name(shots[0]))


def _mistakes_enough(curves: Curves, shots: int) -> bool:
    """Return whether a part of the mistakes of random features has an interval: nearly all draws must have one."""
    return curves.accuracy("random", shots) < 1 and float(np.mean(curves.draws["random", shots] >= 1)) < NEVER


def _size(curves: Curves, arm: str) -> Ablation:
    name = "size of the data"
    shots = curves.sizes_of(arm) if arm else []
    if len(shots) < 2:
        return _unmeasured(name)
    first, last = shots[0], shots[-1]
    gain = curves.accuracy(arm, last) - curves.accuracy(arm, first)
    found = interval(gain, curves.draws[arm, last] - curves.draws[arm, first])
    return Ablation(
        name,
        *(found.value, found.low, found.high),
        arm=arm,
        shots=shots_name(last),
        start=shots_name(first),
        size=curves.answers.sizes[last],
    )


def _encoder(curves: Curves) -> Ablation:
    name = "encoder"
    shots = curves.sizes_of("probe", "random")
    if not shots:
        return _unmeasured(name)
    return Ablation(name, *_difference(curves, "probe", "random", shots[-1]), shots=shots_name(shots[-1]))


def _strategy(curves: Curves, arm: str) -> Ablation:
    name = "strategy"
    shots = curves.sizes_of("probe", arm)
    if not shots:
        return _unmeasured(name, arm)
    found = _difference(curves, arm, "probe", shots[-1])
    return Ablation(name, *found, arm=arm, shots=shots_name(shots[-1]), steps=curves.answers.steps)


def _difference(curves: Curves, arm: str, other: str, shots: int) -> tuple[float, float, float]:
    gain = curves.accuracy(arm, shots) - curves.accuracy(other, shots)
    found = interval(gain, curves.draws[arm, shots] - curves.draws[other, shots])
    return found.value, found.low, found.high


def _unmeasured(name: str, arm: str = "") -> Ablation:
    return Ablation(name, None, None, None, arm=arm)
