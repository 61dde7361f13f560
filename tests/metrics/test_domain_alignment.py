"""Centred kernel alignment beside its formula, and what it is there for."""

from itertools import permutations

import numpy as np
import pytest

from headstart.metrics.domain_alignment import alignment_score, centred_kernel_alignment


def by_hand(one, other):
    """HSIC as the U-statistic over all ordered quadruples of different rows (Song et al. 2012, equation 4)."""
    kernel, twin = one @ one.T, other @ other.T
    total, count = 0.0, 0
    for i, j, q, r in permutations(range(len(one)), 4):
        total += kernel[i, j] * (twin[i, j] + twin[q, r] - 2 * twin[i, q])
        count += 1
    return total / count


def test_it_is_the_mean_over_all_quadruples_of_rows():
    random = np.random.default_rng(0)
    one = random.normal(size=(7, 3))
    other = one @ random.normal(size=(3, 5)) + random.normal(size=(7, 5))
    expected = by_hand(one, other) / (by_hand(one, one) * by_hand(other, other)) ** 0.5
    assert centred_kernel_alignment(one, other) == pytest.approx(expected, rel=1e-9)


def biased(one, other):
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    norm = np.linalg.norm
    return norm(other.T @ one) ** 2 / (norm(one.T @ one) * norm(other.T @ other))


def test_representations_with_nothing_in_common_have_none_where_the_usual_estimate_says_one():
    random = np.random.default_rng(1)
    pairs = [(random.normal(size=(20, 2000)), random.normal(size=(20, 2000))) for _ in range(10)]
    assert min(biased(*pair) for pair in pairs) > 0.9
    assert abs(np.mean([centred_kernel_alignment(*pair) for pair in pairs])) < 0.1


def test_it_goes_to_the_usual_estimate_with_many_rows():
    random = np.random.default_rng(2)
    one = random.normal(size=(1500, 4))
    other = one[:, :2] + random.normal(size=(1500, 2))
    assert centred_kernel_alignment(one, other) == pytest.approx(biased(one, other), abs=0.01)


def test_a_matrix_without_variance_is_aligned_with_nothing():
    assert np.isnan(centred_kernel_alignment(np.ones((6, 2)), np.eye(6)))


def test_the_interval_covers_the_alignment_of_many_rows():
    random = np.random.default_rng(3)
    mixing = random.normal(size=(6, 6))

    def made(count):
        one = random.normal(size=(count, 6))
        return one, one @ mixing + 2 * random.normal(size=(count, 6))

    truth = centred_kernel_alignment(*made(4000))
    found = [alignment_score(*made(80), seed) for seed in range(60)]
    covered = sum(score.low <= truth <= score.high for score in found)
    assert covered >= 51  # of 57 expected
