"""What a model gains when suspect examples are left out of its training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from headstart.arrays import Booleans, Integers, Singles
from headstart.audit.label_noise import HeldOutPredictions, LabelReview
from headstart.data.splits import make_folds
from headstart.heads.family import HeadFamily, load_family
from headstart.heads.training_set import TrainingSet
from headstart.metrics.intervals import resampled_means, wilson
from headstart.metrics.values import Score
from headstart.probing.probe import typical_size
from headstart.reporting.verdicts import cleaning_code
from headstart.runtime.findings import Finding
from headstart.runtime.machine import available_cores
from headstart.settings.parallelism import algebra_threads
from headstart.settings.recipe import Recipe
from headstart.settings.rules import fold_count

Labels = Integers
Matrix = Singles


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Accuracy on the same held-out examples that nothing is wrong with, learned with and without the suspect ones.

    ``difference`` has a 95 % interval, drawn over groups in pairs.
    """

    left_out: int
    scored: int
    before: Score
    after: Score
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> Finding:
        """What leaving them out changes."""
        if self.left_out == 0:
            return Finding("reporting.nothing_suspect", severity="note")
        points = {"points": 100 * self.difference, "low": 100 * self.low, "high": 100 * self.high}
        return Finding(
            cleaning_code(Score(self.difference, self.low, self.high)), {"count": self.left_out, **points}, "note"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Whether held-out examples were right, (N,): by heads fitted to all others, and by heads fitted without some."""

    before: Booleans
    after: Booleans


def measure_cleaning(
    features: Matrix, review: LabelReview, labels: Labels, groups: Labels, suspect: Sequence[int], recipe: Recipe
) -> Cleaning:
    """Measure what leaving suspect examples out of the training changes, on held-out examples that are not suspect."""
    rows = review.positions
    left_out = np.isin(rows, np.array(suspect, dtype=np.int64))
    found = fit_without(features[rows], labels[rows], groups[rows], left_out, review.held, recipe)
    before, after = found.before[~left_out], found.after[~left_out]
    units = np.unique(groups[rows][~left_out], return_inverse=True)[1]
    count = int(units.max()) + 1
    gains = np.bincount(units, after.astype(np.float64) - before, minlength=count)
    sizes = np.bincount(units, minlength=count).astype(np.float64)
    draws = resampled_means(gains, sizes, count, recipe.uncertainty.resamples, recipe.run.seed)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Cleaning(
        left_out=int(left_out.sum()),
        scored=len(before),
        before=wilson(float(before.sum()), len(before)),
        after=wilson(float(after.sum()), len(after)),
        difference=float(after.mean() - before.mean()),
        low=float(low),
        high=float(high),
    )


def fit_without(
    features: Matrix, labels: Labels, groups: Labels, left_out: Booleans, head: HeldOutPredictions, recipe: Recipe
) -> Cleaned:
    """Fit the head in each fold to all other folds, and to these without some examples; predict the same held-out ones.

    Parameters
    ----------
    features, labels, groups
        Shapes (N, D), (N,) and (N,).
    left_out
        Which examples the second head does not learn from, shape (N,).
    head
        Its head and setting are used for both.
    """
    training = TrainingSet(features, labels, int(labels.max()) + 1, recipe.head.balance)
    folds = make_folds(labels, groups, fold_count(recipe.head.inner_folds, typical_size(labels)), recipe.run.seed)
    family = load_family(head.head, recipe.replace(head="auto"))
    before, after = np.zeros(len(labels), dtype=np.bool_), np.zeros(len(labels), dtype=np.bool_)
    with threadpool_limits(limits=algebra_threads(features.size, available_cores()), user_api="blas"):
        for fold in folds:
            held, kept = fold.held_out, fold.train[~left_out[fold.train]]
            for answers, rows in ((before, fold.train), (after, kept)):
                answers[held] = _predict(family, training.take(rows), features[held], head.setting) == labels[held]
    return Cleaned(before, after)


def _predict(family: HeadFamily, training: TrainingSet, features: Matrix, setting: object) -> Labels:
    (scores,) = family.path_scores(training, features, (setting,))
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)
