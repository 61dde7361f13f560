"""Scores from cross-validation, with a variance that knows that the folds learned from the same examples."""

from dataclasses import replace
from typing import Any

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.metrics.classification.evaluation import AS_ACCURACY, evaluate
from headstart.metrics.classification.values import ClassEvaluation
from headstart.metrics.classification.weighted_scores import compute_scores, prepare_sample
from headstart.metrics.intervals import corrected_interval
from headstart.metrics.values import CrossValidated, Score, ScoredPart

# Scores of an evaluation whose intervals are corrected.
CORRECTED = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier")
LOSSES = ("log_loss", "brier")


def evaluate_folds(
    part: ScoredPart, probabilities: Floats, fold_of: Integers, seed: int = 0, resamples: int = 1000
) -> ClassEvaluation:
    """Score probabilities of examples by models that had not seen them, in R repetitions of K folds.

    Accuracy, balanced accuracy, macro F1, log-loss and Brier score are means over the repetitions and have corrected
    intervals (:func:`corrected_interval`). All else, from the confusion matrix to the classes, is that of the first
    repetition: its intervals are drawn over examples, and take the K models for one.

    Parameters
    ----------
    part
        The N examples.
    probabilities
        Shape (R, N, C).
    fold_of
        In which fold an example was held out, shape (R, N).
    seed, resamples
        As for :func:`headstart.metrics.classification.evaluation.evaluate`.

    Examples
    --------
    >>> labels = np.array([0, 1] * 10)
    >>> sure = np.where(np.arange(2) == labels[:, None], 0.9, 0.1)[None]
    >>> part = ScoredPart(labels, ("cat", "dog"), None, np.zeros(20, dtype=np.bool_))
    >>> found = evaluate_folds(part, sure, np.arange(20)[None] // 2 % 5)
    >>> print(found.accuracy, found.cross_validated.folds)
    1.000 [0.839, 1.000] 5
    """
    labels = part.labels
    first = evaluate(labels, probabilities[0], part.classes, groups=part.groups, seed=seed, resamples=resamples)
    scores: dict[str, list[float]] = {name: [] for name in CORRECTED}
    values: dict[str, list[float]] = {name: [] for name in CORRECTED}
    shares = []
    for answers, folds in zip(probabilities, fold_of, strict=True):
        sample = prepare_sample(labels, answers)
        whole = compute_scores(sample, np.ones(len(labels)))
        weights = (folds[:, None] == np.unique(folds)).astype(np.float64)  # a column for each fold
        by_fold = compute_scores(sample, weights)
        held = weights.sum(axis=0)
        shares.append(float((held / (len(labels) - held)).mean()))
        for name in CORRECTED:
            values[name].append(float(whole[name]))
            scores[name] += by_fold[name].tolist()
    share = float(np.mean(shares))
    corrected: dict[str, Any] = {
        name: _bounded(
            corrected_interval(float(np.mean(values[name])), scores[name], share, getattr(first, name)), name
        )
        for name in CORRECTED
    }
    corrected |= dict.fromkeys(AS_ACCURACY, corrected["accuracy"]) | {"macro_recall": corrected["balanced_accuracy"]}
    how = CrossValidated(len(np.unique(fold_of[0])), len(fold_of), tuple(scores["accuracy"]))
    return replace(first, **corrected, cross_validated=how)


def _bounded(score: Score, name: str) -> Score:
    """Cut off what no score can be: below 0, and above 1 where it is no loss."""
    return replace(score, low=max(0.0, score.low), high=score.high if name in LOSSES else min(1.0, score.high))
