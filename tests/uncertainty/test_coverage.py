"""Do 95 % intervals contain the truth in about 95 % of simulated test sets?"""

import numpy as np

from headstart.metrics.classification.evaluation import evaluate
from headstart.metrics.classification.weighted_scores import compute_scores, prepare_sample
from headstart.metrics.paired_tests import bootstrap_p, interval, mcnemar, resample_means

NAMES = [f"class {number}" for number in range(8)]


def draw(generator, count, classes, strength, weights=None):
    """A classifier with a known law: Gaussian logits, the true class ahead by ``strength``, 2 % of them mixed up."""
    labels = generator.choice(classes, size=count, p=weights)
    ahead = np.where(generator.random(count) < 0.02, generator.integers(0, classes, count), labels)
    logits = generator.normal(size=(count, classes))
    logits[np.arange(count), ahead] += strength
    probabilities = np.exp(logits)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def truth(classes, strength, weights=None):
    labels, probabilities = draw(np.random.default_rng(99), 100_000, classes, strength, weights)
    return compute_scores(prepare_sample(labels, probabilities), np.ones(100_000))


def covered(exact, classes, strength, count, weights=None):
    """How often the interval of each score contains its exact value."""
    hits = dict.fromkeys(exact, 0)
    repetitions = 150
    for repetition in range(repetitions):
        labels, probabilities = draw(np.random.default_rng(repetition), count, classes, strength, weights)
        result = evaluate(labels, probabilities, NAMES[:classes], seed=repetition, resamples=100)
        for name, value in exact.items():
            score = getattr(result, name)
            hits[name] += score.low <= value <= score.high
    return {name: count / repetitions for name, count in hits.items()}


SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "macro_roc_auc", "log_loss", "brier")


def test_intervals_of_a_good_classifier_cover_its_true_scores():
    exact = {name: float(truth(8, 4.5)[name]) for name in SCORES}
    assert exact["accuracy"] > 0.95
    share = covered(exact, 8, 4.5, 160)
    losses = ("log_loss", "brier")  # means of a few large losses: 160 examples may hold none of them
    assert min(share[name] for name in SCORES if name not in losses) >= 0.9, share
    assert min(share[name] for name in losses) >= 0.85, share


def test_intervals_of_a_middling_classifier_cover_its_true_scores():
    exact = {name: float(truth(4, 1.5)[name]) for name in SCORES}
    assert 0.6 < exact["accuracy"] < 0.8
    share = covered(exact, 4, 1.5, 160)
    assert min(share.values()) >= 0.9, share


def test_intervals_cover_when_some_classes_are_rare():
    weights = np.array([0.4, 0.3, 0.1, 0.1, 0.06, 0.04])
    exact = {name: float(truth(6, 3.0, weights)[name]) for name in ("accuracy", "balanced_accuracy", "macro_f1")}
    share = covered(exact, 6, 3.0, 200, weights)
    assert min(share.values()) >= 0.9, share


def test_with_patients_the_group_bootstrap_covers_where_the_plain_interval_fails():
    # All pictures of a patient are easy or hard together.
    hits = {"grouped": 0, "plain": 0, "grouped f1": 0, "plain f1": 0}
    repetitions, patients, pictures = 150, 40, 8
    groups = np.repeat(np.arange(patients), pictures)
    for repetition in range(repetitions):
        generator = np.random.default_rng(repetition)
        chance = np.repeat(generator.beta(1.6, 0.4, patients), pictures)  # mean 0.8
        labels = generator.integers(0, 2, patients * pictures)
        decided = np.where(generator.random(len(labels)) < chance, labels, 1 - labels)
        probabilities = np.where(np.arange(2) == decided[:, None], 0.8, 0.2)
        for name, given in (("grouped", groups), ("plain", None)):
            result = evaluate(labels, probabilities, NAMES[:2], groups=given, seed=repetition, resamples=100)
            hits[name] += result.accuracy.low <= 0.8 <= result.accuracy.high
            hits[f"{name} f1"] += result.macro_f1.low <= 0.8 <= result.macro_f1.high
    share = {name: count / repetitions for name, count in hits.items()}
    assert share["grouped"] >= 0.9 and share["grouped f1"] >= 0.9, share
    assert share["plain"] < 0.8 and share["plain f1"] < 0.8, share


def answers_of_two(generator, pictures, draws, chance, gain=0.0, spread=0.02):
    """Two arms with training draws whose quality differs by ``spread``, on pictures of different difficulty."""
    difficulty = generator.normal(scale=0.2, size=(1, pictures))
    chances = [
        np.clip(chance + more + generator.normal(scale=spread, size=(draws, 1)) + difficulty, 0, 1)
        for more in (0, gain)
    ]
    return [generator.random((draws, pictures)) < one for one in chances]


def test_the_hierarchical_interval_of_a_gain_covers_the_true_gain():
    many = np.random.default_rng(1).normal(scale=(0.02**2 + 0.2**2) ** 0.5, size=1_000_000)
    truth = np.clip(0.65 + many, 0, 1).mean() - np.clip(0.6 + many, 0, 1).mean()
    hits = 0
    for trial in range(200):
        one, other = answers_of_two(np.random.default_rng(trial), 120, 5, 0.6, 0.05)
        drawn = resample_means([other, one], np.arange(120), trial, 300)
        found = interval(float(other.mean() - one.mean()), drawn[0] - drawn[1])
        hits += found.low <= truth <= found.high
    assert hits >= 180


def test_mcnemar_and_the_paired_bootstrap_keep_their_level_when_nothing_differs():
    generator = np.random.default_rng(2)
    exact = pictures = 0
    for trial in range(200):
        one, other = answers_of_two(generator, 150, 1, 0.7, spread=0.0)
        exact += mcnemar(one[0], other[0]) <= 0.05
        drawn = resample_means([one, other], np.arange(150), trial, 200, over_draws=False)
        pictures += bootstrap_p(drawn[0] - drawn[1]) <= 0.05
    assert exact <= 17  # at most 10 are expected: the exact test keeps below its level
    assert pictures <= 20  # 10 are expected


def test_mcnemar_finds_what_is_there():
    generator = np.random.default_rng(3)
    found = 0
    for _ in range(60):
        one, other = answers_of_two(generator, 300, 1, 0.6, 0.15)
        found += mcnemar(one[0], other[0]) <= 0.05
    assert found >= 50
