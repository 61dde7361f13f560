"""The part of the model card about answers that should not be relied on."""

from collections.abc import Mapping
from typing import Any

from headstart.saving.values import SavedModel
from headstart.uncertainty.policy import AnswerPolicy

RULES = {"lac": "1 - p of the class", "aps": "the sum of the likelier classes", "raps": "the same with a penalty"}
METHODS = {
    "neighbours": "the mean cosine distance to the three nearest training pictures",
    "energy": "minus the logsumexp of the scores",
    "mahalanobis": "the Mahalanobis distance to the nearest class mean",
}


def guard_section(model: SavedModel) -> str:
    """Write what the guard promises, and what came of it on the pictures set apart."""
    guard, scores = model.guard, model.guard_scores or {}
    if guard is None:
        return "The model was saved without a guard: it answers every picture.\n"
    lines = [*_sets(guard, scores), *_answers(guard, scores), *_novelty(guard, scores)]
    if not lines:
        return "Too few pictures could be held out to promise anything: it answers every picture.\n"
    if scores.get("broken"):
        lines.append(
            f"Not kept on the pictures set apart: {', '.join(scores['broken'])}. They are unlike the fitted ones, or "
            "these are near-copies of each other."
        )
    over = "groups" if guard.grouped else "pictures"
    lines.append(f"The promises hold in the mean over new {over} like those in the data, and for no single class.")
    return "".join(f"- {line}\n" for line in lines)


def _sets(guard: AnswerPolicy, scores: Mapping[str, Any]) -> list[str]:
    if guard.sets is None:
        return []
    line = (
        f"Prediction sets hold the true class in at least {guard.asked.coverage:.3g} of the cases "
        f"({guard.rule}: {RULES[guard.rule]}; {len(guard.sets.values):,} held-out pictures)."
    )
    found = scores.get("sets")
    if found:
        line += f" On the pictures set apart: {_shown(found['coverage'])}, {found['size']['value']:.2f} classes each."
    return [line]


def _answers(guard: AnswerPolicy, scores: Mapping[str, Any]) -> list[str]:
    threshold = guard.threshold
    if threshold is None:
        return []
    if not threshold.reached:
        return [f"A precision of {threshold.wanted:.3g} was wanted and cannot be promised: it gives no answer."]
    line = (
        f"Answers less sure than {threshold.confidence:.3f} are not given, so that {threshold.wanted:.3g} of the "
        "others are right, with 95 % certainty."
    )
    found = scores.get("answers")
    if found:
        line += f" On the pictures set apart: {_shown(found['precision'])}, {_shown(found['answered'])} answered."
    return [line]


def _novelty(guard: AnswerPolicy, scores: Mapping[str, Any]) -> list[str]:
    if guard.strangeness is None:
        return []
    line = (
        f"Pictures unlike the training pictures are flagged by {METHODS[guard.novelty]}; "
        f"{guard.asked.false_alarms:.3g} of the known ones may be flagged too."
    )
    found = scores.get("novelty")
    if found:
        line += f" On the pictures set apart: {_shown(found['false_alarms'])}."
    return [line]


def _shown(score: Mapping[str, Any]) -> str:
    if score["value"] is None:
        return "not defined"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"
