"""The guard of a model: what was learned on held-out predictions about when it should not answer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.heads.head import Decoding
from headstart.heads.probabilities import Scores, as_softmax
from headstart.probing.prediction import Prediction
from headstart.settings.fields import NoveltyName, SetName
from headstart.settings.recipe import Recipe
from headstart.uncertainty.conformal import Booleans, Floats, HeldOut, prediction_sets
from headstart.uncertainty.ood import ClassGaussians, Matrix, NearestIndex, energy, mahalanobis, neighbour_distances
from headstart.uncertainty.selective import SelectiveOutcomes, Threshold, choose_threshold


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What a user wants of a policy; keys of :class:`headstart.settings.recipe.Recipe` with their meaning there."""

    coverage: float = 0.9
    abstain: float = 0.0
    false_alarms: float = 0.05
    reject_unlike: bool = False

    @classmethod
    def of(cls, recipe: Recipe) -> "PolicySettings":
        """Take the settings out of a recipe, which has checked them."""
        return cls(
            recipe.uncertainty.coverage,
            recipe.uncertainty.abstain,
            recipe.uncertainty.false_alarms,
            recipe.uncertainty.reject_unlike,
        )


@dataclass(frozen=True, slots=True, eq=False)
class AnswerPolicy:
    """Scores of held-out pictures, and what follows from them. Nothing in it has seen the part that is scored.

    Attributes
    ----------
    rule, novelty
        How sets are made and strangeness is measured.
    asked
        What was wanted at the fit.
    sets
        Nonconformity of the true class of held-out pictures; None when too few could be held out.
    answers
        Confidence and correctness of the same pictures, or None.
    threshold
        What ``asked.abstain`` comes to; None when nothing was asked.
    strangeness
        Novelty of held-out pictures, or None.
    shape
        For the Mahalanobis distance, else None.
    grouped
        Whether groups, not pictures, were held out together: promises then are about a picture of a new group.
    """

    rule: SetName
    novelty: NoveltyName
    asked: PolicySettings
    sets: HeldOut | None
    answers: SelectiveOutcomes | None
    threshold: Threshold | None
    strangeness: HeldOut | None
    shape: ClassGaussians | None = None
    grouped: bool = False

    @property
    def quantile(self) -> float:
        """Largest nonconformity of a class that is in a set; infinite when too few pictures were held out."""
        return math.inf if self.sets is None else self.sets.quantile(self.asked.coverage)

    @property
    def strange_from(self) -> float:
        """Novelty beyond which a picture counts as unlike the training pictures; infinite when there is none."""
        return math.inf if self.strangeness is None else self.strangeness.quantile(1 - self.asked.false_alarms)


@dataclass(frozen=True, slots=True, eq=False)
class PolicyOutcomes:
    """What a guard says about N predictions.

    Attributes
    ----------
    sets
        Which classes are in the prediction set, shape (N, C).
    unsure
        Whether the confidence is below the threshold, shape (N,).
    unfamiliar
        Whether the picture is unlike the training pictures, shape (N,).
    novelty, familiarity
        The score, and the share of held-out training pictures that are at least as strange, shapes (N,); NaN when it
        is not measured.
    """

    sets: Booleans
    unsure: Booleans
    unfamiliar: Booleans
    novelty: Floats
    familiarity: Floats


def advise(
    guard: AnswerPolicy, verdicts: PolicyOutcomes, predictions: Sequence[Prediction], classes: Sequence[str]
) -> tuple[Prediction, ...]:
    """Write what a guard says into N predictions; the likeliest classes of a set come first."""
    advised = []
    for row, prediction in enumerate(predictions):
        inside = {classes[number] for number in np.flatnonzero(verdicts.sets[row]).tolist()}
        listed = [choice.label for choice in prediction.top if choice.label in inside]
        unfamiliar = bool(verdicts.unfamiliar[row])
        reason = _reason(guard, prediction.probability, bool(verdicts.unsure[row]), unfamiliar)
        known = not np.isnan(verdicts.novelty[row])
        advised.append(
            replace(
                prediction,
                prediction_set=(*listed, *(name for name in classes if name in inside and name not in listed)),
                abstained=bool(reason),
                reason=reason,
                unfamiliar=unfamiliar,
                familiarity=float(verdicts.familiarity[row]) if known else None,
                novelty=float(verdicts.novelty[row]) if known else None,
            )
        )
    return tuple(advised)


