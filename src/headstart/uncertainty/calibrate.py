"""Calibration of a policy, on predictions of examples that neither head nor network was fitted to."""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.data.splits import make_folds
from headstart.heads.probabilities import Scores, Softmax, as_softmax
from headstart.probing.probe import Probe
from headstart.probing.rows import Sample, select_some
from headstart.settings.recipe import Recipe
from headstart.uncertainty import ood
from headstart.uncertainty.conformal import CalibrationScores, calibration_scores, true_class_scores
from headstart.uncertainty.policy import AnswerPolicy, PolicySettings
from headstart.uncertainty.selective import select_threshold, selective_outcomes

MOST_HELD_OUT = 10_000  # examples whose scores are kept: 160 kB, and a quantile that is sure to half a point
MOST_COMPARED = 2_000  # examples whose nearest neighbours are looked for: a tenth of a second
FEWEST = 10  # held-out examples: with fewer no promise can be made


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutScores:
    """Scores of the head for M examples that were held out, (M, C), their decoding, labels (M,) and groups (M,)."""

    scores: Scores
    decoding: Softmax
    labels: Integers
    groups: Integers


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceRows:
    """The references, R rows, of which those in ``held`` can stand for new examples.

    Attributes
    ----------
    features, labels, groups
        Shapes (R, D), (R,) and (R,).
    held
        Positions among the R. All of them when the encoder was not fitted to any; otherwise those of the validation
        part.
    """

    features: ood.Matrix
    labels: Integers
    groups: Integers
    held: Integers


def fit_policy(  # six: the settings, the model, and what it was fitted to
    recipe: Recipe,
    probe: Probe,
    features: ood.Matrix,
    fitted: Sample,
    kept: Integers,
    validation: Integers | None = None,
) -> AnswerPolicy:
    """Fit the policy of a model.

    Parameters
    ----------
    probe
        The head that answers.
    features
        Of the examples to learn from, shape (N, D); rows that were not encoded are not used.
    fitted
        Labels and groups of the same.
    kept
        Rows that become references.
    validation
        Rows that were held out while weights moved; None when none did, and the folds of the probe say more.
    """
    if validation is None:
        held, among = out_of_fold_scores(probe, fitted), np.arange(len(kept))
    else:
        rows = np.intersect1d(validation, kept)
        held, among = None, np.flatnonzero(np.isin(kept, rows))
        if len(rows) >= FEWEST:
            scores = probe.head.scores(features[rows])
            held = HeldOutScores(scores, as_softmax(probe.decoding), fitted.labels[rows], fitted.groups[rows])
    references = ReferenceRows(ood.to_half_precision(features[kept]), fitted.labels[kept], fitted.groups[kept], among)
    return calibrate_policy(recipe, held, references, grouped=fitted.user_groups is not None)


def out_of_fold_scores(probe: Probe, fitted: Sample) -> HeldOutScores | None:
    """Return the scores of each example in the cross-validation that chose the head; None when there was none.

    Examples of a class that their fold did not know are left out, as they were for the temperature. The temperature,
    and the choice of the head among a few, were made on the same scores: one number and one choice among hundreds of
    examples, whose effect ``benchmarks/guard.py`` shows to be small.
    """
    rows = probe.scorable
    chosen = next((one for one in probe.candidates if one.name == probe.name), None)
    if chosen is None or len(rows) < FEWEST:
        return None
    return HeldOutScores(chosen.scores[rows], as_softmax(probe.decoding), fitted.labels[rows], fitted.groups[rows])


def calibrate_policy(
    recipe: Recipe, held: HeldOutScores | None, known: ReferenceRows, *, grouped: bool
) -> AnswerPolicy:
    """Calibrate a policy on held-out examples.

    ``grouped`` says that the data has groups, which a split does not divide.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> labels = np.arange(200) % 2
    >>> scores = random.normal(size=(200, 2)) + 4 * np.eye(2)[labels]
    >>> everyone = np.arange(200)
    >>> known = ReferenceRows(random.normal(size=(200, 5)), labels, everyone, everyone)
    >>> held = HeldOutScores(scores, Softmax(), labels, everyone)
    >>> policy = calibrate_policy(Recipe(abstain=0.95), held, known, grouped=False)
    >>> policy.quantile < 0.1, policy.threshold.reached, policy.novelties.groups
    (True, True, 200)
    """
    wanted, sets, answers = recipe.uncertainty, None, None
    if held is not None and len(held.labels) > MOST_HELD_OUT:
        rows = select_some(len(held.labels), MOST_HELD_OUT, recipe.run.seed)
        held = HeldOutScores(held.scores[rows], held.decoding, held.labels[rows], held.groups[rows])
    if held is not None:
        probabilities = held.decoding.decode(held.scores)
        sets = calibration_scores(true_class_scores(probabilities, held.labels, wanted.sets), held.groups)
        answers = selective_outcomes(probabilities, held.labels, held.groups)
    novelties = _held_out_novelties(recipe, held, known)
    return AnswerPolicy(
        rule=wanted.sets,
        novelty="none" if novelties is None else wanted.novelty,
        settings=PolicySettings.from_recipe(recipe),
        sets=sets,
        answers=answers,
        threshold=select_threshold(answers, wanted.abstain),
        novelties=novelties,
        gaussians=_fit_gaussians(known) if wanted.novelty == "mahalanobis" and novelties is not None else None,
        grouped=grouped,
    )


def _held_out_novelties(recipe: Recipe, held: HeldOutScores | None, known: ReferenceRows) -> CalibrationScores | None:
    method = recipe.uncertainty.novelty
    if method == "energy" and held is not None:
        return calibration_scores(ood.energy(held.scores, held.decoding.temperature), held.groups)
    if method in ("none", "energy") or len(known.held) < FEWEST:
        return None
    rows = known.held[select_some(len(known.held), MOST_COMPARED, recipe.run.seed)]
    groups = known.groups[rows]
    if method == "mahalanobis":
        return calibration_scores(_held_out_mahalanobis(recipe, known)[rows], groups)
    index = ood.nearest_index(known.features)
    return calibration_scores(ood.neighbour_distances(known.features[rows], index, groups, known.groups), groups)


def _held_out_mahalanobis(recipe: Recipe, known: ReferenceRows) -> Floats:
    """Compute the distance of each reference from Gaussians that were not fitted to it, shape (R,)."""
    distances = np.full(len(known.labels), np.nan)
    if len(known.held) < len(known.labels):
        distances[known.held] = ood.mahalanobis(known.features[known.held], _fit_gaussians(known))
        return distances
    for fold in make_folds(known.labels, known.groups, recipe.head.inner_folds, recipe.run.seed):
        gaussians = ood.fit_class_gaussians(known.features[fold.train], known.labels[fold.train])
        distances[fold.held_out] = ood.mahalanobis(known.features[fold.held_out], gaussians)
    return distances


def _fit_gaussians(known: ReferenceRows) -> ood.ClassGaussians:
    """Fit Gaussians to the references that nothing is held out of, or to all when every one can be."""
    others = np.setdiff1d(np.arange(len(known.labels)), known.held)
    rows = others if len(others) else known.held
    return ood.fit_class_gaussians(known.features[rows], known.labels[rows])
