"""The answer policy of a model: what was learned on held-out examples about when it should not answer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.arrays import Booleans, Floats
from headstart.heads.head import Decoding
from headstart.heads.probabilities import Scores, as_softmax
from headstart.probing.class_prediction import Prediction
from headstart.runtime.findings import Finding
from headstart.settings.fields import NoveltyName, SetName
from headstart.settings.recipe import Recipe
from headstart.uncertainty.conformal import CalibrationScores, prediction_sets
from headstart.uncertainty.ood import ClassGaussians, Matrix, NearestIndex, energy, mahalanobis, neighbour_distances
from headstart.uncertainty.selective import SelectiveOutcomes, Threshold, select_threshold


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What a user wants of a policy; keys of :class:`headstart.settings.recipe.Recipe` with their meaning there."""

    coverage: float = 0.9
    abstain: float = 0.0
    false_alarms: float = 0.05
    reject_unlike: bool = False

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> "PolicySettings":
        """Return the settings of a recipe, which has checked them."""
        wanted = recipe.uncertainty
        return cls(wanted.coverage, wanted.abstain, wanted.false_alarms, wanted.reject_unlike)


@dataclass(frozen=True, slots=True, eq=False)
class AnswerPolicy:
    """Scores of held-out examples, and what follows from them. Nothing in it has seen the part that is scored.

    Attributes
    ----------
    rule, novelty
        How sets are made and novelty is measured.
    settings
        What was wanted at the fit.
    sets
        Nonconformity of the true class of held-out examples; None when too few could be held out.
    answers
        Confidence and correctness of the same examples, or None.
    threshold
        What ``settings.abstain`` comes to; None when nothing was wanted.
    novelties
        Novelty of held-out examples, or None.
    gaussians
        For the Mahalanobis distance, else None.
    grouped
        Whether groups, not examples, were held out together: promises then are about an example of a new group.
    """

    rule: SetName
    novelty: NoveltyName
    settings: PolicySettings
    sets: CalibrationScores | None = None
    answers: SelectiveOutcomes | None = None
    threshold: Threshold | None = None
    novelties: CalibrationScores | None = None
    gaussians: ClassGaussians | None = None
    grouped: bool = False

    @property
    def quantile(self) -> float:
        """Largest nonconformity of a class that is in a set; infinite when too few examples were held out."""
        return math.inf if self.sets is None else self.sets.quantile(self.settings.coverage)

    @property
    def novelty_threshold(self) -> float:
        """Novelty beyond which an example counts as unlike the training examples; infinite when there is none."""
        return math.inf if self.novelties is None else self.novelties.quantile(1 - self.settings.false_alarms)


@dataclass(frozen=True, slots=True, eq=False)
class PolicyOutcomes:
    """What comes of a policy for N predictions.

    Attributes
    ----------
    sets
        Which classes are in the prediction set, shape (N, C).
    unsure
        Whether the confidence is below the threshold, shape (N,).
    unfamiliar
        Whether the example is unlike the training examples, shape (N,).
    novelty, familiarity
        The score, and the share of held-out training examples that are at least as novel, shapes (N,); NaN when it
        is not measured.
    """

    sets: Booleans
    unsure: Booleans
    unfamiliar: Booleans
    novelty: Floats
    familiarity: Floats


def change_settings(policy: AnswerPolicy, settings: PolicySettings) -> AnswerPolicy:
    """Return the policy for other settings than those of the fit: the held-out scores are still there.

    Examples
    --------
    >>> policy = AnswerPolicy("lac", "none", PolicySettings())
    >>> change_settings(policy, PolicySettings(coverage=0.8)).settings.coverage
    0.8
    """
    if settings.abstain == policy.settings.abstain:
        return replace(policy, settings=settings)
    return replace(policy, settings=settings, threshold=select_threshold(policy.answers, settings.abstain))