def _reason(guard: AnswerPolicy, probability: float, unsure: bool, unfamiliar: bool) -> str:
    if unfamiliar and guard.asked.reject_unlike:
        return "The picture is unlike the training pictures."
    if not unsure or guard.threshold is None:
        return ""
    wanted = f"{guard.threshold.wanted:.3g}"
    if not guard.threshold.reached:
        return f"The precision of {wanted} cannot be promised for any answer."
    return f"Not sure enough: {probability:.3f} is below {guard.threshold.confidence:.3f}, for a precision of {wanted}."


def ask(guard: AnswerPolicy, asked: PolicySettings) -> AnswerPolicy:
    """Ask for something else than at the fit: the held-out scores are still there.

    Examples
    --------
    >>> guard = AnswerPolicy("lac", "none", PolicySettings(), None, None, None, None)
    >>> ask(guard, PolicySettings(coverage=0.8)).asked.coverage
    0.8
    """
    if asked.abstain == guard.asked.abstain:
        return replace(guard, asked=asked)
    return replace(guard, asked=asked, threshold=threshold_for(guard.answers, asked.abstain))


def threshold_for(answers: SelectiveOutcomes | None, wanted: float) -> Threshold | None:
    """Choose the threshold for a precision: None when 0 is wanted, out of reach when no answers were held out.

    Examples
    --------
    >>> threshold_for(None, 0.0), threshold_for(None, 0.9).reached
    (None, False)
    """
    if not wanted:
        return None
    if answers is None:
        return Threshold(wanted, math.inf, math.nan, 0.0, 0.0, 0)
    return choose_threshold(answers, wanted)


def measure_novelty(
    guard: AnswerPolicy, features: Matrix, scores: Scores, decoding: Decoding, references: NearestIndex | None
) -> Floats:
    """Say how strange pictures are, shape (N,); NaN when the guard cannot tell.

    ``features`` has shape (N, D), ``scores`` of the head (N, C), ``references`` are R.

    Examples
    --------
    >>> guard = AnswerPolicy("lac", "energy", PolicySettings(), None, None, None, None)
    >>> from headstart.heads.probabilities import Softmax
    >>> measure_novelty(guard, np.zeros((1, 2)), np.zeros((1, 1)), Softmax(), None).tolist()
    [-0.0]
    """
    if guard.novelty == "energy":
        return energy(scores, as_softmax(decoding).temperature)
    if guard.novelty == "mahalanobis" and guard.shape is not None:
        return mahalanobis(features, guard.shape)
    if guard.novelty == "neighbours" and references is not None:
        return neighbour_distances(features, references)
    return np.full(len(features), np.nan)


def judge(guard: AnswerPolicy, probabilities: Floats, novelty: Floats) -> PolicyOutcomes:
    """Judge N predictions of shape (N, C), with the novelty of their pictures, shape (N,).

    Examples
    --------
    >>> from headstart.uncertainty.conformal import gather
    >>> ten = gather(np.arange(1, 20) / 20)
    >>> guard = AnswerPolicy("lac", "neighbours", PolicySettings(coverage=0.8, false_alarms=0.1), ten, None, None, ten)
    >>> found = judge(guard, np.array([[0.7, 0.3], [0.9, 0.1]]), np.array([0.5, 0.99]))
    >>> found.sets.tolist(), found.unfamiliar.tolist(), found.familiarity.round(2).tolist()
    ([[True, True], [True, False]], [False, True], [0.55, 0.05])
    """
    threshold = -math.inf if guard.threshold is None else guard.threshold.confidence
    known = guard.strangeness is not None
    nothing = np.full(len(probabilities), np.nan)
    return PolicyOutcomes(
        sets=prediction_sets(probabilities, guard.rule, guard.quantile),
        unsure=np.asarray(probabilities.max(axis=1) < threshold),
        unfamiliar=np.asarray(novelty > guard.strange_from) if known else np.zeros(len(probabilities), dtype=np.bool_),
        novelty=novelty if known else nothing,
        familiarity=guard.strangeness.share_beyond(novelty) if guard.strangeness is not None else nothing,
    )
