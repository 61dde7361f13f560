"""The probe: a head on frozen features, chosen, fitted and calibrated on the training part alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from headstart.arrays import Floats, Integers
from headstart.data.splits import make_folds
from headstart.data.targets.base import Labels, Target
from headstart.encoders.term_features import have_terms
from headstart.errors import DataError, EncoderError, RecipeError
from headstart.heads.cv_scoring import CvScorer
from headstart.heads.family import HeadFamily, load_family
from headstart.heads.head import Decoding, Head, Matrix
from headstart.heads.model_selection import Candidate, cross_validate, select_candidate
from headstart.heads.nearest_centroid import zero_shot_head
from headstart.heads.stacked import StackedFamily, stack
from headstart.heads.training_set import Features, TrainingSet, row_blocks
from headstart.registry import resolve
from headstart.runtime.findings import NOTE, Finding
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent
from headstart.settings.parallelism import algebra_threads
from headstart.settings.recipe import Recipe
from headstart.settings.rules import fold_count
from headstart.tasks.base import load_task

Groups = Integers
ZERO_SHOT = "zero_shot"
WORDS, VECTORS, BOTH = "words", "vectors", "both"  # the halves of what features carry, and the whole


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A fitted head, with how it was found.

    Attributes
    ----------
    name, setting
        Name and hyper-parameter of the chosen head.
    head
        Fitted on the whole training part.
    decoding
        Turns its scores into outputs; fitted on scores of examples that were held out.
    candidates
        The table of the cross-validation, in the order they were tried; empty when there were too few examples.
    notices
        Sentences for the user.
    scorable
        Positions of the examples whose class their fold knew, of the N; empty when there were too few examples.
    fit_halves
        Fits the terms alone, the vectors alone and both, by name, each at its chosen setting; None where it was not
        chosen between them.
    """

    name: str
    setting: Any
    head: Head
    decoding: Decoding
    candidates: tuple[Candidate, ...]
    notices: tuple[Finding, ...]
    scorable: Groups = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    fit_halves: "Callable[[], Mapping[str, Probe]] | None" = None

    def outputs(self, features: Matrix) -> Floats:
        """Compute outputs, such as probabilities (N, C), for features of shape (N, D)."""
        return self.decoding.decode(self.head.scores(features))

    def predict_halves(self, features: Matrix, words: Floats) -> dict[str, Floats]:
        """Predict by the words alone, the vectors alone and both; nothing where it was not chosen between them.

        ``words`` are the outputs (N, C) of the baseline for the same examples: the words alone are it.
        """
        if self.fit_halves is None:
            return {}
        return {name: one.outputs(features) for name, one in self.fit_halves().items()} | {WORDS: words}


def fit_probe(  # seven: what is learned from what, how, and who is told
    features: Matrix,
    labels: Labels,
    target: Target,
    groups: Groups,
    recipe: Recipe,
    progress: Progress = silent,
    families: Sequence[HeadFamily] | None = None,
) -> Probe:
    """Select a head by cross-validation, fit it on all examples, and calibrate it on the held-out scores.

    Parameters
    ----------
    features, labels
        Shapes (N, D) and (N,).
    target
        What the labels are of.
    groups
        Number of each example's group, shape (N,): examples with the same number are held out together.
    recipe
        Decides head, activation, hidden, balance, inner_folds and seed.
    families
        Heads to select from, instead of those of the recipe.

    Raises
    ------
    EncoderError
        When a feature is not a finite number.

    Examples
    --------
    >>> from headstart.data.targets.classes import Classes
    >>> features = np.array([[0.0, 1.0], [0.2, 0.9], [0.1, 1.1], [1.0, 0.0], [0.9, 0.3], [1.1, 0.1]])
    >>> labels, target = np.array([0, 0, 0, 1, 1, 1]), Classes(("cat", "dog"))
    >>> probe = fit_probe(features, labels, target, np.arange(6), Recipe(head="lda"))
    >>> probe.head.scores(np.array([[0.1, 0.8]])).argmax(axis=1).tolist()
    [0]
    """
    training = TrainingSet(features, labels, target.width, recipe.head.balance)
    return select_head(training, target, groups, recipe, progress, families)


