"""A guard is calibrated: on predictions of pictures that head and network were not fitted to, and on nothing else."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.data.splits import make_folds
from headstart.heads.probabilities import Scores, Softmax, as_softmax
from headstart.probing.probe import Probe
from headstart.probing.rows import Sample, select_balanced_rows
from headstart.settings.recipe import Recipe
from headstart.uncertainty.conformal import Floats, HeldOut, Integers, gather, true_scores
from headstart.uncertainty.evaluate import PolicyScores, Scored, score_guard
from headstart.uncertainty.ood import (
    ClassGaussians,
    Matrix,
    as_reference,
    energy,
    fit_shape,
    mahalanobis,
    neighbour_distances,
    surround,
)
from headstart.uncertainty.policy import AnswerPolicy, PolicySettings, judge, measure_novelty, threshold_for
from headstart.uncertainty.selective import gather_answers

MOST_HELD_OUT = 10_000  # pictures whose scores are kept: 160 kB, and a quantile that is sure to half a point
MOST_COMPARED = 2_000  # pictures whose nearest neighbours are looked for: a tenth of a second
FEWEST = 10  # held-out pictures: with fewer no promise can be made


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutScores:
    """Scores of the head for M pictures that were held out, (M, C), their decoding, labels (M,) and groups (M,)."""

    scores: Scores
    decoding: Softmax
    labels: Integers
    groups: Integers


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceRows:
    """The references, R rows, of which those in ``held`` can stand for new pictures.

    Attributes
    ----------
    features, labels, groups
        Shapes (R, D), (R,) and (R,).
    held
        Positions among the R. All of them when the encoder was not fitted to any; otherwise those of the validation
        part.
    """

    features: Matrix
    labels: Integers
    groups: Integers
    held: Integers


def make_guard(  # six: the settings, the model, and what it was fitted to
    recipe: Recipe,
    probe: Probe,
    features: Matrix,
    fitted: Sample,
    kept: Integers,
    validation: Integers | None = None,
) -> AnswerPolicy:
    """Calibrate the guard of a model.

    Parameters
    ----------
    probe
        The head that answers.
    features
        Of the pictures to learn from, shape (N, D); rows that were not encoded are not used.
    fitted
        Labels and groups of the same.
    kept
        Rows that become references.
    validation
        Rows that were held out while weights moved; None when none did, and the folds of the probe say more.
    """
    grouped = fitted.user_groups is not None
    if validation is None:
        held, among = out_of_fold(probe, fitted), np.arange(len(kept))
    else:
        rows = np.intersect1d(validation, kept)
        held, among = None, np.flatnonzero(np.isin(kept, rows))
        if len(rows) >= FEWEST:
            scores = probe.head.scores(features[rows])
            held = HeldOutScores(scores, as_softmax(probe.decoding), fitted.labels[rows], fitted.groups[rows])
    return calibrate_guard(
        recipe,
        held,
        ReferenceRows(as_reference(features[kept]), fitted.labels[kept], fitted.groups[kept], among),
        grouped=grouped,
    )


def measure_guard(
    guard: AnswerPolicy, probe: Probe, features: Matrix, references: Matrix, scored: Scored
) -> PolicyScores:
    """Say what a guard is worth on scored pictures with these features, shape (N, D); references have shape (R, D)."""
    novelty = measure_novelty(
        guard, features, probe.head.scores(features), probe.decoding, surround(as_reference(references))
    )
    return score_guard(guard, judge(guard, scored.probabilities, novelty), scored)


def rows_to_encode(labels: Integers, validation: Integers, limit: int, seed: int) -> Integers:
    """Choose which pictures to encode once more when the weights have moved: up to half of them held-out ones.

    Examples
    --------
    >>> rows_to_encode(np.zeros(10, dtype=np.int64), np.array([8, 9]), 5, seed=0).tolist()[-2:]
    [8, 9]
    """
    held = validation[_some(len(validation), limit // 2, seed)]
    others = np.setdiff1d(np.arange(len(labels)), validation)
    return np.union1d(held, others[select_balanced_rows(labels[others], limit - len(held), seed)])


def out_of_fold(probe: Probe, fitted: Sample) -> HeldOutScores | None:
    """Take the scores that each picture got in the cross-validation that chose the head; None when there was none.

    Pictures of a class that their fold did not know are left out, as they were for the temperature. The temperature,
    and the choice of the head among a few, were made on the same scores: one number and one choice among hundreds of
    pictures, whose effect ``benchmarks/guard.py`` shows to be small.
    """
    rows = probe.scorable
    chosen = next((one for one in probe.candidates if one.name == probe.name), None)
    if chosen is None or len(rows) < FEWEST:
        return None
    return HeldOutScores(chosen.scores[rows], as_softmax(probe.decoding), fitted.labels[rows], fitted.groups[rows])


def calibrate_guard(recipe: Recipe, held: HeldOutScores | None, known: ReferenceRows, *, grouped: bool) -> AnswerPolicy:
    """Learn from held-out pictures when a model should not answer.

    ``grouped`` says that the data has groups, which a split does not divide.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> labels = np.arange(200) % 2
    >>> scores = random.normal(size=(200, 2)) + 4 * np.eye(2)[labels]
    >>> everyone = np.arange(200)
    >>> known = ReferenceRows(random.normal(size=(200, 5)), labels, everyone, everyone)
    >>> held = HeldOutScores(scores, Softmax(), labels, everyone)
    >>> guard = calibrate_guard(Recipe(abstain=0.95), held, known, grouped=False)
    >>> guard.quantile < 0.1, guard.threshold.reached, guard.strangeness.groups
    (True, True, 200)
    """
    held = _sampled(held, recipe.run.seed)
    sets = answers = None
    if held is not None:
        probabilities = held.decoding.decode(held.scores)
        sets = gather(true_scores(probabilities, held.labels, recipe.uncertainty.sets), held.groups)
        answers = gather_answers(probabilities, held.labels, held.groups)
    found = _strangeness(recipe, held, known)
    return AnswerPolicy(
        rule=recipe.uncertainty.sets,
        novelty=recipe.uncertainty.novelty if found is not None else "none",
        asked=PolicySettings.of(recipe),
        sets=sets,
        answers=answers,
        threshold=threshold_for(answers, recipe.uncertainty.abstain),
        strangeness=found,
        shape=_shape(known) if recipe.uncertainty.novelty == "mahalanobis" and found is not None else None,
        grouped=grouped,
    )


def _sampled(held: HeldOutScores | None, seed: int) -> HeldOutScores | None:
    if held is None or len(held.labels) <= MOST_HELD_OUT:
        return held
    rows = _some(len(held.labels), MOST_HELD_OUT, seed)
    return HeldOutScores(held.scores[rows], held.decoding, held.labels[rows], held.groups[rows])


def _some(count: int, limit: int, seed: int) -> Integers:
    return np.sort(np.random.default_rng(seed).permutation(count)[:limit])


def _strangeness(recipe: Recipe, held: HeldOutScores | None, known: ReferenceRows) -> HeldOut | None:
    if recipe.uncertainty.novelty == "energy" and held is not None:
        return gather(energy(held.scores, held.decoding.temperature), held.groups)
    if recipe.uncertainty.novelty in ("none", "energy") or len(known.held) < FEWEST:
        return None
    rows = known.held[_some(len(known.held), MOST_COMPARED, recipe.run.seed)]
    groups = known.groups[rows]
    if recipe.uncertainty.novelty == "neighbours":
        return gather(neighbour_distances(known.features[rows], surround(known.features), groups, known.groups), groups)
    return gather(_held_out_mahalanobis(recipe, known)[rows], known.groups[rows])


def _held_out_mahalanobis(recipe: Recipe, known: ReferenceRows) -> Floats:
    """Give the distance of each reference from a shape that was not fitted to it, shape (R,)."""
    distances = np.full(len(known.labels), np.nan)
    if len(known.held) < len(known.labels):
        distances[known.held] = mahalanobis(known.features[known.held], _shape(known))
        return distances
    for fold in make_folds(known.labels, known.groups, recipe.head.inner_folds, recipe.run.seed):
        shape = fit_shape(known.features[fold.train], known.labels[fold.train])
        distances[fold.held_out] = mahalanobis(known.features[fold.held_out], shape)
    return distances


def _shape(known: ReferenceRows) -> ClassGaussians:
    """Fit the shape to the references that nothing is held out of, or to all when every one can be."""
    others = np.setdiff1d(np.arange(len(known.labels)), known.held)
    rows: npt.NDArray[np.int64] = others if len(others) else known.held
    return fit_shape(known.features[rows], known.labels[rows])
