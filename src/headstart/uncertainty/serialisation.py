"""A policy as arrays and plain data, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.uncertainty.conformal import CalibrationScores
from headstart.uncertainty.ood import ClassGaussians
from headstart.uncertainty.policy import AnswerPolicy, PolicySettings
from headstart.uncertainty.selective import SelectiveOutcomes, Threshold

Arrays = dict[str, npt.NDArray[Any]]


def policy_arrays(policy: AnswerPolicy) -> Arrays:
    """Return the held-out scores by name; none when nothing was held out."""
    arrays: Arrays = {}
    for name, held in (("sets", policy.sets), ("novelty", policy.novelties)):
        if held is not None:
            arrays |= {f"{name}.values": held.values, f"{name}.masses": held.masses}
    if policy.answers is not None:
        arrays["answers.confidence"] = policy.answers.confidence
        arrays["answers.correct"] = policy.answers.correct.astype(np.uint8)
        arrays["answers.groups"] = policy.answers.groups
    if policy.gaussians is not None:
        arrays |= {"shape.means": policy.gaussians.means, "shape.whitening": policy.gaussians.whitening}
    return arrays


def policy_to_json(policy: AnswerPolicy) -> dict[str, Any]:
    """Return the rest as plain data; ``quantile`` and ``strange_from`` are what the settings come to.

    Examples
    --------
    >>> policy_to_json(AnswerPolicy("lac", "none", PolicySettings()))["asked"]["coverage"]
    0.9
    """
    from headstart.metrics.values import plain_data  # only where a policy is written

    found: dict[str, Any] = plain_data(
        {
            "rule": policy.rule,
            "novelty": policy.novelty,
            "asked": asdict(policy.settings),
            "threshold": None if policy.threshold is None else asdict(policy.threshold),
            "groups": {
                "sets": 0 if policy.sets is None else policy.sets.groups,
                "novelty": 0 if policy.novelties is None else policy.novelties.groups,
            },
            "grouped": policy.grouped,
            "quantile": policy.quantile,
            "strange_from": policy.novelty_threshold,
        }
    )
    return found


def read_policy(arrays: Arrays, data: Mapping[str, Any]) -> AnswerPolicy:
    """Read what the two functions above returned; raises KeyError, TypeError or ValueError when it does not fit."""
    answers, threshold = None, data["threshold"]
    if "answers.confidence" in arrays:
        correct = arrays["answers.correct"].astype(np.bool_)
        answers = SelectiveOutcomes(arrays["answers.confidence"], correct, arrays["answers.groups"])
    return AnswerPolicy(
        rule=data["rule"],
        novelty=data["novelty"],
        settings=PolicySettings(**data["asked"]),
        sets=_scores("sets", arrays, data),
        answers=answers,
        threshold=None if threshold is None else _threshold(threshold),
        novelties=_scores("novelty", arrays, data),
        gaussians=ClassGaussians(arrays["shape.means"], arrays["shape.whitening"]) if "shape.means" in arrays else None,
        grouped=data["grouped"],
    )


def _scores(name: str, arrays: Arrays, data: Mapping[str, Any]) -> CalibrationScores | None:
    if f"{name}.values" not in arrays:
        return None
    return CalibrationScores(arrays[f"{name}.values"], arrays[f"{name}.masses"], data["groups"][name])


def _threshold(data: Mapping[str, Any]) -> Threshold:
    """Read a threshold; JSON has no infinity and no NaN, so both were written as null."""
    missing = {"confidence": np.inf, "precision": np.nan}
    return Threshold(**{**data, **{name: value for name, value in missing.items() if data[name] is None}})
