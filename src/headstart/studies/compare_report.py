"""A comparison of arms: curves, gains, how many labels were saved, and the verdict, for people and as plain data."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.metrics.transfer import Multiplier, area_between, data_multiplier, drawn_means, interval, mcnemar
from headstart.metrics.values import Score
from headstart.reporting.tables import aligned
from headstart.studies.compare import ARMS, PRETRAINED, Answers, shots_name
from headstart.studies.rank import holm

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy of an arm at a number of examples per class; ``size`` is what there was on average."""

    arm: str
    shots: str
    size: float
    draws: int
    accuracy: Score


@dataclass(frozen=True, slots=True)
class Gain:
    """What an arm is ahead of the one without pretraining, in the same draws and pictures.

    ``error_reduction`` is the gain as a part of the mistakes the other makes; ``p`` is McNemar's on the first draw,
    corrected by Holm for all gains; ``multiplier`` says how many times more labels the other needs.
    """

    arm: str
    against: str
    shots: str
    difference: Score
    error_reduction: float
    p: float
    multiplier: Multiplier


@dataclass(frozen=True, slots=True)
class CompareReport:
    """What a comparison found.

    Attributes
    ----------
    points
        The curves, arm by arm.
    gains
        Of each pretrained arm over the one without pretraining, where both were computed.
    areas
        Mean gain over the logarithm of the size, by arm; NaN for one size.
    scored
        How many pictures were answered.
    notices
        Sentences for the user.
    """

    points: tuple[Point, ...]
    gains: tuple[Gain, ...]
    areas: dict[str, float]
    scored: int
    notices: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Say the same for people."""
        shots = list(dict.fromkeys(point.shots for point in self.points))
        table = [("examples per class", *shots)]
        for arm in dict.fromkeys(point.arm for point in self.points):
            own = {point.shots: str(point.accuracy) for point in self.points if point.arm == arm}
            table.append((NAMES[arm], *(own.get(one, "") for one in shots)))
        lines = [f"Accuracy on {self.scored:,} pictures, with 95 % intervals over draws and pictures:"]
        lines += [f"  {line}" for line in aligned(table).splitlines()]
        if self.gains:
            head = ("gain", "over", "examples", "points", "fewer mistakes", "labels", "p")
            rows = [
                (
                    NAMES[gain.arm],
                    NAMES[gain.against],
                    gain.shots,
                    _points(gain.difference),
                    f"{100 * gain.error_reduction:.0f} %",
                    f"{gain.multiplier} times",
                    f"{gain.p:.2g}",
                )
                for gain in self.gains
            ]
            lines += ["", *(f"  {line}" for line in aligned([head, *rows]).splitlines())]
        return [*lines, "", *self.verdict(), *self.notices]

    def verdict(self) -> list[str]:
        """Say plainly what the transfer was worth, in the order of the sizes."""
        if not self.gains:
            return ["Nothing to compare: take a pretrained arm (probe, lpft, full) and one without (scratch, random)."]
        said = []
        for arm in dict.fromkeys(gain.arm for gain in self.gains):
            own = [gain for gain in self.gains if gain.arm == arm]
            against = NAMES[own[0].against]
            helps = [gain.shots for gain in own if gain.difference.low > 0]
            hurts = [gain.shots for gain in own if gain.difference.high < 0]
            open_ = [gain.shots for gain in own if gain.difference.low <= 0 <= gain.difference.high]
            parts = []
            if helps:
                best = max(own, key=lambda gain: gain.difference.value)
                parts.append(
                    f"helps at {_listed(helps)} examples per class (most at {best.shots}: "
                    f"{100 * best.difference.value:+.1f} points; {against} needs {best.multiplier} times the labels)"
                )
            if hurts:
                parts.append(f"transfer hurts here at {_listed(hurts)}")
            if open_:
                parts.append(f"no difference can be shown at {_listed(open_)}")
            said.append(f"{NAMES[arm].capitalize()} against {against}: {'; '.join(parts)}.")
        return said

    def to_json(self) -> dict[str, Any]:
        """Give plain data: arms, curves, gain, data_multiplier, verdict."""
        return {
            "arms": list(dict.fromkeys(point.arm for point in self.points)),
            "scored": self.scored,
            "curves": [
                {
                    "arm": point.arm,
                    "shots": point.shots,
                    "examples_per_class": point.size,
                    "draws": point.draws,
                    "accuracy": point.accuracy.value,
                    "low": point.accuracy.low,
                    "high": point.accuracy.high,
                }
                for point in self.points
            ],
            "gain": [
                {
                    "arm": gain.arm,
                    "against": gain.against,
                    "shots": gain.shots,
                    **{name: getattr(gain.difference, name) for name in ("value", "low", "high")},
                    "error_reduction": None if math.isnan(gain.error_reduction) else gain.error_reduction,
                    "p": gain.p,
                }
                for gain in self.gains
            ],
            "data_multiplier": [
                {"arm": gain.arm, "against": gain.against, "shots": gain.shots, **asdict(gain.multiplier)}
                for gain in self.gains
            ],
            "area": {arm: None if math.isnan(area) else area for arm, area in self.areas.items()},
            "verdict": self.verdict(),
            "notices": list(self.notices),
        }


NAMES = {
    "majority": "majority class",
    "colours": "colour histogram",
    "random": "random features",
    "probe": "probe",
    "scratch": "training from scratch",
    "lpft": "LP-FT",
    "full": "fine-tuning",
}
# What the gain is measured against: the first of these that was computed.
REFERENCES = ("scratch", "random", "colours", "majority")


def report_answers(answers: Answers, groups: npt.NDArray[np.int64], seed: int, resamples: int) -> CompareReport:
    """Turn right and wrong answers into curves, gains and a verdict; ``groups`` (N,) are those of the test pictures."""
    present = [arm for arm in ARMS if any(key[0] == arm for key in answers.right)]
    shots = sorted(answers.sizes, key=lambda one: answers.sizes[one])
    draws: dict[tuple[str, int], npt.NDArray[np.float64]] = {}
    points = []
    for number in shots:
        here = [arm for arm in present if (arm, number) in answers.right]
        found = drawn_means([answers.right[arm, number] for arm in here], groups, seed, resamples)
        draws |= {(arm, number): row for arm, row in zip(here, found, strict=True)}
    for arm in present:
        for number in shots:
            if (arm, number) in answers.right:
                right = answers.right[arm, number]
                accuracy = interval(float(right.mean()), draws[arm, number])
                points.append(Point(arm, shots_name(number), answers.sizes[number], len(right), accuracy))
    reference = next((arm for arm in REFERENCES if arm in present), "")
    gains = _gains(answers, draws, shots, [arm for arm in PRETRAINED if arm in present], reference)
    areas = {}
    for arm in dict.fromkeys(gain.arm for gain in gains):
        both = [one for one in shots if (arm, one) in answers.right and (reference, one) in answers.right]
        curves = [[float(answers.right[name, one].mean()) for one in both] for name in (arm, reference)]
        areas[arm] = area_between([answers.sizes[one] for one in both], *curves)
    notices: tuple[str, ...] = ()
    if answers.missing:
        notices = (f"The time was over before {len(answers.missing)} cells: {', '.join(answers.missing[:3])} ...",)
    scored = next(iter(answers.right.values())).shape[1]
    return CompareReport(tuple(points), gains, areas, scored, notices)


def _gains(
    answers: Answers,
    draws: dict[tuple[str, int], npt.NDArray[np.float64]],
    shots: Sequence[int],
    arms: Sequence[str],
    reference: str,
) -> tuple[Gain, ...]:
    curve = [one for one in shots if (reference, one) in answers.right]
    sizes = [answers.sizes[one] for one in curve]
    accuracies = [float(answers.right[reference, one].mean()) for one in curve]
    cells = [(arm, one) for arm in arms for one in curve if (arm, one) in answers.right]
    values = holm([mcnemar(answers.right[cell][0], answers.right[reference, cell[1]][0]) for cell in cells])
    gains = []
    for (arm, one), p in zip(cells, values, strict=True):
        mine, other = (float(answers.right[name, one].mean()) for name in (arm, reference))
        gains.append(
            Gain(
                arm=arm,
                against=reference,
                shots=shots_name(one),
                difference=interval(mine - other, draws[arm, one] - draws[reference, one]),
                error_reduction=(mine - other) / (1 - other) if other < 1 else math.nan,
                p=p,
                multiplier=data_multiplier(mine, answers.sizes[one], sizes, accuracies),
            )
        )
    return tuple(gains)


def _points(difference: Score) -> str:
    return f"{100 * difference.value:+.1f} [{100 * difference.low:+.1f}, {100 * difference.high:+.1f}]"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
