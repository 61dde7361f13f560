"""Scores from folds: the corrected variance by hand, by simulation, and in an evaluation."""

from statistics import NormalDist, fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from headstart.metrics.classification.evaluation import evaluate
from headstart.metrics.classification.folds import evaluate_folds
from headstart.metrics.intervals import corrected_interval, corrected_variance, wilson
from headstart.metrics.values import Score, ScoredPart


def test_the_corrected_variance_is_the_formula_of_nadeau_and_bengio_by_hand():
    scores = [0.80, 0.85, 0.90, 0.95]
    mean = 0.875
    spread = ((0.80 - mean) ** 2 + (0.85 - mean) ** 2 + (0.90 - mean) ** 2 + (0.95 - mean) ** 2) / 3
    assert corrected_variance(scores, held_out_share=1 / 3) == pytest.approx(spread * (1 / 4 + 1 / 3))
    found = corrected_interval(mean, scores, 1 / 3, floor=Score(mean, mean, mean))
    margin = t.ppf(0.975, 3) * (spread * (1 / 4 + 1 / 3)) ** 0.5
    assert (found.low, found.high) == pytest.approx((mean - margin, mean + margin))
    assert found.method == "corrected t"


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0.01, 1))
def test_the_corrected_variance_is_never_below_that_of_independent_folds(scores, share):
    assert corrected_variance(scores, share) >= np.var(scores, ddof=1) / len(scores)


def simulated(trial, folds, repeats, count=60, dimension=20):
    """Fold accuracies of nearest class means on two normal classes, and the true accuracies of the fold models."""
    random = np.random.default_rng(trial)
    shift = np.zeros(dimension)
    shift[0] = 1.5
    labels = np.arange(count) % 2
    features = random.normal(size=(count, dimension)) + np.where(labels[:, None] == 1, shift / 2, -shift / 2)
    scores, truths = [], []
    for _ in range(repeats):
        order = random.permutation(count)
        for fold in range(folds):
            held = np.isin(np.arange(count), order[fold::folds])
            means = [features[~held & (labels == number)].mean(axis=0) for number in (0, 1)]
            weight = means[1] - means[0]
            bias = -weight @ (means[0] + means[1]) / 2
            scores.append(float((((features[held] @ weight + bias) > 0) == labels[held]).mean()))
            aims = (weight @ shift / 2 + bias, weight @ shift / 2 - bias)
            truths.append(fmean(NormalDist().cdf(aim / np.linalg.norm(weight)) for aim in aims))
    return scores, fmean(truths)


@pytest.mark.parametrize(("folds", "repeats"), [(5, 1), (5, 4)])
def test_corrected_intervals_cover_the_truth_and_those_of_independent_folds_do_not(folds, repeats):
    trials = [simulated(trial, folds, repeats) for trial in range(150)]
    truth = fmean(exact for _, exact in trials)
    hits = {"corrected": 0, "independent": 0, "of no data but the folds": 0}
    for scores, _ in trials:
        value = fmean(scores)
        found = corrected_interval(value, scores, 1 / (folds - 1), wilson(value * 60, 60))
        hits["corrected"] += found.low <= truth <= found.high
        bare = corrected_interval(value, scores, 1 / (folds - 1), Score(value, value, value))
        hits["of no data but the folds"] += bare.low <= truth <= bare.high
        margin = t.ppf(0.975, len(scores) - 1) * np.std(scores, ddof=1) / len(scores) ** 0.5
        hits["independent"] += abs(value - truth) <= margin
    share = {name: count / len(trials) for name, count in hits.items()}
    assert share["corrected"] >= 0.93 and share["of no data but the folds"] >= 0.92, share
    assert share["independent"] <= (0.94 if repeats == 1 else 0.75), share


def part_of(labels, classes):
    return ScoredPart(labels, tuple(classes), None, np.zeros(len(labels), dtype=bool))


def guesses(count=60, classes=3, repeats=2, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    logits = random.normal(size=(repeats, count, classes)) + 2 * np.eye(classes)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return labels, probabilities, np.stack([random.permutation(count) % 4 for _ in range(repeats)])


def test_an_evaluation_in_folds_has_the_mean_of_its_folds_and_everything_else_of_the_first_repetition():
    labels, probabilities, fold_of = guesses()
    found = evaluate_folds(part_of(labels, "abc"), probabilities, fold_of, resamples=200)
    right = probabilities.argmax(axis=2) == labels
    by_hand = [right[r][fold_of[r] == k].mean() for r in range(2) for k in range(4)]
    assert found.cross_validated.accuracies == pytest.approx(by_hand)
    assert (found.cross_validated.folds, found.cross_validated.repeats) == (4, 2)
    assert found.accuracy.value == pytest.approx(right.mean())
    assert found.micro_f1 == found.weighted_recall == found.accuracy
    first = evaluate(labels, probabilities[0], ["a", "b", "c"], resamples=200)
    assert found.confusion == first.confusion
    assert found.per_class == first.per_class
    assert found.log_loss.value == pytest.approx(-np.log(probabilities[:, np.arange(60), labels]).mean())
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier"):
        score, plain = getattr(found, name), getattr(first, name)
        assert score.method == "corrected t"
        assert 0 <= score.low <= plain.low and plain.high <= score.high, name


def test_folds_that_agree_by_chance_leave_an_interval():
    labels = np.arange(40) % 2
    sure = np.where(np.arange(2) == labels[:, None], 0.9, 0.1)[None]
    found = evaluate_folds(part_of(labels, "ab"), sure, np.arange(40)[None] // 2 % 5, resamples=100)
    assert found.accuracy.low == pytest.approx(wilson(40, 40).low)
    assert found.accuracy.high == 1.0
    assert str(found.cross_validated) == "cross-validated in 5 folds"
