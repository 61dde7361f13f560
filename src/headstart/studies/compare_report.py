"""A comparison of arms: curves, gains, how many labels were saved, and the verdict, for people and as plain data."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from headstart.arrays import Floats
from headstart.metrics.intervals import mean_interval
from headstart.metrics.paired_tests import area_between, resample_means
from headstart.metrics.values import Score
from headstart.modalities.base import DEFAULT, modality_json
from headstart.reporting.tables import indented
from headstart.reporting.verdicts import factor_line, factor_sentence, multiplier_text, out_of_reach, transfer_verdicts
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, notices_json, sentences
from headstart.studies.ablations import Ablation, Curves, find_factors
from headstart.studies.compare import Answers, shots_name
from headstart.studies.conditions import PRETRAINED, TRAINED
from headstart.studies.effect_sizes import Bootstrap, EffectSize, measure_gains

# Of the arms of a comparison; one that is not known here stands after the first.
ORDER = ("majority", "", "zero_shot", "random", "probe", "stacked", "scratch", "matched", "lora", "lpft", "full")


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy of an arm, or another metric, at a number of examples per class; ``size`` is their mean."""

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
        How many examples were answered.
    factors
        What drove it, as far as it was measured.
    rates
        Learning rates that were chosen, by arm and examples per class.
    findings
        What the user should know.
    metric
        What is compared.
    resampled
        Accuracy of each arm at each number of examples in the resamples behind the intervals, shape (R,): those of two
        reports on the same examples with the same seed and draws are paired.
    """

    points: tuple[Point, ...]
    gains: tuple[EffectSize, ...]
    areas: dict[str, float]
    scored: int
    factors: tuple[Ablation, ...] = ()
    rates: tuple[tuple[str, str, float], ...] = ()
    findings: tuple[Finding, ...] = ()
    metric: str = "accuracy"
    modality: str = DEFAULT
    resampled: dict[tuple[str, str], Floats] = field(default_factory=dict, compare=False, repr=False)

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        shots, texts = list(dict.fromkeys(point.shots for point in self.points)), texts.for_modality(self.modality)
        heads = {one: texts.say("page.shots.word_all") if one == "all" else one for one in shots}
        table = [(texts.say("studies.per_class"), *heads.values())]
        for arm in dict.fromkeys(point.arm for point in self.points):
            own = {point.shots: str(point.accuracy) for point in self.points if point.arm == arm}
            table.append((texts.name("reporting.arm", arm), *(own.get(one, "") for one in shots)))
        lines = [
            texts.say(
                "studies.metric_on", {"metric": texts.name("reporting.metric", self.metric), "count": self.scored}
            ),
            *indented(table),
        ]
        if self.gains:
            rows = [
                (
                    *(texts.name("reporting.arm", arm) for arm in (gain.arm, gain.against)),
                    heads.get(gain.shots, gain.shots),
                    _points(gain.difference),
                    "" if math.isnan(gain.error_reduction) else f"{100 * gain.error_reduction:.0f} %",
                    _labels_cell(gain, texts),
                    f"{gain.p:.2g}",
                )
                for gain in self.gains
            ]
            lines += ["", *indented([texts.columns("studies.gains"), *rows])]
        driven = [f"  {factor_line(asdict(one), texts)}" for one in self.factors]
        return [
            *lines,
            "",
            *self.verdict(texts),
            "",
            texts.say("studies.drove"),
            *driven,
            *sentences(self.findings, texts),
        ]

    def verdict(self, texts: Texts = ENGLISH) -> list[str]:
        """Write plainly what the transfer was worth, in the order of the sizes."""
        return transfer_verdicts(self._gains_json(), texts)

    def _gains_json(self) -> dict[str, Any]:
        names = [{"arm": gain.arm, "against": gain.against, "shots": _number(gain.shots)} for gain in self.gains]
        found = [{end: getattr(gain.difference, end) for end in ("value", "low", "high")} for gain in self.gains]
        return {
            "gain": [name | score for name, score in zip(names, found, strict=True)],
            "data_multiplier": [name | asdict(gain.multiplier) for name, gain in zip(names, self.gains, strict=True)],
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain data: arms, curves, gain, data_multiplier, verdict."""
        return {
            "arms": list(dict.fromkeys(point.arm for point in self.points)),
            "scored": self.scored,
            **modality_json(self.modality),
            **({} if self.metric == "accuracy" else {"metric": self.metric}),
            "curves": [
                {
                    "arm": point.arm,
                    "shots": _number(point.shots),
                    "examples_per_class": point.size,
                    "draws": point.draws,
                    self.metric: point.accuracy.value,
                    "low": point.accuracy.low,
                    "high": point.accuracy.high,
                }
                for point in self.points
            ],
            "gain": [
                {
                    **shown,
                    "error_reduction": None if math.isnan(gain.error_reduction) else gain.error_reduction,
                    "p": gain.p,
                    "tests": {
                        "mcnemar": {"p": gain.p},
                        "pictures": _test_json(gain.on_these_draws, gain.p_examples),
                        "draws and pictures": _test_json(gain.difference, gain.p_draws),
                    },
                }
                for shown, gain in zip(self._gains_json()["gain"], self.gains, strict=True)
            ],
            "data_multiplier": self._gains_json()["data_multiplier"],
            "area": {arm: None if math.isnan(area) else area for arm, area in self.areas.items()},
            "verdict": self.verdict(),
            "factors": [_factor_json(factor) for factor in self.factors],
            "rates": [{"arm": arm, "shots": _number(shots), "rate": rate} for arm, shots, rate in self.rates],
            **notices_json(self.findings),
        }


