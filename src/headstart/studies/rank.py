"""Which encoder suits this data: scores of each from its stored features, and how sure the order is.

The order is that of the cross-validated accuracy of a ridge probe. All encoders see the same pictures, folds and
resamples, so they are compared in pairs: differences are far surer than the accuracies themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from headstart.data.splits import make_folds
from headstart.heads.class_scoring import ClassScorer
from headstart.heads.family import load_family
from headstart.heads.knn import normalise
from headstart.heads.model_selection import cross_validate
from headstart.heads.training_set import TrainingSet
from headstart.metrics.intervals import resampled_counts, spread_interval
from headstart.metrics.paired_tests import bootstrap_p, holm
from headstart.metrics.transferability import h_score, logme, neighbours_are_right
from headstart.metrics.values import Score
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent
from headstart.settings.recipe import Recipe
from headstart.settings.rules import algebra_threads, fold_count

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Right = npt.NDArray[np.bool_]

LEVEL = 0.05  # of the tests between encoders, after Holm's correction
SCORED = ("ridge", "lda")  # heads whose cross-validated accuracy is given


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One encoder on the pictures to learn from.

    Attributes
    ----------
    name
        Of the encoder.
    right
        Whether a ridge probe that had not seen the example was right, shape (N,).
    ridge, lda, neighbours
        Accuracy of the two probes on held-out folds, and of five nearest neighbours leaving one out.
    logme, h_score
        See :mod:`headstart.metrics.transferability`.
    """

    name: str
    right: Right
    ridge: float
    lda: float
    neighbours: float
    logme: float
    h_score: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an encoder stands: its accuracy with interval, the ranks it takes in resamples, and how often the first."""

    accuracy: Score
    rank: int
    rank_low: int
    rank_high: int
    first: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two encoders, the better one first: difference of their accuracies with its interval, and Holm's p-value."""

    better: str
    other: str
    difference: float
    low: float
    high: float
    p: float

    @property
    def told_apart(self) -> bool:
        """Whether the data can tell the two apart."""
        return self.p <= LEVEL


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Encoders, the best first, where they stand in the same order, and all pairs of them."""

    scored: tuple[Scored, ...]
    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...]


def score_encoder(
    name: str,
    features: npt.NDArray[np.float32],
    labels: Labels,
    class_count: int,
    groups: Labels,
    recipe: Recipe,
    progress: Progress = silent,
) -> Scored:
    """Score one encoder by its features, shape (N, D), on labels (N,); examples of one group stay together.

    Folds depend on labels, groups and ``recipe.run.seed`` alone: they are the same for every encoder.
    """
    training = TrainingSet(features, labels, class_count, recipe.head.balance)
    typical = int(np.median(training.counts[training.present]))
    with threadpool_limits(limits=algebra_threads(features.size, available_cores()), user_api="blas"):
        folds = make_folds(labels, groups, fold_count(recipe.head.inner_folds, typical), recipe.run.seed)
        scorer = ClassScorer.of(training, groups, folds)
        families = [load_family(head, recipe) for head in SCORED]
        found = cross_validate(families, training, folds, scorer, progress, min(available_cores(), len(folds)))
        accuracy = {one.name: one.cv_score.metric for one in found}
        return Scored(
            name=name,
            right=next(one.scores for one in found if one.name == "ridge").argmax(axis=1) == labels,
            ridge=accuracy["ridge"],
            lda=accuracy["lda"],
            neighbours=float(neighbours_are_right(normalise(features), labels, groups).mean()),
            logme=logme(features, labels, class_count),
            h_score=h_score(features, labels),
        )


def rank_scored(scored: Sequence[Scored], groups: Labels, seed: int, resamples: int) -> Ranking:
    """Put encoders in order, and say how sure it is, by a bootstrap over groups of pictures (N,).

    Examples
    --------
    >>> half = np.arange(40) % 2 == 0
    >>> made = [Scored(n, r, r.mean(), 0, 0, 0, 0) for n, r in (("worse", half), ("better", np.ones(40, bool)))]
    >>> found = rank_scored(made, np.arange(40), seed=0, resamples=500)
    >>> [one.name for one in found.scored], found.pairs[0].told_apart, found.standings[1].rank_low
    (['better', 'worse'], True, 2)
    """
    ordered = sorted(scored, key=lambda one: (-one.right.mean(), -one.logme, one.name))
    draws = _draws(np.stack([one.right for one in ordered]), groups, seed, resamples)
    ranks = 1 + (draws[None, :, :] > draws[:, None, :]).sum(axis=1)  # (encoders, resamples); equals share a rank
    units = len(np.unique(groups))
    standings = []
    for number, one in enumerate(ordered):
        value = float(one.right.mean())
        low, high = np.quantile(ranks[number], [0.025, 0.975], method="closest_observation")
        first = float((ranks[number] == 1).mean())
        accuracy = spread_interval(value, draws[number], units, len(groups), "bootstrap")
        standings.append(Standing(accuracy, number + 1, int(low), int(high), first))
    return Ranking(tuple(ordered), tuple(standings), _pairs(ordered, draws))


def _draws(right: Right, groups: Labels, seed: int, resamples: int) -> Floats:
    """Accuracy of each encoder in each resample, shape (encoders, resamples)."""
    dense = np.unique(groups, return_inverse=True)[1]
    units = int(dense.max()) + 1
    sizes = np.bincount(dense, minlength=units).astype(np.float64)
    sums = np.stack([np.bincount(dense, row, minlength=units) for row in right])
    blocks = [sums @ counts / (sizes @ counts) for counts in resampled_counts(units, resamples, right.shape[1], seed)]
    return np.concatenate(blocks, axis=1)


def _pairs(ordered: Sequence[Scored], draws: Floats) -> tuple[Pair, ...]:
    numbers = list(combinations(range(len(ordered)), 2))
    differences = [draws[one] - draws[other] for one, other in numbers]
    values = holm([bootstrap_p(drawn) for drawn in differences])
    pairs = []
    for (one, other), drawn, p in zip(numbers, differences, values, strict=True):
        low, high = np.quantile(drawn, [0.025, 0.975])
        gap = float(ordered[one].right.mean() - ordered[other].right.mean())
        pairs.append(Pair(ordered[one].name, ordered[other].name, gap, float(low), float(high), p))
    return tuple(pairs)
