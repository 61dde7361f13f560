"""A guard to and from a model folder: arrays in ``guard.safetensors``, the rest in the manifest."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.metrics.values import plain_data
from headstart.saving.tensors import read_tensors, write_tensors
from headstart.uncertainty.conformal import HeldOut
from headstart.uncertainty.ood import ClassGaussians
from headstart.uncertainty.policy import AnswerPolicy, PolicySettings
from headstart.uncertainty.selective import SelectiveOutcomes, Threshold

GUARD = "guard.safetensors"

Arrays = dict[str, npt.NDArray[Any]]


def write_guard(folder: Path, guard: AnswerPolicy) -> None:
    """Write the held-out scores, if there are any; raises OSError."""
    arrays: Arrays = {**_scores("sets", guard.sets), **_scores("novelty", guard.strangeness)}
    if guard.answers is not None:
        arrays["answers.confidence"] = guard.answers.confidence
        arrays["answers.correct"] = guard.answers.correct.astype(np.uint8)
        arrays["answers.groups"] = guard.answers.groups
    if guard.shape is not None:
        arrays["shape.means"], arrays["shape.whitening"] = guard.shape.means, guard.shape.whitening
    if arrays:
        write_tensors(folder / GUARD, arrays)


def guard_json(guard: AnswerPolicy) -> dict[str, Any]:
    """Describe a guard for the manifest; ``quantile`` and ``strange_from`` are what the settings come to.

    Examples
    --------
    >>> guard_json(AnswerPolicy("lac", "none", PolicySettings(), None, None, None, None))["asked"]["coverage"]
    0.9
    """
    found: dict[str, Any] = plain_data(
        {
            "rule": guard.rule,
            "novelty": guard.novelty,
            "asked": asdict(guard.asked),
            "threshold": None if guard.threshold is None else asdict(guard.threshold),
            "groups": {
                "sets": 0 if guard.sets is None else guard.sets.groups,
                "novelty": 0 if guard.strangeness is None else guard.strangeness.groups,
            },
            "grouped": guard.grouped,
            "quantile": guard.quantile,
            "strange_from": guard.strange_from,
        }
    )
    return found


def read_guard(folder: Path, described: Mapping[str, Any]) -> AnswerPolicy:
    """Read what :func:`write_guard` wrote; raises KeyError, TypeError or ValueError when it does not fit."""
    arrays = read_tensors(folder / GUARD) if (folder / GUARD).is_file() else {}
    answers = None
    if "answers.confidence" in arrays:
        correct = arrays["answers.correct"].astype(np.bool_)
        answers = SelectiveOutcomes(arrays["answers.confidence"], correct, arrays["answers.groups"])
    threshold = described["threshold"]
    return AnswerPolicy(
        rule=described["rule"],
        novelty=described["novelty"],
        asked=PolicySettings(**described["asked"]),
        sets=_held_out("sets", arrays, described),
        answers=answers,
        threshold=None if threshold is None else _threshold(threshold),
        strangeness=_held_out("novelty", arrays, described),
        shape=ClassGaussians(arrays["shape.means"], arrays["shape.whitening"]) if "shape.means" in arrays else None,
        grouped=described["grouped"],
    )


def _scores(name: str, held: HeldOut | None) -> Arrays:
    return {} if held is None else {f"{name}.values": held.values, f"{name}.masses": held.masses}


def _held_out(name: str, arrays: Arrays, described: Mapping[str, Any]) -> HeldOut | None:
    if f"{name}.values" not in arrays:
        return None
    return HeldOut(arrays[f"{name}.values"], arrays[f"{name}.masses"], described["groups"][name])


def _threshold(described: Mapping[str, Any]) -> Threshold:
    """Read a threshold; JSON has no infinity and no NaN, so both were written as null."""
    values = dict(described)
    values["confidence"] = np.inf if values["confidence"] is None else values["confidence"]
    values["precision"] = np.nan if values["precision"] is None else values["precision"]
    return Threshold(**values)
