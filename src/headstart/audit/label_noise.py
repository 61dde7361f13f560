"""Labels that are likely wrong, by confident learning, and what a model gains when suspect examples are left out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from headstart.data.splits import make_folds
from headstart.data.targets.base import Target
from headstart.errors import MissingExtraError
from headstart.heads.family import HeadFamily, load_family
from headstart.heads.training_set import TrainingSet
from headstart.probing.probe import fit_probe
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent
from headstart.settings.recipe import Recipe
from headstart.settings.rules import algebra_threads, fold_count

Labels = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What heads that had not seen an example say about it.

    Attributes
    ----------
    probabilities
        Shape (N, C).
    head, setting
        Name and hyper-parameter of the head that was fitted in each fold.
    """

    probabilities: Probabilities
    head: str
    setting: object


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """Suspect labels: ``flagged`` (N,), and how well each label fits, ``quality`` (N,), low where it does not."""

    flagged: Booleans
    quality: Probabilities


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Whether held-out examples were right, (N,): by heads fitted to all others, and by heads fitted without some."""

    before: Booleans
    after: Booleans


def hold_out_all(
    features: Matrix,
    labels: Labels,
    target: Target,
    groups: Labels,
    recipe: Recipe,
    progress: Progress = silent,
) -> HeldOut | None:
    """Predict every example by a head that was fitted to other groups; None when there are too few to hold any out.

    Probabilities are calibrated on the same held-out scores.
    """
    probe = fit_probe(features, labels, target, groups, recipe, progress)
    chosen = next((one for one in probe.candidates if one.name == probe.name), None)
    if chosen is None:
        return None
    scores = np.nan_to_num(chosen.scores.astype(np.float64), nan=0.0)
    return HeldOut(probe.decoding.decode(scores), probe.name, probe.setting)


def find_label_issues(labels: Labels, probabilities: Probabilities) -> LabelIssues:
    """Find labels that are likely wrong by confident learning (Northcutt et al. 2021), from held-out probabilities.

    Raises
    ------
    MissingExtraError
        When cleanlab is not installed.

    Examples
    --------
    >>> labels = np.array([0] * 9 + [1] * 10)
    >>> probabilities = np.where(np.arange(19)[:, None] < 10, [[0.9, 0.1]], [[0.1, 0.9]])
    >>> np.flatnonzero(find_label_issues(labels, probabilities).flagged).tolist()
    [9]
    """
    try:
        from cleanlab import filter as confident  # here, and not at start: it loads pandas
        from cleanlab.rank import get_label_quality_scores
    except ImportError:
        raise MissingExtraError("cleanlab", "check", "to find labels that are likely wrong") from None
    present, compact = np.unique(labels, return_inverse=True)
    known = probabilities[:, present]
    known = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-12)
    if len(present) < 2:
        return LabelIssues(np.zeros(len(labels), dtype=np.bool_), np.ones(len(labels)))
    flagged = confident.find_label_issues(compact, known, n_jobs=1)
    quality = get_label_quality_scores(compact, known, method="normalized_margin")
    return LabelIssues(np.asarray(flagged, dtype=np.bool_), np.asarray(quality, dtype=np.float64))


def try_cleaning(
    features: Matrix, labels: Labels, groups: Labels, left_out: Booleans, head: HeldOut, recipe: Recipe
) -> Cleaned:
    """Fit the head in each fold to all other folds, and to these without some examples; answer the same held-out ones.

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
    typical = int(np.median(training.counts[training.present]))
    folds = make_folds(labels, groups, fold_count(recipe.head.inner_folds, typical), recipe.run.seed)
    family = load_family(head.head, recipe.replace(head="auto"))
    before, after = np.zeros(len(labels), dtype=np.bool_), np.zeros(len(labels), dtype=np.bool_)
    with threadpool_limits(limits=algebra_threads(features.size, available_cores()), user_api="blas"):
        for fold in folds:
            held, kept = fold.held_out, fold.train[~left_out[fold.train]]
            for answers, rows in ((before, fold.train), (after, kept)):
                answers[held] = _answers(family, training.take(rows), features[held], head.setting) == labels[held]
    return Cleaned(before, after)


def _answers(family: HeadFamily, training: TrainingSet, features: Matrix, setting: object) -> Labels:
    (scores,) = family.path_scores(training, features, (setting,))
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)
