"""The part of the model card about answers that should not be relied on."""

from collections.abc import Mapping
from typing import Any

from headstart.saving.card_parts import score_text
from headstart.saving.values import SavedModel
from headstart.uncertainty.policy import AnswerPolicy

RULES = {"lac": "1 - p of the class", "aps": "the sum of the likelier classes", "raps": "the same with a penalty"}
METHODS = {
    "neighbours": "the mean cosine distance to the three nearest training pictures",
    "energy": "minus the logsumexp of the scores",
    "mahalanobis": "the Mahalanobis distance to the nearest class mean",
}


def policy_section(model: SavedModel) -> str:
    """Write what the policy promises, and what came of it on the examples set apart."""
    policy, scores = model.policy, model.policy_scores or {}
    if policy is None:
        return "The model was saved without a guard: it answers every picture.\n"
    lines = [*_sets(policy, scores), *_answers(policy, scores), *_novelty(policy, scores)]
    if not lines:
        return "Too few pictures could be held out to promise anything: it answers every picture.\n"
    if scores.get("broken"):
        lines.append(
            f"Not kept on the pictures set apart: {', '.join(scores['broken'])}. They are unlike the fitted ones, or "
            "these are near-copies of each other."
        )
    over = "groups" if policy.grouped else "pictures"
    lines.append(f"The promises hold in the mean over new {over} like those in the data, and for no single class.")
    return "".join(f"- {line}\n" for line in lines)


def _sets(policy: AnswerPolicy, scores: Mapping[str, Any]) -> list[str]:
    if policy.sets is None:
        return []
    line = (
        f"Prediction sets hold the true class in at least {policy.settings.coverage:.3g} of the cases "
        f"({policy.rule}: {RULES[policy.rule]}; {len(policy.sets.values):,} held-out pictures)."
    )
    found = scores.get("sets")
    if found:
        line += (
            f" On the pictures set apart: {score_text(found['coverage'])}, {found['size']['value']:.2f} classes each."
        )
    return [line]


def _answers(policy: AnswerPolicy, scores: Mapping[str, Any]) -> list[str]:
    threshold = policy.threshold
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
        line += (
            f" On the pictures set apart: {score_text(found['precision'])}, {score_text(found['answered'])} answered."
        )
    return [line]


def _novelty(policy: AnswerPolicy, scores: Mapping[str, Any]) -> list[str]:
    if policy.novelties is None:
        return []
    line = (
        f"Pictures unlike the training pictures are flagged by {METHODS[policy.novelty]}; "
        f"{policy.settings.false_alarms:.3g} of the known ones may be flagged too."
    )
    found = scores.get("novelty")
    if found:
        line += f" On the pictures set apart: {score_text(found['false_alarms'])}."
    return [line]
