"""Gains between learning curves, and what they are worth in labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels

from headstart.metrics.paired_tests import (
    area_between,
    data_multiplier,
    interval,
    mcnemar,
    paired_difference,
    resample_means,
)


@given(st.floats(0.31, 0.69), st.floats(1, 50))
def test_the_curve_has_the_accuracy_at_the_size_the_multiplier_names(accuracy, size):
    sizes, accuracies = [5, 20, 80], [0.3, 0.5, 0.7]
    found = data_multiplier(accuracy, size, sizes, accuracies)
    assert found.bound == ""
    assert np.interp(np.log(found.value * size), np.log(sizes), accuracies) == pytest.approx(accuracy)


def test_a_curve_that_is_better_from_the_start_needs_fewer_labels():
    assert str(data_multiplier(0.2, 10, [5, 20], [0.3, 0.5])) == "less than 0.5"


def test_a_dip_by_chance_costs_no_labels():
    assert data_multiplier(0.5, 5, [5, 20, 80], [0.5, 0.4, 0.7]).value == 1.0


def test_the_area_between_curves_is_that_of_a_fine_sum():
    sizes, one, other = [1, 3, 30], [0.2, 0.6, 0.8], [0.1, 0.2, 0.7]
    grid = np.linspace(0, np.log(30), 200_001)
    gaps = np.interp(grid, np.log(sizes), one) - np.interp(grid, np.log(sizes), other)
    assert area_between(sizes, one, other) == pytest.approx(gaps.mean(), abs=1e-4)
    assert np.isnan(area_between([5], [0.5], [0.4]))


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """Training draws of different quality, test pictures of different difficulty: the truth is their mean, 0.7."""
    random = np.random.default_rng(0)
    covered, many = 0, random.normal(scale=(0.03**2 + 0.2**2) ** 0.5, size=1_000_000)
    truth = np.clip(0.7 + many, 0, 1).mean()
    for trial in range(200):
        quality = random.normal(scale=0.03, size=(8, 1))
        difficulty = random.normal(scale=0.2, size=(1, 80))
        right = random.random((8, 80)) < np.clip(0.7 + quality + difficulty, 0, 1)
        found = interval(float(right.mean()), resample_means([right], np.arange(80), trial, 300)[0])
        covered += found.low <= truth <= found.high
    assert covered >= 180


def test_arms_are_drawn_together_so_that_equal_answers_never_differ():
    right = np.random.default_rng(0).random((4, 60)) < 0.6
    one, other = resample_means([right, right.copy()], np.arange(60), 0, 100)
    assert np.array_equal(one, other)


def test_one_row_stands_beside_several_draws():
    once = np.arange(30)[None] % 3 == 0
    found = resample_means([np.repeat(once, 5, axis=0), once], np.arange(30), 0, 50)
    assert np.allclose(found[0], found[1])


def test_groups_widen_the_interval():
    right = np.repeat(np.random.default_rng(0).random((3, 20)) < 0.6, 10, axis=1)
    alone, grouped = (
        resample_means([right], groups, 0, 500)[0].std() for groups in (np.arange(200), np.arange(200) // 10)
    )
    assert grouped > 1.5 * alone


@pytest.mark.parametrize("seed", range(4))
def test_mcnemar_is_the_binomial_test_of_the_pairs_that_differ(seed):
    random = np.random.default_rng(seed)
    one, other = random.random(50) < 0.7, random.random(50) < 0.5
    only = int((one & ~other).sum())
    expected = binomtest(only, int((one != other).sum())).pvalue
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-12)
    assert mcnemar(one, one) == 1.0


@pytest.mark.parametrize("seed", range(4))
def test_a_paired_difference_has_the_p_value_of_statsmodels_and_an_interval_around_the_gain(seed):
    random = np.random.default_rng(seed)
    ease = random.random(300)
    one, other = ease + 0.1 * random.normal(size=300) < 0.8, ease + 0.1 * random.normal(size=300) < 0.75
    found = paired_difference(one, other, None, seed, 2000)
    table = [[(one & other).sum(), found.gained], [found.lost, (~one & ~other).sum()]]
    assert found.p == pytest.approx(mcnemar_of_statsmodels(table, exact=True).pvalue)
    assert found.difference.value == pytest.approx((found.gained - found.lost) / 300)
    # The variance of a difference of pairs: (b + c - (b - c)^2 / n) / n^2.
    spread = np.sqrt(found.gained + found.lost - (found.gained - found.lost) ** 2 / 300) / 300
    assert found.difference.high - found.difference.low == pytest.approx(2 * 1.96 * spread, rel=0.15)


def test_with_groups_a_paired_difference_is_as_unsure_as_there_are_few_groups():
    one, other = (np.repeat(np.arange(12) % 6 < number, 25) for number in (5, 3))
    alone, grouped = (paired_difference(one, other, groups) for groups in (None, np.repeat(np.arange(12), 25)))
    assert (alone.test, grouped.test) == ("mcnemar", "group bootstrap")
    assert grouped.p > alone.p
    assert grouped.difference.low < alone.difference.low


def test_equal_answers_differ_by_nothing():
    right = np.arange(40) % 3 == 0
    found = paired_difference(right, right, None)
    assert (found.gained, found.lost, found.p) == (0, 0, 1.0)
    assert (found.difference.low, found.difference.high) == (0.0, 0.0)
