"""Which encoder suits this data: scores of each from its stored features, and how sure the order is.

The order is that of the cross-validated accuracy of a ridge probe. All encoders see the same examples, folds and
resamples, so they are compared in pairs: differences are far surer than the accuracies themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from headstart.arrays import Floats, Integers, Singles
from headstart.data.splits import make_folds
from headstart.data.targets.base import Target
from headstart.heads.cv_scoring import CvScorer
from headstart.heads.family import load_family
from headstart.heads.model_selection import cross_validate
from headstart.heads.training_set import TrainingSet
from headstart.metrics.intervals import mean_interval, resampled_means
from headstart.metrics.paired_tests import bootstrap_p, holm
from headstart.metrics.values import Score
from headstart.probing.probe import typical_size
from headstart.probing.rows import Sample
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import silent
from headstart.settings.parallelism import algebra_threads
from headstart.settings.recipe import Recipe
from headstart.settings.rules import fold_count
from headstart.tasks.base import load_task

Labels = Integers
Right = npt.NDArray[Any]

LEVEL = 0.05  # of the tests between encoders, after Holm's correction


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One encoder on the examples to learn from.

    Attributes
    ----------
    name
        Of the encoder.
    right
        What the answer of a quick probe that had not seen the example adds to the metric, such as right or wrong, (N,).
    measures
        Other measures of the features, by name; for classes those of
        :mod:`headstart.metrics.classification.transferability`.
    """

    name: str
    right: Right
    measures: Mapping[str, float] = field(default_factory=dict)


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


def score_encoder(name: str, features: Singles, sample: Sample, target: Target, recipe: Recipe) -> Scored:
    """Score one encoder by its features of a sample, shape (N, D); examples of one group stay together.

    Folds depend on labels, groups and ``recipe.run.seed`` alone: they are the same for every encoder.
    """
    task = load_task(target.task)
    training = TrainingSet(features, sample.labels, target.width, recipe.head.balance)
    with threadpool_limits(limits=algebra_threads(features.size, available_cores()), user_api="blas"):
        count = fold_count(recipe.head.inner_folds, typical_size(sample.strata))
        folds = make_folds(sample.strata, sample.groups, count, recipe.run.seed)
        scorer: CvScorer = task.scorer.of(training, sample.groups, folds)
        families = [load_family(head, recipe) for head in (task.quick_head, *task.ranked_heads)]
        quick, *others = cross_validate(families, training, folds, scorer, silent, min(available_cores(), len(folds)))
        measures = {one.name: one.cv_score.metric for one in others}
        if task.measures is not None:
            measures |= task.measures(features, sample.labels, sample.groups)
        outputs = quick.cv_score.decoding.decode(quick.scores)
        return Scored(name, task.metrics.credit(outputs, sample.labels), measures)


def rank_scored(scored: Sequence[Scored], groups: Labels, seed: int, resamples: int) -> Ranking:
    """Rank encoders, and say how sure it is, by a bootstrap over groups of examples (N,).

    Examples
    --------
    >>> half = np.arange(40) % 2 == 0
    >>> made = [Scored(n, r) for n, r in (("worse", half), ("better", np.ones(40, bool)))]
    >>> found = rank_scored(made, np.arange(40), seed=0, resamples=500)
    >>> [one.name for one in found.scored], found.pairs[0].told_apart, found.standings[1].rank_low
    (['better', 'worse'], True, 2)
    """
    ordered = sorted(scored, key=lambda one: (-one.right.mean(), -one.measures.get("logme", 0.0), one.name))
    draws = _draws(np.stack([one.right for one in ordered]), groups, seed, resamples)
    ranks = 1 + (draws[None, :, :] > draws[:, None, :]).sum(axis=1)  # (encoders, resamples); equals share a rank
    units = len(np.unique(groups))
    standings = []
    for number, one in enumerate(ordered):
        low, high = np.quantile(ranks[number], [0.025, 0.975], method="closest_observation")
        first = float((ranks[number] == 1).mean())
        accuracy = mean_interval(one.right, draws[number], units)
        standings.append(Standing(accuracy, number + 1, int(low), int(high), first))
    return Ranking(tuple(ordered), tuple(standings), _pairs(ordered, draws))


def _draws(right: Right, groups: Labels, seed: int, resamples: int) -> Floats:
    """Accuracy of each encoder in each resample, shape (encoders, resamples)."""
    dense = np.unique(groups, return_inverse=True)[1]
    units = int(dense.max()) + 1
    sizes = np.bincount(dense, minlength=units).astype(np.float64)
    sums = np.stack([np.bincount(dense, row, minlength=units) for row in right])
    return resampled_means(sums, sizes, right.shape[1], resamples, seed)


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