def compute_novelty(
    policy: AnswerPolicy, features: Matrix, scores: Scores, decoding: Decoding, references: NearestIndex | None
) -> Floats:
    """Compute how unlike the training examples others are, shape (N,); NaN when the policy does not measure it.

    ``features`` has shape (N, D), ``scores`` of the head (N, C), ``references`` are R.

    Examples
    --------
    >>> from headstart.heads.probabilities import Softmax
    >>> policy = AnswerPolicy("lac", "energy", PolicySettings())
    >>> compute_novelty(policy, np.zeros((1, 2)), np.zeros((1, 1)), Softmax(), None).tolist()
    [-0.0]
    """
    if policy.novelty == "energy":
        return energy(scores, as_softmax(decoding).temperature)
    if policy.novelty == "mahalanobis" and policy.gaussians is not None:
        return mahalanobis(features, policy.gaussians)
    if policy.novelty == "neighbours" and references is not None:
        return neighbour_distances(features, references)
    return np.full(len(features), np.nan)


def apply_policy(policy: AnswerPolicy, probabilities: Floats, novelty: Floats) -> PolicyOutcomes:
    """Apply a policy to N predictions of shape (N, C), with the novelty of their examples, shape (N,).

    Examples
    --------
    >>> from headstart.uncertainty.conformal import calibration_scores
    >>> ten = calibration_scores(np.arange(1, 20) / 20)
    >>> settings = PolicySettings(coverage=0.8, false_alarms=0.1)
    >>> policy = AnswerPolicy("lac", "neighbours", settings, sets=ten, novelties=ten)
    >>> found = apply_policy(policy, np.array([[0.7, 0.3], [0.9, 0.1]]), np.array([0.5, 0.99]))
    >>> found.sets.tolist(), found.unfamiliar.tolist(), found.familiarity.round(2).tolist()
    ([[True, True], [True, False]], [False, True], [0.55, 0.05])
    """
    threshold = -math.inf if policy.threshold is None else policy.threshold.confidence
    known = policy.novelties
    nothing = np.full(len(probabilities), np.nan)
    return PolicyOutcomes(
        sets=prediction_sets(probabilities, policy.rule, policy.quantile),
        unsure=np.asarray(probabilities.max(axis=1) < threshold),
        unfamiliar=np.zeros(len(novelty), dtype=np.bool_) if known is None else novelty > policy.novelty_threshold,
        novelty=nothing if known is None else novelty,
        familiarity=nothing if known is None else known.share_beyond(novelty),
    )


def add_outcomes(
    policy: AnswerPolicy, outcomes: PolicyOutcomes, predictions: Sequence[Prediction], classes: Sequence[str]
) -> tuple[Prediction, ...]:
    """Add what comes of a policy to N predictions; the likeliest classes of a set come first."""
    added = []
    for row, prediction in enumerate(predictions):
        inside = {classes[number] for number in np.flatnonzero(outcomes.sets[row]).tolist()}
        listed = [choice.label for choice in prediction.top if choice.label in inside]
        unfamiliar, novelty = bool(outcomes.unfamiliar[row]), float(outcomes.novelty[row])
        reason = _reason(policy, prediction.probability, bool(outcomes.unsure[row]), unfamiliar)
        added.append(
            replace(
                prediction,
                prediction_set=(*listed, *(name for name in classes if name in inside and name not in listed)),
                abstained=reason is not None,
                why=reason,
                unfamiliar=unfamiliar,
                familiarity=None if math.isnan(novelty) else float(outcomes.familiarity[row]),
                novelty=None if math.isnan(novelty) else novelty,
            )
        )
    return tuple(added)


def _reason(policy: AnswerPolicy, probability: float, unsure: bool, unfamiliar: bool) -> Finding | None:
    if unfamiliar and policy.settings.reject_unlike:
        return Finding("uncertainty.unlike")
    if not unsure or policy.threshold is None:
        return None
    values = {"wanted": policy.threshold.wanted, "sure": probability, "needed": policy.threshold.confidence}
    return Finding("uncertainty.unsure" if policy.threshold.reached else "uncertainty.unpromised", values)
