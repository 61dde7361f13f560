"""Distances between sets of features beside their formulas, and their tests under the null hypothesis."""

from functools import partial

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from scipy.stats import binomtest

from headstart.metrics.distances import discrepancy, frechet, proxy_distance
from headstart.studies.distance import fit_ridge


def two(shift=0.0, sizes=(60, 80), dimension=5, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(sizes[0], dimension)), random.normal(size=(sizes[1], dimension)) + shift


def test_the_discrepancy_is_the_sum_over_pairs():
    one, other = two(0.5)
    width = np.median(np.square(pdist(np.concatenate([one, other]))))
    inside = np.mean(np.exp(-np.square(pdist(one)) / width))
    outside = np.mean(np.exp(-np.square(pdist(other)) / width))
    across = np.mean(np.exp(-np.square(cdist(one, other)) / width))
    assert discrepancy(one, other, 0, permutations=10).value == pytest.approx(inside + outside - 2 * across)


def test_the_frechet_distance_is_its_formula():
    one, other = two(0.3, sizes=(200, 200))
    first, second = np.cov(one.T), np.cov(other.T)
    gap = one.mean(axis=0) - other.mean(axis=0)
    expected = gap @ gap + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet(one, other, 0).value == pytest.approx(expected)


def test_a_set_is_as_far_from_itself_as_its_halves_from_each_other():
    one, other = two(sizes=(400, 400))
    found = frechet(one, other, 0)
    assert found.value < 2 * found.within


@pytest.mark.parametrize(
    "measure",
    [partial(proxy_distance, fit=fit_ridge), lambda a, b, seed: discrepancy(a, b, seed, permutations=99)],
)
def test_the_tests_keep_their_level_and_find_a_shift(measure):
    false = sum(measure(*two(seed=seed), seed).p <= 0.05 for seed in range(100))
    assert false <= 12  # 5 are expected
    assert all(measure(*two(1.5, seed=seed), seed).p <= 0.02 for seed in range(5))


def test_the_proxy_distance_is_twice_one_minus_twice_the_error_and_not_below_nothing():
    found = proxy_distance(*two(1.0, sizes=(200, 200)), seed=0, fit=fit_ridge)
    assert found.value == pytest.approx(2 * (1 - 2 * found.error))
    right = round(200 * (1 - found.error))  # half of the smaller set's size twice over
    assert found.p == pytest.approx(binomtest(right, 200, alternative="greater").pvalue, rel=1e-9)
    assert min(proxy_distance(*two(seed=seed), seed, fit_ridge).value for seed in range(20)) == 0


def test_the_size_of_the_sets_does_not_tell_them_apart():
    values = [proxy_distance(*two(sizes=(40, 400), seed=seed), seed, fit_ridge).p for seed in range(20)]
    assert np.median(values) > 0.2
