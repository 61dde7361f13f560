"""A comparison of arms: curves, gains, how many labels were saved, and the verdict, for people and as plain data."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.metrics.intervals import spread_interval
from headstart.metrics.paired_tests import area_between, drawn_means
from headstart.metrics.values import Score
from headstart.reporting.tables import aligned
from headstart.studies.ablations import Ablation, Curves, find_factors
from headstart.studies.compare import Answers, shots_name
from headstart.studies.conditions import PRETRAINED, TRAINED
from headstart.studies.effect_sizes import Bootstrap, EffectSize, measure_gains


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy of an arm at a number of examples per class; ``size`` is what there was on average."""

    arm: str
    shots: str
    size: float
    draws: int
    accuracy: Score


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
    factors
        What drove it, as far as it was measured.
    rates
        Learning rates that were chosen, by arm and examples per class.
    notices
        Sentences for the user.
    resampled
        Accuracy of each arm at each number of examples in the resamples behind the intervals, shape (R,): those of two
        reports on the same pictures with the same seed and draws are paired.
    """

    points: tuple[Point, ...]
    gains: tuple[EffectSize, ...]
    areas: dict[str, float]
    scored: int
    factors: tuple[Ablation, ...] = ()
    rates: tuple[tuple[str, str, float], ...] = ()
    notices: tuple[str, ...] = ()
    resampled: dict[tuple[str, str], npt.NDArray[np.float64]] = field(default_factory=dict, compare=False, repr=False)

    def lines(self) -> list[str]:
        """Say the same for people."""
        shots = list(dict.fromkeys(point.shots for point in self.points))
        table = [("examples per class", *shots)]
        for arm in dict.fromkeys(point.arm for point in self.points):
            own = {point.shots: str(point.accuracy) for point in self.points if point.arm == arm}
            table.append((NAMES.get(arm, arm), *(own.get(one, "") for one in shots)))
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
                    "" if math.isnan(gain.error_reduction) else f"{100 * gain.error_reduction:.0f} %",
                    _labels_cell(gain),
                    f"{gain.p:.2g}",
                )
                for gain in self.gains
            ]
            lines += ["", *(f"  {line}" for line in aligned([head, *rows]).splitlines())]
        driven = [f"  {one.factor}: {one.sentence}" for one in self.factors]
        return [*lines, "", *self.verdict(), "", "What drove it:", *driven, *self.notices]

    def verdict(self) -> list[str]:
        """Say plainly what the transfer was worth, in the order of the sizes."""
        if not self.gains:
            return [
                "No transfer was measured: take a pretrained arm (probe, lpft, full) and one without (scratch, random)."
            ]
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
                    f"{100 * best.difference.value:+.1f} points; {against} {_labels_needed(best)})"
                )
            if hurts:
                parts.append(f"transfer hurts here at {_listed(hurts)}")
            if open_:
                parts.append(f"no difference can be shown at {_listed(open_)}")
            said.append(f"{NAMES[arm][0].upper()}{NAMES[arm][1:]} against {against}: {'; '.join(parts)}.")
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
                    "tests": {
                        "mcnemar": {"p": gain.p},
                        "pictures": {
                            "low": gain.on_these_draws.low,
                            "high": gain.on_these_draws.high,
                            "p": gain.p_pictures,
                        },
                        "draws and pictures": {
                            "low": gain.difference.low,
                            "high": gain.difference.high,
                            "p": gain.p_draws,
                        },
                    },
                }
                for gain in self.gains
            ],
            "data_multiplier": [
                {"arm": gain.arm, "against": gain.against, "shots": gain.shots, **asdict(gain.multiplier)}
                for gain in self.gains
            ],
            "area": {arm: None if math.isnan(area) else area for arm, area in self.areas.items()},
            "verdict": self.verdict(),
            "factors": [asdict(factor) for factor in self.factors],
            "rates": [{"arm": arm, "shots": shots, "rate": rate} for arm, shots, rate in self.rates],
            "notices": list(self.notices),
        }


NAMES = {
    "majority": "majority class",
    "colours": "colour histogram",
    "column": "best column",
    "random": "random features",
    "probe": "probe",
    "scratch": "training from scratch",
    "matched": "training from shuffled weights",
    "lpft": "LP-FT",
    "full": "fine-tuning",
}
# What the gain is measured against: the first of these that was computed.
REFERENCES = ("scratch", "matched", "random", "colours", "column", "majority")


def report_answers(answers: Answers, groups: npt.NDArray[np.int64], seed: int, resamples: int) -> CompareReport:
    """Turn right and wrong answers into curves, gains and a verdict; ``groups`` (N,) are those of the test pictures."""
    places = {arm: place for place, arm in enumerate(NAMES)}
    present = sorted({arm for arm, _ in answers.right}, key=lambda arm: places.get(arm, 1))
    shots = sorted(answers.sizes, key=lambda one: answers.sizes[one])
    cells = [(arm, one) for arm in present for one in shots if (arm, one) in answers.right]
    tables = [answers.right[cell] for cell in cells]
    draws = dict(zip(cells, drawn_means(tables, groups, seed, resamples), strict=True))
    units = len(np.unique(groups))
    points = []
    for (arm, one), right in zip(cells, tables, strict=True):
        spread = spread_interval(float(right.mean()), draws[arm, one], units, right.shape[1], "bootstrap")
        points.append(Point(arm, shots_name(one), answers.sizes[one], len(right), spread))
    reference = next((arm for arm in REFERENCES if arm in present), "")
    pretrained = [arm for arm in PRETRAINED if arm in present]
    gains = measure_gains(answers, Bootstrap(groups, seed, resamples), shots, pretrained, reference)
    areas = {}
    for arm in dict.fromkeys(gain.arm for gain in gains):
        both = [one for one in shots if (arm, one) in answers.right and (reference, one) in answers.right]
        curves = [[float(answers.right[name, one].mean()) for one in both] for name in (arm, reference)]
        areas[arm] = area_between([answers.sizes[one] for one in both], *curves)
    return CompareReport(
        tuple(points),
        gains,
        areas,
        tables[0].shape[1] if tables else 0,
        find_factors(Curves(answers, draws, NAMES)),
        tuple((arm, shots_name(one), rate) for (arm, one), rate in (answers.rates or {}).items()),
        _notices(answers, present),
        {(arm, shots_name(one)): row for (arm, one), row in draws.items()},
    )


def _notices(answers: Answers, present: Sequence[str]) -> tuple[str, ...]:
    notices = []
    if any(arm in TRAINED for arm in present):
        nearer = " With more steps (--steps) training from scratch may come nearer." if "scratch" in present else ""
        notices.append(
            f"Every network was trained for about {answers.steps} steps, at the best of several learning rates.{nearer}"
        )
    if answers.missing:
        some = ", ".join(answers.missing[:3]) + (" ..." if len(answers.missing) > 3 else "")
        notices.append(f"The time was over before {len(answers.missing)} cells: {some}")
    return tuple(notices)


def _labels_needed(gain: EffectSize) -> str:
    if _out_of_reach(gain):
        return "cannot get there with the most labels tried"
    return f"would need {gain.multiplier} times the labels"


def _labels_cell(gain: EffectSize) -> str:
    if _out_of_reach(gain):
        return "not reached"
    if gain.multiplier.bound == "less than" and gain.multiplier.value >= 0.95:  # at the start of its curve
        return "fewer"
    return f"{gain.multiplier} times"


def _out_of_reach(gain: EffectSize) -> bool:
    """Say whether the other arm, at the end of its curve, stays below: "more than 1 times" tells nobody anything."""
    return gain.multiplier.bound == "more than" and gain.multiplier.value < 1.05


def _points(difference: Score) -> str:
    return f"{100 * difference.value:+.1f} [{100 * difference.low:+.1f}, {100 * difference.high:+.1f}]"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
