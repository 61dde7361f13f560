"""Sets of classes: the quantile by hand, the scores by hand, and the coverage that theory promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, kstest

from headstart.uncertainty.conformal import (
    PENALTY,
    ROUNDING,
    calibration_scores,
    coverage_range,
    nonconformity,
    prediction_sets,
    true_class_scores,
)

RULES = ("lac", "aps", "raps")


def probabilities(random: np.random.Generator, count: int, classes: int = 4, sharpness: float = 2.0) -> np.ndarray:
    scores = sharpness * random.normal(size=(count, classes))
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def draw_labels(random: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    return (shares.cumsum(axis=1) < random.random(len(shares))[:, None]).sum(axis=1).clip(max=shares.shape[1] - 1)


@settings(deadline=None)  # of a busy machine
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.floats(0.05, 0.99))
def test_without_groups_the_quantile_is_the_kth_smallest(values: list[float], coverage: float) -> None:
    # Split conformal, as in every textbook; a coverage is that of a place when it is so up to rounding.
    place = math.ceil((len(values) + 1) * (coverage - ROUNDING))
    expected = sorted(values)[place - 1] if place <= len(values) else math.inf
    assert calibration_scores(np.array(values)).quantile(coverage) == expected


def test_the_quantile_by_hand() -> None:
    values = np.array([0.4, 0.1, 0.3, 0.2, 0.9])
    assert calibration_scores(values).quantile(0.5) == 0.3  # ceil(6 * 0.5) = 3rd
    assert calibration_scores(values).quantile(0.7) == 0.9  # ceil(6 * 0.7) = 5th
    assert calibration_scores(values).quantile(0.9) == math.inf  # ceil(6 * 0.9) = 6th of five


def test_a_group_counts_as_one_whatever_its_size() -> None:
    values = np.array([9.0] * 50 + [1.0, 2.0, 3.0])
    groups = np.array([0] * 50 + [1, 2, 3])
    assert calibration_scores(values, groups).quantile(0.6) == 3.0  # of four groups and the new one three are 3 / 5
    assert calibration_scores(values).quantile(0.6) == 9.0
    np.testing.assert_allclose(calibration_scores(values, groups).masses.sum(), 4 / 5)


def test_the_share_beyond_is_the_p_value_of_a_conformal_test() -> None:
    held = calibration_scores(np.array([0.1, 0.2, 0.2, 0.5]))
    np.testing.assert_allclose(held.share_beyond(np.array([0.0, 0.2, 0.3, 0.6])), [1.0, 4 / 5, 2 / 5, 1 / 5])


def test_lac_aps_and_raps_by_hand() -> None:
    one = np.array([[0.1, 0.45, 0.05, 0.4]])
    np.testing.assert_allclose(nonconformity(one, "lac"), [[0.9, 0.55, 0.95, 0.6]])
    # Falling: 0.45, 0.4, 0.1, 0.05; a class counts the ones before it and half of itself.
    aps = np.array([[0.9, 0.225, 0.975, 0.65]])
    np.testing.assert_allclose(nonconformity(one, "aps"), aps)
    np.testing.assert_allclose(nonconformity(one, "raps"), aps + PENALTY * np.array([[1, 0, 2, 0]]))
    assert prediction_sets(one, "aps", 0.9).tolist() == [[True, True, False, True]]


@settings(deadline=None)  # of a busy machine
@given(st.integers(0, 100), st.sampled_from(RULES), st.floats(0, 1))
def test_a_set_is_never_empty_and_grows_with_the_quantile(seed: int, rule: str, quantile: float) -> None:
    shares = probabilities(np.random.default_rng(seed), 20)
    small, large = prediction_sets(shares, rule, quantile / 2), prediction_sets(shares, rule, quantile)
    assert small.any(axis=1).all()
    assert (small <= large).all()
    assert prediction_sets(shares, rule, math.inf).all()
    # A likelier class is never left out while a less likely one is in.
    order = np.argsort(-shares, axis=1)
    assert (np.diff(np.take_along_axis(large, order, axis=1).astype(int), axis=1) <= 0).all()


@pytest.mark.parametrize(("count", "alpha"), [(50, 0.1), (99, 0.2)])
def test_coverage_over_200_splits_follows_the_beta_distribution_of_theory(count: int, alpha: float) -> None:
    """Given n held-out scores the coverage of lac is Beta(n + 1 - l, l), l = floor((n + 1) alpha)."""
    random = np.random.default_rng(2)
    pool = 60_000
    shares = probabilities(random, pool)
    scores = true_class_scores(shares, draw_labels(random, shares), "lac")
    coverages = []
    for _ in range(200):
        order = random.permutation(pool)[: count + 5000]
        quantile = calibration_scores(scores[order[:count]]).quantile(1 - alpha)
        # A uniform share of a step, because 5,000 pictures cannot show every coverage.
        coverages.append((scores[order[count:]] <= quantile).mean() + random.uniform(-0.5, 0.5) / 5000)
    left = math.floor((count + 1) * alpha + 1e-9)
    assert kstest(coverages, beta(count + 1 - left, left).cdf).pvalue > 0.05


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_its_promise_also_when_the_probabilities_are_wrong(rule: str) -> None:
    random = np.random.default_rng(0)
    covered = []
    for _ in range(60):
        shares = probabilities(random, 400)
        labels = draw_labels(random, shares)
        wrong = shares**4 / (shares**4).sum(axis=1, keepdims=True)  # far too sure
        quantile = calibration_scores(true_class_scores(wrong[:200], labels[:200], rule)).quantile(0.9)
        covered.append(prediction_sets(wrong[200:], rule, quantile)[np.arange(200), labels[200:]].mean())
    assert np.mean(covered) >= 0.9 - 2 * np.std(covered) / np.sqrt(60)


def test_with_groups_a_picture_of_a_new_group_is_covered() -> None:
    """Groups of very different size and difficulty: single pictures would promise too much."""
    random = np.random.default_rng(0)
    covered, naive = [], []
    for _ in range(400):
        sizes = np.where(random.random(60) < 0.3, 1, 40)
        hard = sizes == 1  # the small groups are the hard ones
        groups = np.repeat(np.arange(60), sizes)
        scores = random.normal(np.where(hard, 3.0, 0.0)[groups] + random.normal(size=60)[groups], 0.5)
        new = groups == 59
        held, pooled = calibration_scores(scores[~new], groups[~new]), calibration_scores(scores[~new])
        covered.append((scores[new] <= held.quantile(0.9)).mean())
        naive.append((scores[new] <= pooled.quantile(0.9)).mean())
    assert np.mean(covered) > 0.9 - 0.03
    assert np.mean(naive) < 0.8


@given(st.integers(1, 20_000), st.floats(0.5, 0.999), st.floats(0.5, 0.99))
def test_the_range_of_the_coverage_is_that_of_the_beta_distribution(count, coverage, level) -> None:
    left = math.floor((count + 1) * (1 - coverage) + 1e-9)
    ends = [(1 - level) / 2, (1 + level) / 2]
    expected = beta(count + 1 - left, left).ppf(ends) if left else (1.0, 1.0)
    np.testing.assert_allclose(coverage_range(count, coverage, level), expected, rtol=1e-8)
