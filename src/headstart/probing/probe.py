"""The probe: a head on frozen features, chosen, fitted and calibrated on the training part alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from headstart.data.splits import make_folds
from headstart.errors import DataError, EncoderError
from headstart.heads.cv_scoring import CvScorer
from headstart.heads.family import HeadFamily, load_family
from headstart.heads.head import Head, Labels, Matrix
from headstart.heads.model_selection import Candidate, choose, cross_validate
from headstart.heads.probabilities import softmax
from headstart.heads.training_set import TrainingSet
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent
from headstart.settings.recipe import Recipe
from headstart.settings.rules import algebra_threads, fold_count

Groups = npt.NDArray[np.int64]

# What head = "auto" tries, in the order of trust. The multi-layer perceptron is left out: it takes more than ten times
# as long as all of these together, and seldom wins on frozen features.
AUTO = ("logistic", "ridge", "lda", "knn", "centroid")


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A fitted head, with how it was found.

    Attributes
    ----------
    name, setting
        Name and hyper-parameter of the chosen head.
    head
        Fitted on the whole training part.
    temperature
        Divides its scores; fitted on scores of examples that were held out.
    candidates
        The table of the cross-validation, in the order they were tried; empty when there were too few examples.
    notices
        Sentences for the user.
    scorable
        Positions of the examples whose class their fold knew, of the N; empty when there were too few examples.
    """

    name: str
    setting: Any
    head: Head
    temperature: float
    candidates: tuple[Candidate, ...]
    notices: tuple[str, ...]
    scorable: Groups = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def probabilities(self, features: Matrix) -> npt.NDArray[np.float64]:
        """Give probabilities of shape (N, C) for features of shape (N, D)."""
        return softmax(self.head.scores(features), self.temperature)


def fit_probe(
    features: Matrix,
    labels: Labels,
    class_names: Sequence[str],
    groups: Groups,
    recipe: Recipe,
    progress: Progress = silent,
) -> Probe:
    """Choose a head by cross-validation, fit it on all examples, and calibrate it on the held-out scores.

    Parameters
    ----------
    features, labels
        Shapes (N, D) and (N,); the labels are positions in ``class_names``.
    groups
        Number of each example's group, shape (N,): examples with the same number are held out together.
    recipe
        Decides head, activation, hidden, balance, inner_folds and seed.

    Raises
    ------
    EncoderError
        When a feature is not a finite number.

    Examples
    --------
    >>> features = np.array([[0.0, 1.0], [0.2, 0.9], [0.1, 1.1], [1.0, 0.0], [0.9, 0.3], [1.1, 0.1]])
    >>> probe = fit_probe(features, np.array([0, 0, 0, 1, 1, 1]), ["cat", "dog"], np.arange(6), Recipe(head="lda"))
    >>> probe.head.scores(np.array([[0.1, 0.8]])).argmax(axis=1).tolist()
    [0]
    """
    _check_finite(features)
    training = TrainingSet(features, labels, len(class_names), recipe.head.balance)
    learners = [load_family(name, recipe) for name in (AUTO if recipe.head.name == "auto" else (recipe.head.name,))]
    with threadpool_limits(limits=algebra_threads(features.size, available_cores()), user_api="blas"):
        if not _can_be_held_out(labels, groups):
            return _fit_blindly(learners[0], training)
        folds = make_folds(
            labels, groups, fold_count(recipe.head.inner_folds, _typical_class(training)), recipe.run.seed
        )
        jury = CvScorer.of(training, groups, folds)
        workers = min(available_cores(), len(folds))
        candidates = cross_validate(learners, training, folds, jury, progress, workers)
        best = choose(candidates, jury)
        learner = next(learner for learner in learners if learner.name == best.name)
        return Probe(
            name=best.name,
            setting=best.setting,
            head=learner.fit(training, best.setting),
            temperature=best.verdict.temperature,
            candidates=candidates,
            notices=(*_single_notices(class_names, jury), *best.notices),
            scorable=jury.scorable,
        )


def require_held_out(labels: Labels, groups: Groups) -> None:
    """Raise DataError when nothing can be held out: fewer than two classes are spread over several groups."""
    if not _can_be_held_out(labels, groups):
        raise DataError(
            "There are too few pictures to compare anything on.",
            "Fewer than two classes have pictures in several groups.",
            "Add pictures: ten of each class are a beginning.",
        )


def _check_finite(features: Matrix) -> None:
    broken = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(broken):
        raise EncoderError(
            "The encoder gave numbers that are not finite.",
            f"This happened for {len(broken)} of {len(features)} examples, first for number {broken[0] + 1}.",
            "Use another encoder, or the same one in a higher precision.",
        )


def _typical_class(training: TrainingSet) -> int:
    return int(np.median(training.counts[training.present]))


def _can_be_held_out(labels: Labels, groups: Groups) -> bool:
    """Whether at least two classes are spread over several groups."""
    pairs = np.unique(np.stack([labels, groups], axis=1), axis=0)
    return int(np.count_nonzero(np.bincount(pairs[:, 0]) > 1)) >= 2


def _fit_blindly(learner: HeadFamily, training: TrainingSet) -> Probe:
    setting = learner.grid[len(learner.grid) // 2]
    return Probe(
        name=learner.name,
        setting=setting,
        head=learner.fit(training, setting),
        temperature=1.0,
        candidates=(),
        notices=(
            f"There are too few examples to hold any out: the head '{learner.name}' has its middle setting, and its "
            "probabilities are not calibrated.",
        ),
    )


def _single_notices(class_names: Sequence[str], jury: CvScorer) -> tuple[str, ...]:
    """Name the classes of which no example could be scored."""
    unknown = np.setdiff1d(jury.labels, jury.labels[jury.scorable])
    if not len(unknown):
        return ()
    names = ", ".join(f"'{class_names[number]}'" for number in unknown)
    return (f"Cross-validation could not score these classes, which have one example or one group only: {names}.",)
