"""Whether a guard keeps what it promises, on pictures that it has never seen; every share with its interval."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from headstart.metrics.intervals import percentile_interval, resampled_counts, spread_interval, wilson
from headstart.metrics.ranking import plan_ranking, rank_scores
from headstart.metrics.values import IntervalMethod, Score, plain_data
from headstart.metrics.weighted_scores import number_units
from headstart.uncertainty.conformal import Booleans, Floats, Integers, coverage_range
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
        Coverage of the pictures of each class, by name. Nothing is promised for it.
    held_out, likely_low, likely_high
        How many held-out pictures the threshold rests on, and where the true coverage lies for 95 of 100 such draws.
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
    """Answers above the threshold of confidence: how many are right, and how many pictures get one.

    ``wanted`` is the precision asked for; ``threshold`` is None when it could not be promised, and then no picture gets
    an answer. ``bound`` is what could be promised on ``held_out`` held-out pictures.
    """

    wanted: float
    threshold: float | None
    bound: float
    precision: Score
    answered: Score
    held_out: int


@dataclass(frozen=True, slots=True)
class OodScores:
    """Pictures flagged as unlike the training pictures.

    Attributes
    ----------
    method, promised
        How novelty is measured, and the share of false alarms that was asked for.
    likely_high
        Below it the true share lies for 97.5 of 100 draws of the held-out pictures.
    threshold
        Novelty beyond which a picture is flagged.
    false_alarms
        Share of the scored pictures that are flagged.
    unfamiliar
        Name of the other pictures, or None when there were none.
    count, auroc, found
        How many of those; the chance that one of them is stranger than a scored picture; share that is flagged.
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
    """What a guard was worth on ``count`` pictures; a part is None where the guard has none."""

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
    """The scored pictures: labels (N,), probabilities (N, C), class names, groups (N,) or None; seed and resamples."""

    labels: Integers
    probabilities: Floats
    classes: Sequence[str]
    groups: Integers | None
    seed: int = 0
    resamples: int = 1000


@dataclass(frozen=True, slots=True, eq=False)
class OodSet:
    """Pictures of another kind: what they are called, and the novelty of each, shape (M,)."""

    name: str
    novelty: Floats


def score_guard(
    guard: AnswerPolicy, verdicts: PolicyOutcomes, scored: Scored, unfamiliar: OodSet | None = None
) -> PolicyScores:
    """Score what a guard said about pictures whose classes are known, and about others of another kind."""
    return PolicyScores(
        count=len(scored.labels),
        sets=None if guard.sets is None else _score_sets(guard, verdicts, scored),
        answers=None if guard.threshold is None else _score_answers(guard, verdicts, scored),
        novelty=None if guard.strangeness is None else _score_novelty(guard, verdicts, scored, unfamiliar),
    )


def broken_promises(found: PolicyScores) -> list[str]:
    """Name the promises that were not kept: the whole interval lies beyond what the held-out pictures leave likely.

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
    """Give the share of hits among the scored pictures, or among those in ``rows``, with its 95 % interval.

    Wilson's for single pictures; where they come in groups, whole groups are drawn.

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


def auroc(known: Floats, strange: Floats, seed: int = 0, resamples: int = 1000) -> Score:
    """Give the chance that a strange picture has a higher score than a known one, ties counting half.

    Both sides, of shapes (N,) and (M,), are resampled, each for itself.

    Examples
    --------
    >>> print(auroc(np.array([0.1, 0.2, 0.3, 0.6]), np.array([0.5, 0.7])))
    0.875 [...]
    """
    scores = np.concatenate([known, strange])
    plan = plan_ranking(scores, np.arange(len(scores)) >= len(known))
    value = float(rank_scores(plan, np.ones(len(scores))).roc_auc)
    blocks = zip(
        resampled_counts(len(known), resamples, len(scores), seed),
        resampled_counts(len(strange), resamples, len(scores), seed + 1),
        strict=True,
    )
    draws = np.concatenate([rank_scores(plan, np.concatenate(pair)).roc_auc for pair in blocks])
    # Near 1 the variance of an AUC A tends to A (1 - A) / 2 m with m on the rarer side (Hanley and McNeil 1982).
    rarer = 2.0 * min(len(known), len(strange))
    return spread_interval(value, draws, rarer, rarer, "bootstrap")


def _score_sets(guard: AnswerPolicy, verdicts: PolicyOutcomes, scored: Scored) -> SetScores:
    assert guard.sets is not None
    covered = np.asarray(verdicts.sets[np.arange(len(scored.labels)), scored.labels])
    sizes = verdicts.sets.sum(axis=1).astype(np.float64)
    low, high = coverage_range(guard.sets.groups, guard.asked.coverage)
    return SetScores(
        rule=guard.rule,
        promised=guard.asked.coverage,
        coverage=share(covered, scored),
        size=_mean(sizes, scored),
        single=share(sizes == 1, scored),
        per_class={name: share(covered, scored, scored.labels == number) for number, name in enumerate(scored.classes)},
        held_out=len(guard.sets.values),
        likely_low=low,
        likely_high=high,
    )


def _mean(values: Floats, scored: Scored) -> Score:
    units = number_units(scored.groups, len(values))
    total = int(units.max()) + 1
    sums, sizes = np.bincount(units, values, total), np.bincount(units, minlength=total)
    draws = np.concatenate(
        [
            (sums @ counts) / (sizes @ counts)
            for counts in resampled_counts(total, scored.resamples, len(values), scored.seed)
        ]
    )
    method: IntervalMethod = "bootstrap" if total == len(values) else "group bootstrap"
    return percentile_interval(float(values.mean()), draws, total, method)


def _score_answers(guard: AnswerPolicy, verdicts: PolicyOutcomes, scored: Scored) -> AnswerScores:
    assert guard.threshold is not None
    right = np.asarray(scored.probabilities.argmax(axis=1) == scored.labels)
    return AnswerScores(
        wanted=guard.threshold.wanted,
        threshold=guard.threshold.confidence if guard.threshold.reached else None,
        bound=guard.threshold.bound,
        precision=share(right, scored, ~verdicts.unsure),
        answered=share(~verdicts.unsure, scored),
        held_out=guard.threshold.held_out,
    )


def _score_novelty(
    guard: AnswerPolicy, verdicts: PolicyOutcomes, scored: Scored, unfamiliar: OodSet | None
) -> OodScores:
    assert guard.strangeness is not None
    found = OodScores(
        method=guard.novelty,
        promised=guard.asked.false_alarms,
        likely_high=1 - coverage_range(guard.strangeness.groups, 1 - guard.asked.false_alarms)[0],
        threshold=guard.strange_from,
        false_alarms=share(verdicts.unfamiliar, scored),
    )
    if unfamiliar is None:
        return found
    flagged = int((unfamiliar.novelty > guard.strange_from).sum())
    return replace(
        found,
        unfamiliar=unfamiliar.name,
        count=len(unfamiliar.novelty),
        auroc=auroc(verdicts.novelty, unfamiliar.novelty, scored.seed, scored.resamples),
        found=wilson(flagged, len(unfamiliar.novelty)),
    )