def _number(shots: str) -> int | str:
    """Return a number of examples as one; "all" stays."""
    return int(shots) if shots.isdecimal() else shots


def report_answers(answers: Answers, bootstrap: Bootstrap, references: Sequence[str]) -> CompareReport:
    """Turn right and wrong answers into curves, gains and a verdict.

    ``references`` are arms without pretraining: gains are over the first of them that was computed, else over the
    majority.
    """
    groups, seed, resamples = bootstrap.groups, bootstrap.seed, bootstrap.resamples
    places = {arm: place for place, arm in enumerate(ORDER)}
    present = sorted({arm for arm, _ in answers.right}, key=lambda arm: places.get(arm, 1))
    shots = sorted(answers.sizes, key=lambda one: answers.sizes[one])
    cells = [(arm, one) for arm in present for one in shots if (arm, one) in answers.right]
    tables = [answers.right[cell] for cell in cells]
    draws = dict(zip(cells, resample_means(tables, groups, seed, resamples), strict=True))
    units = len(np.unique(groups))
    points = []
    for (arm, one), right in zip(cells, tables, strict=True):
        interval = mean_interval(right, draws[arm, one], units)
        points.append(Point(arm, shots_name(one), answers.sizes[one], len(right), interval))
    reference = next((arm for arm in (*references, "majority") if arm in present), "")
    pretrained = [arm for arm in PRETRAINED if arm in present]
    gains = measure_gains(answers, bootstrap, shots, pretrained, reference)
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
        find_factors(Curves(answers, draws)),
        tuple((arm, shots_name(one), rate) for (arm, one), rate in (answers.rates or {}).items()),
        _notices(answers, present),
        answers.metric,
        resampled={(arm, shots_name(one)): row for (arm, one), row in draws.items()},
    )


def _test_json(score: Score, p: float) -> dict[str, float]:
    return {"low": score.low, "high": score.high, "p": p}


def _factor_json(factor: Ablation) -> dict[str, Any]:
    found = asdict(factor)
    ends = {name: found.pop(name) for name in ("factor", "effect", "low", "high")}
    return {
        **ends,
        "sentence": factor_sentence(asdict(factor), ENGLISH),
        **found,
        "shots": _number(factor.shots),
        "start": _number(factor.start),
    }


def _notices(answers: Answers, present: Sequence[str]) -> tuple[Finding, ...]:
    notices = []
    if any(arm in TRAINED for arm in present):
        code = "studies.steps" if "scratch" in present else "studies.steps_alone"
        notices.append(Finding(code, {"steps": answers.steps}, "note"))
    if answers.missing:
        more = " ..." if len(answers.missing) > 3 else ""
        values = {"count": len(answers.missing), "cells": answers.missing[:3], "more": more}
        notices.append(Finding("studies.time_over", values))
    return tuple(notices)


def _labels_cell(gain: EffectSize, texts: Texts) -> str:
    multiplier = asdict(gain.multiplier)
    if out_of_reach(multiplier):
        return texts.say("page.transfer.never")
    if gain.multiplier.bound == "less than" and gain.multiplier.value >= 0.95:  # at the start of its curve
        return texts.say("studies.fewer")
    return texts.say("studies.times", {"times": multiplier_text(multiplier, texts)})


def _points(difference: Score) -> str:
    return f"{100 * difference.value:+.1f} [{100 * difference.low:+.1f}, {100 * difference.high:+.1f}]"
