"""Whether a policy keeps what it promises, on examples that it has never seen; every share with its interval."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.classification.ranking import plan_ranking, rank_scores
from headstart.metrics.classification.weighted_scores import number_units
from headstart.metrics.intervals import percentile_interval, resampled_counts, resampled_means, spread_interval, wilson
from headstart.metrics.values import IntervalMethod, Score, plain_data
from headstart.uncertainty.conformal import coverage_range
from headstart.uncertainty.policy import AnswerPolicy, PolicyOutcomes


@dataclass(frozen=True, slots=True)
class SetScores:
    """Sets of classes: how often they hold the true class, and how large they are.

    Attributes
    ----------
    rule, promised
        How they are made, and the coverage that was asked for.
    coverage, size, single
        Share of the sets with the true class, mean number of classes, share of the sets with one class.
    per_class
        Coverage of the examples of each class, by name. Nothing is promised for it.
    held_out, likely_low, likely_high
        How many held-out examples the threshold rests on, and where the true coverage lies for 95 of 100 such draws.
    """

    rule: str
    promised: float
    coverage: Score
    size: Score
    single: Score
    per_class: dict[str, Score]
    held_out: int
    likely_low: float
    likely_high: float


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """Answers above the threshold of confidence: how many are right, and how many examples get one.

    ``wanted`` is the precision asked for; ``threshold`` is None when it could not be promised, and then no example gets
    an answer. ``bound`` is what could be promised on ``held_out`` held-out examples.
    """

    wanted: float
    threshold: float | None
    bound: float
    precision: Score
    answered: Score
    held_out: int


@dataclass(frozen=True, slots=True)
class OodScores:
    """Examples flagged as unlike the training examples.

    Attributes
    ----------
    method, promised
        How novelty is measured, and the share of false alarms that was asked for.
    likely_high
        Below it the true share lies for 97.5 of 100 draws of the held-out examples.
    threshold
        Novelty beyond which an example is flagged.
    false_alarms
        Share of the scored examples that are flagged.
    unfamiliar
        Name of the other examples, or None when there were none.
    count, auroc, found
        How many of those; the chance that one of them is novelr than a scored example; share that is flagged.
    """

    method: str
    promised: float
    likely_high: float
    threshold: float
    false_alarms: Score
    unfamiliar: str | None = None
    count: int = 0
    auroc: Score | None = None
    found: Score | None = None


@dataclass(frozen=True, slots=True)
class PolicyScores:
    """What a policy was worth on ``count`` examples; a part is None where the policy has none."""

    count: int
    sets: SetScores | None
    answers: AnswerScores | None
    novelty: OodScores | None

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON; numbers that are not defined become None; ``broken`` names the promises not kept."""
        found: dict[str, Any] = plain_data(asdict(self))
        return found | {"broken": broken_promises(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scored examples: labels (N,), probabilities (N, C), class names, groups (N,) or None; seed and resamples."""

    labels: Integers
    probabilities: Floats
    classes: Sequence[str]
    groups: Integers | None
    seed: int = 0
    resamples: int = 1000


@dataclass(frozen=True, slots=True, eq=False)
class OodSet:
    """Examples of another kind: what they are called, and the novelty of each, shape (M,)."""

    name: str
    novelty: Floats


def evaluate_policy(
    policy: AnswerPolicy, outcomes: PolicyOutcomes, scored: Scored, unfamiliar: OodSet | None = None
) -> PolicyScores:
    """Evaluate the outcomes for examples whose classes are known, and the novelty of others of another kind."""
    return PolicyScores(
        count=len(scored.labels),
        sets=None if policy.sets is None else _score_sets(policy, outcomes, scored),
        answers=None if policy.threshold is None else _score_answers(policy, outcomes, scored),
        novelty=None if policy.novelties is None else _score_novelty(policy, outcomes, scored, unfamiliar),
    )


def broken_promises(found: PolicyScores) -> list[str]:
    """List the promises that were not kept: the whole interval lies beyond what the held-out examples leave likely.

    Examples
    --------
    >>> high = Score(0.2, 0.15, 0.25, "wilson")
    >>> broken_promises(PolicyScores(9, None, None, OodScores("energy", 0.05, 0.08, 1.0, high)))
    ['false alarms']
    """
    sets, answers, novelty = found.sets, found.answers, found.novelty
    kept = {
        "coverage": sets is None or not sets.coverage.high < sets.likely_low,
        "precision": answers is None or not answers.precision.high < answers.wanted,
        "false alarms": novelty is None or not novelty.false_alarms.low > novelty.likely_high,
    }
    return [name for name, fine in kept.items() if not fine]


def share(hits: Booleans, scored: Scored, rows: Booleans | None = None) -> Score:
    """Compute the share of hits among the scored examples, or among those in ``rows``, with its 95 % interval.

    Wilson's for single examples; where they come in groups, whole groups are drawn.

    Examples
    --------
    >>> four = Scored(np.zeros(4, dtype=np.int64), np.ones((4, 1)), ("a",), None)
    >>> print(share(np.array([True, True, True, False]), four))
    0.750 [0.301, 0.954]
    """
    chosen = np.ones(len(hits), dtype=np.bool_) if rows is None else rows
    count, hit = int(chosen.sum()), int((hits & chosen).sum())
    units = number_units(scored.groups, len(hits))
    present = len(np.unique(units[chosen]))
    if present == count:
        return wilson(hit, count)
    total = int(units.max()) + 1
    of_unit = np.stack([np.bincount(units, hits & chosen, total), np.bincount(units, chosen, total)])
    drawn = [of_unit @ counts for counts in resampled_counts(total, scored.resamples, len(hits), scored.seed)]
    hit_draws, count_draws = np.concatenate(drawn, axis=1)
    with np.errstate(invalid="ignore"):
        draws = np.where(count_draws > 0, hit_draws / count_draws, np.nan)
    return spread_interval(hit / count if count else math.nan, draws, present, count, "group bootstrap")


def auroc(known: Floats, novel: Floats, seed: int = 0, resamples: int = 1000) -> Score:
    """Compute the chance that an example of another kind has a higher score than a known one, ties counting half.

    Both sides, of shapes (N,) and (M,), are resampled, each for itself.

    Examples
    --------
    >>> print(auroc(np.array([0.1, 0.2, 0.3, 0.6]), np.array([0.5, 0.7])))
    0.875 [...]
    """
    scores = np.concatenate([known, novel])
    plan = plan_ranking(scores, np.arange(len(scores)) >= len(known))
    value = float(rank_scores(plan, np.ones(len(scores))).roc_auc)
    blocks = zip(
        resampled_counts(len(known), resamples, len(scores), seed),
        resampled_counts(len(novel), resamples, len(scores), seed + 1),
        strict=True,
    )
    draws = np.concatenate([rank_scores(plan, np.concatenate(pair)).roc_auc for pair in blocks])
    # Near 1 the variance of an AUC A tends to A (1 - A) / 2 m with m on the rarer side (Hanley and McNeil 1982).
    rarer = 2.0 * min(len(known), len(novel))
    return spread_interval(value, draws, rarer, rarer, "bootstrap")


def _score_sets(policy: AnswerPolicy, outcomes: PolicyOutcomes, scored: Scored) -> SetScores:
    assert policy.sets is not None
    covered = np.asarray(outcomes.sets[np.arange(len(scored.labels)), scored.labels])
    sizes = outcomes.sets.sum(axis=1).astype(np.float64)
    low, high = coverage_range(policy.sets.groups, policy.settings.coverage)
    return SetScores(
        rule=policy.rule,
        promised=policy.settings.coverage,
        coverage=share(covered, scored),
        size=_mean(sizes, scored),
        single=share(sizes == 1, scored),
        per_class={name: share(covered, scored, scored.labels == number) for number, name in enumerate(scored.classes)},
        held_out=len(policy.sets.values),
        likely_low=low,
        likely_high=high,
    )


def _mean(values: Floats, scored: Scored) -> Score:
    units = number_units(scored.groups, len(values))
    total = int(units.max()) + 1
    sums, sizes = np.bincount(units, values, total), np.bincount(units, minlength=total)
    draws = resampled_means(sums, sizes, len(values), scored.resamples, scored.seed)
    method: IntervalMethod = "bootstrap" if total == len(values) else "group bootstrap"
    return percentile_interval(float(values.mean()), draws, total, method)


def _score_answers(policy: AnswerPolicy, outcomes: PolicyOutcomes, scored: Scored) -> AnswerScores:
    assert policy.threshold is not None
    right = np.asarray(scored.probabilities.argmax(axis=1) == scored.labels)
    return AnswerScores(
        wanted=policy.threshold.wanted,
        threshold=policy.threshold.confidence if policy.threshold.reached else None,
        bound=policy.threshold.bound,
        precision=share(right, scored, ~outcomes.unsure),
        answered=share(~outcomes.unsure, scored),
        held_out=policy.threshold.held_out,
    )


def _score_novelty(
    policy: AnswerPolicy, outcomes: PolicyOutcomes, scored: Scored, unfamiliar: OodSet | None
) -> OodScores:
    assert policy.novelties is not None
    found = OodScores(
        method=policy.novelty,
        promised=policy.settings.false_alarms,
        likely_high=1 - coverage_range(policy.novelties.groups, 1 - policy.settings.false_alarms)[0],
        threshold=policy.novelty_threshold,
        false_alarms=share(outcomes.unfamiliar, scored),
    )
    if unfamiliar is None:
        return found
    flagged = int((unfamiliar.novelty > policy.novelty_threshold).sum())
    return replace(
        found,
        unfamiliar=unfamiliar.name,
        count=len(unfamiliar.novelty),
        auroc=auroc(outcomes.novelty, unfamiliar.novelty, scored.seed, scored.resamples),
        found=wilson(flagged, len(unfamiliar.novelty)),
    )
