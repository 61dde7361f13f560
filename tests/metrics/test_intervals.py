import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from headstart.metrics.intervals import percentile_interval, resampled_counts, spread_interval, wilson


@given(st.integers(1, 5000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_is_that_of_scipy(case):
    successes, count = case
    for level in (0.8, 0.95, 0.99):
        ours = wilson(successes, count, level)
        scipys = stats.binomtest(successes, count).proportion_ci(level, method="wilson")
        assert ours.low == pytest.approx(scipys.low, abs=1e-12)
        assert ours.high == pytest.approx(scipys.high, abs=1e-12)
        assert ours.value == successes / count
        assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_wilson_of_nothing_is_not_defined():
    score = wilson(0, 0)
    assert math.isnan(score.value) and math.isnan(score.low) and math.isnan(score.high)


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_resample_draws_as_many_units_as_there_are(units, resamples, seed):
    counts = np.concatenate(list(resampled_counts(units, resamples, units, seed)), axis=1)
    assert counts.shape == (units, resamples)
    assert (counts.sum(axis=0) == units).all()
    assert (counts >= 0).all()


def test_resamples_are_the_same_for_the_same_seed_and_differ_for_another():
    first, again, other = (next(resampled_counts(50, 20, 50, seed)) for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_many_examples_are_resampled_in_blocks_that_stay_small():
    blocks = [block.shape for block in resampled_counts(10, 25, 200_000, 0)]
    assert blocks == [(10, 10), (10, 10), (10, 5)]


def test_each_unit_is_drawn_as_the_multinomial_law_says():
    counts = next(resampled_counts(5, 20_000, 5, 0))
    assert counts.mean(axis=1) == pytest.approx(np.ones(5), abs=0.04)
    assert counts.var(axis=1) == pytest.approx(np.full(5, 0.8), abs=0.04)
    assert np.cov(counts)[0, 1] == pytest.approx(-0.2, abs=0.04)


def test_the_spread_of_a_share_gives_back_wilson():
    # Of 100 examples 90: the variance of the share is 0.9 x 0.1 / 100 = 0.03².
    share = 0.9
    draws = np.array([share - 0.03, share + 0.03])
    corrected = spread_interval(share, draws, 1e12, math.inf, "bootstrap")
    exact = wilson(share * 100, 100)
    assert (corrected.low, corrected.high) == pytest.approx((exact.low, exact.high))
    assert corrected.method == "bootstrap"


def test_few_units_make_the_variance_larger_than_that_of_the_resamples():
    few = spread_interval(0.9, np.array([0.87, 0.93]), 5, math.inf, "group bootstrap")
    exact = wilson(0.9 * 80, 80)  # 0.03² x 5 / 4 is the variance of a share of 80
    assert (few.low, few.high) == pytest.approx((exact.low, exact.high))


def test_resamples_that_all_agree_are_worth_as_many_examples_as_there_are_units():
    perfect = spread_interval(1.0, np.ones(100), 24, 240, "group bootstrap")
    assert (perfect.value, perfect.low, perfect.high) == (1.0, wilson(24, 24).low, 1.0)
    assert perfect.method == "group bootstrap"


def test_a_score_is_never_worth_more_than_its_limit():
    draws = np.array([0.89, 0.91])
    assert spread_interval(0.9, draws, 50, 50, "bootstrap").low == pytest.approx(wilson(45, 50).low)


def test_resamples_without_the_score_are_left_out():
    draws = np.array([0.8, math.nan, 0.9, math.nan])
    kept = np.array([0.8, 0.9])
    assert spread_interval(0.85, draws, 9, 99, "bootstrap") == spread_interval(0.85, kept, 9, 99, "bootstrap")


def test_a_score_that_is_not_defined_has_no_interval():
    score = spread_interval(math.nan, np.full(5, math.nan), 0, 0, "bootstrap")
    assert math.isnan(score.value) and math.isnan(score.low) and math.isnan(score.high)


def test_a_single_unit_gives_a_loss_no_interval():
    score = percentile_interval(0.3, np.full(100, 0.3), 1, "bootstrap")
    assert score.value == 0.3
    assert math.isnan(score.low) and math.isnan(score.high)


def test_the_percentile_interval_of_a_mean_is_that_of_scipy():
    losses = np.random.default_rng(3).exponential(size=200)
    means = losses @ next(resampled_counts(200, 4000, 200, 0)) / 200
    ours = percentile_interval(float(losses.mean()), means, 200, "bootstrap")
    scipys = stats.bootstrap((losses,), np.mean, n_resamples=4000, method="percentile", rng=1).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=0.02)


def test_wilson_contains_its_own_bounds_equation():
    # A bound b solves (p - b)² = z² b (1 - b) / n: the score test just does not reject it.
    z = stats.norm.ppf(0.975)
    score = wilson(232, 240)
    share = float(Fraction(232, 240))
    for bound in (score.low, score.high):
        assert (share - bound) ** 2 == pytest.approx(z**2 * bound * (1 - bound) / 240)