def select_head(
    training: TrainingSet,
    target: Target,
    groups: Groups,
    recipe: Recipe,
    progress: Progress = silent,
    families: Sequence[HeadFamily] | None = None,
) -> Probe:
    """Select and fit a head as :func:`fit_probe` does, on examples that may be some of the rows of a matrix."""
    _check_finite(training.stretches)
    task, strata = load_task(target.task), target.strata(training.labels)
    with_terms = have_terms(training.matrix)
    families = families or families_for(recipe, target, with_terms)
    size = len(training) * training.matrix.shape[1]
    with threadpool_limits(limits=algebra_threads(size, available_cores()), user_api="blas"):
        if not _can_be_held_out(strata, groups):
            return _fit_uncalibrated(families[0], training, task.decoding())
        folds = make_folds(strata, groups, fold_count(recipe.head.inner_folds, typical_size(strata)), recipe.run.seed)
        scorer: CvScorer = task.scorer.of(training, groups, folds)
        workers = min(available_cores(), len(folds))
        candidates = cross_validate(families, training, folds, scorer, progress, workers)
        stacked = stack(families, candidates, scorer) if with_terms else None
        if stacked:
            families, candidates = [*families, stacked[0]], (*candidates, stacked[1])
        wanted = [one for one in candidates if one.name == recipe.head.name]
        best = select_candidate(wanted or candidates, scorer)
        family = next(family for family in families if family.name == best.name)
        return Probe(
            name=best.name,
            setting=best.setting,
            head=family.fit(training, best.setting),
            decoding=best.cv_score.decoding,
            candidates=candidates,
            notices=(*scorer.notices(target), *best.notices),
            scorable=scorer.scorable,
            fit_halves=partial(_fit_halves, *stacked, candidates, replace(training)) if stacked else None,
        )


def zero_shot_probe(names: Matrix, features: Matrix, target: Target) -> Probe:
    """Return a probe that learned from the features of the names of the classes (C, D) alone, without any label.

    ``features`` (N, D) are those of examples as they come.
    """
    _check_finite(names)
    _check_finite(features)
    head = zero_shot_head(names, np.asarray(features))
    return Probe(
        ZERO_SHOT, "cosine", head, load_task(target.task).decoding(), (), (Finding("probing.zero_shot", severity=NOTE),)
    )


def families_for(recipe: Recipe, target: Target, with_terms: bool = False) -> list[HeadFamily]:
    """Load the families of heads that a recipe names; ``with_terms`` says that features carry terms.

    Raises
    ------
    RecipeError
        For one that does not answer the task, or needs terms where there are none.
    """
    wanted, families = recipe.head.name, list[HeadFamily]()
    auto = (*load_task(target.task).auto, *(("words",) if with_terms else ()))
    for name in auto if wanted == "auto" else (wanted,):
        found = resolve("heads", name)
        families += [load_family(part, recipe) for part in getattr(found, "parts", (name,))]
        if found.needs_terms and not with_terms:
            raise RecipeError("probing.head_needs_terms", head=name)
    for family in families:
        if target.task not in family.tasks:
            raise RecipeError("probing.head_of_other_task", head=family.name, task=target.task, names=family.tasks)
    return families


def require_held_out(strata: Groups, groups: Groups) -> None:
    """Raise DataError when nothing can be held out: fewer than two classes are spread over several groups."""
    if not _can_be_held_out(strata, groups):
        raise DataError("probing.nothing_held_out")


def _check_finite(features: Features) -> None:
    finite = np.empty(len(features), dtype=np.bool_)
    for block in row_blocks(len(features)):
        finite[block] = np.isfinite(features[block]).all(axis=1)
    broken = np.flatnonzero(~finite)
    if len(broken):
        raise EncoderError("probing.not_finite", broken=len(broken), count=len(features), first=broken[0] + 1)


def typical_size(strata: Groups) -> int:
    """Return the median number of examples in a stratum, such as a class."""
    return int(np.median(np.unique(strata, return_counts=True)[1]))


def _can_be_held_out(strata: Groups, groups: Groups) -> bool:
    """Return whether at least two strata are spread over several groups."""
    pairs = np.unique(np.stack([strata, groups], axis=1), axis=0)
    return int(np.count_nonzero(np.bincount(pairs[:, 0]) > 1)) >= 2


def _fit_halves(
    family: StackedFamily, both: Candidate, candidates: Sequence[Candidate], training: TrainingSet
) -> dict[str, Probe]:
    """Fit both parts of a stacked head once more on all examples, each with its own decoding."""
    head, (vectors, words) = family.fit(training, both.setting), family.families
    halves = {WORDS: (words.name, head.words), VECTORS: (vectors.name, head.vectors), BOTH: (family.name, head)}
    chosen = {one.name: one for one in (*candidates, both)}
    return {
        name: Probe(kind, chosen[kind].setting, one, chosen[kind].cv_score.decoding, (), ())
        for name, (kind, one) in halves.items()
    }


def _fit_uncalibrated(family: HeadFamily, training: TrainingSet, decoding: Decoding) -> Probe:
    setting = family.grid[len(family.grid) // 2]
    return Probe(
        name=family.name,
        setting=setting,
        head=family.fit(training, setting),
        decoding=decoding,
        candidates=(),
        notices=(Finding("probing.blind", {"head": family.name}),),
    )
