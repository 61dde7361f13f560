"""How well one class's probability ranks its examples before the others: ROC AUC and average precision.

The order of the examples does not depend on their weights, so it is found once (:func:`plan_ranking`); a resample then
costs one pass over it. Weights have shape (N,), or (N, R) for R weightings at once, as in
:mod:`headstart.metrics.classification.scores`.
"""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.classification.scores import ratio


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the examples by falling score, down to the last one of the class, cut where a sum is needed.

    Attributes
    ----------
    order
        Positions of these examples, shape (M,); what comes after the last positive changes no result.
    positives
        Positions of the class's examples, by falling score, shape (P,).
    cuts
        Places in ``order``, from 0 to M, before and after each run of equal scores that holds a positive; ascending.
    before, through
        For each positive, the place in ``cuts`` before and after the examples of its score, shape (P,).
    """

    order: Integers
    positives: Integers
    cuts: Integers
    before: Integers
    through: Integers


@dataclass(frozen=True, slots=True)
class RankingScores:
    """ROC AUC and average precision of one class, each a number or of shape (R,)."""

    roc_auc: Floats
    average_precision: Floats


def plan_ranking(scores: Floats, positive: Booleans) -> Ranking:
    """Sort the examples by score once, with ties kept together.

    Examples
    --------
    >>> plan = plan_ranking(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    >>> plan.order.tolist(), plan.cuts.tolist(), plan.before.tolist(), plan.through.tolist()
    ([0, 1, 2], [0, 1, 3], [0, 1], [1, 2])
    """
    order = np.argsort(-scores, kind="stable")
    falling = -scores[order]
    is_positive = positive[order]
    own = falling[is_positive]
    starts = np.searchsorted(falling, own, side="left")
    ends = np.searchsorted(falling, own, side="right")
    cuts = np.unique(np.concatenate([[0], starts, ends]))
    before, through = np.searchsorted(cuts, starts), np.searchsorted(cuts, ends)
    return Ranking(order[: cuts[-1]], order[is_positive], cuts, before, through)


def rank_scores(plan: Ranking, weights: Floats) -> RankingScores:
    """Compute ROC AUC and average precision from a plan; NaN where a side is empty.

    With w the weights, P the positives and N the negatives, ROC AUC is the chance that a positive stands before a
    negative, ties counting half (Mann and Whitney). Average precision is the mean over the positives of the precision
    at their score, without interpolation; examples of equal score are taken together.

    Examples
    --------
    >>> labels = np.array([True, False, True, False])
    >>> result = rank_scores(plan_ranking(np.array([0.9, 0.5, 0.5, 0.1]), labels), np.ones(4))
    >>> float(result.roc_auc), round(float(result.average_precision), 3)
    (0.875, 0.833)
    """
    everything = weights.sum(axis=0)
    if len(plan.positives) == 0:
        nothing = np.full(np.shape(everything), np.nan)
        return RankingScores(nothing, nothing)
    own = weights[plan.positives]
    found = own.sum(axis=0)
    # Row k of the running sums holds the weight of all examples before cut k.
    running = _running_sums(np.add.reduceat(weights[plan.order], plan.cuts[:-1], axis=0))
    before, through = running[plan.before], running[plan.through]
    found_through = _running_sums(own)[np.searchsorted(plan.before, plan.before, side="right")]
    precisions = np.divide(found_through, through, out=np.zeros_like(through), where=through > 0)
    # The weight that a positive stands before, ties by half; positives among themselves make found² / 2 of it.
    beaten = (own * (everything - (before + through) / 2)).sum(axis=0) - found**2 / 2
    ranked = (own * precisions).sum(axis=0)
    both = found * (everything - found)
    return RankingScores(ratio(beaten, both), np.where(both > 0, ratio(ranked, found), np.nan))


def _running_sums(weights: Floats) -> Floats:
    """Sum the first 0, 1, ... rows: one row more than ``weights`` has."""
    sums = np.zeros((len(weights) + 1, *weights.shape[1:]))
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums
