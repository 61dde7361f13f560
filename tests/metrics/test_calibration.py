import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from headstart.metrics.classification.calibration import (
    calibration_error,
    calibration_score,
    equal_mass_bins,
    reliability_table,
    squared_calibration_error,
)
from headstart.metrics.intervals import resampled_counts

confidences = arrays.arrays(np.float64, st.integers(1, 300), elements=st.floats(0, 1))


def simulate(generator, count, shift=0.0):
    """Confidences between 0.4 and 1 that are right less often than they say by ``shift``."""
    confidence = generator.uniform(0.4, 1, count)
    return confidence, generator.random(count) < confidence - shift


def by_hand(confidence, correct):
    """The debiased estimator as Kumar, Liang and Ma write it, with a loop."""
    bins = equal_mass_bins(confidence)
    total = 0.0
    for number in set(bins.tolist()):
        gaps = (correct - confidence)[bins == number]
        if len(gaps) > 1:
            total += len(gaps) / len(bins) * (gaps.mean() ** 2 - gaps.var(ddof=1) / len(gaps))
    return total


@pytest.mark.parametrize("seed", range(5))
def test_the_debiased_error_is_the_one_computed_by_hand(seed):
    confidence, correct = simulate(np.random.default_rng(seed), 237, 0.1)
    assert squared_calibration_error(confidence, correct).debiased == pytest.approx(by_hand(confidence, correct))


def test_with_equal_confidences_it_is_the_formula_of_the_paper():
    correct = np.array([True] * 12 + [False] * 6)
    error = squared_calibration_error(np.full(18, 0.9), correct)
    share = 12 / 18
    assert error.plain == pytest.approx((share - 0.9) ** 2)
    assert error.debiased == pytest.approx((share - 0.9) ** 2 - share * (1 - share) / 17)


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 0.0), (0.1, 0.01)])
def test_the_debiased_error_is_right_on_average_and_the_plain_one_too_large(shift, expected):
    generator = np.random.default_rng(0)
    errors = [squared_calibration_error(*simulate(generator, 200, shift)) for _ in range(1500)]
    plain, debiased = (np.array([getattr(error, kind) for error in errors]) for kind in ("plain", "debiased"))
    noise = debiased.std() / math.sqrt(len(errors))
    assert abs(debiased.mean() - expected) < 4 * noise
    assert plain.mean() - expected > 40 * noise
    assert plain.mean() > expected + 0.01


def test_with_groups_the_variance_is_that_of_groups():
    # Members of a group are right or wrong together: the examples seem more than they are.
    generator = np.random.default_rng(1)
    units = np.repeat(np.arange(60), 5)
    with_groups, without = [], []
    for _ in range(800):
        confidence = np.repeat(generator.uniform(0.4, 1, 60), 5)
        correct = np.repeat(generator.random(60), 5) < confidence
        with_groups.append(squared_calibration_error(confidence, correct, units).debiased)
        without.append(squared_calibration_error(confidence, correct).debiased)
    noise = np.std(with_groups) / math.sqrt(800)
    assert abs(np.mean(with_groups)) < 4 * noise
    assert np.mean(without) > 20 * noise


@given(st.integers(0, 1000), st.booleans())
def test_weights_count_like_repeated_groups(seed, grouped):
    generator = np.random.default_rng(seed)
    confidence, correct = simulate(generator, 45)
    confidence = np.round(confidence, 1)
    units = np.arange(45) // 3 if grouped else np.arange(45)
    copies = generator.integers(1, 3, int(units.max()) + 1)[units]
    weighted = squared_calibration_error(confidence, correct, units, copies[:, None] * 1.0)
    # Each copy of a group is a group of its own; the bins stay those of the sample.
    rows = np.repeat(np.arange(45), copies)
    copy = np.concatenate([np.arange(number) for number in copies])
    gaps, bins, unit = (correct - confidence)[rows], equal_mass_bins(confidence)[rows], units[rows] * 10 + copy
    plain = debiased = 0.0
    for number in set(bins.tolist()):
        inside = bins == number
        mean, count = gaps[inside].mean(), inside.sum()
        sums = [(gaps[inside & (unit == one)] - mean).sum() ** 2 for one in set(unit[inside].tolist())]
        plain += count / len(rows) * mean**2
        if len(sums) > 1:
            debiased += count / len(rows) * (mean**2 - len(sums) / (len(sums) - 1) * sum(sums) / count**2)
    assert weighted.plain[0] == pytest.approx(plain)
    assert weighted.debiased[0] == pytest.approx(debiased)


@given(confidences, st.randoms(use_true_random=False))
def test_bins_do_not_depend_on_the_order_and_keep_equal_confidences_together(confidence, random):
    bins = equal_mass_bins(confidence)
    order = list(range(len(confidence)))
    random.shuffle(order)
    np.testing.assert_array_equal(equal_mass_bins(confidence[order]), bins[order])
    assert len(set(zip(confidence.tolist(), bins.tolist(), strict=True))) == len(set(confidence.tolist()))
    assert sorted(set(bins.tolist())) == list(range(bins.max() + 1))
    assert bins.max() < 15
    assert (np.diff(bins[np.argsort(confidence)]) >= 0).all()


def test_different_confidences_make_bins_of_equal_count():
    counts = np.bincount(equal_mass_bins(np.random.default_rng(0).random(1000)))
    assert len(counts) == 15
    assert set(counts.tolist()) == {66, 67}


@given(confidences, st.integers(0, 100))
def test_error_and_table_stay_in_their_ranges(confidence, seed):
    correct = np.random.default_rng(seed).random(len(confidence)) < 0.5
    error = calibration_error(confidence, correct)
    assert math.isnan(error) if len(confidence) < 2 else 0 <= error <= 1
    table = reliability_table(confidence, correct)
    assert sum(row.count for row in table) == len(confidence)
    assert sum(row.count * row.accuracy for row in table) == pytest.approx(correct.sum())
    assert sum(row.count * row.confidence for row in table) == pytest.approx(confidence.sum())


@pytest.mark.parametrize(("shift", "least"), [(0.0, 0.95), (0.1, 0.9), (0.2, 0.9)])
def test_the_interval_covers_the_true_error(shift, least):
    generator = np.random.default_rng(2)
    covered = 0
    for seed in range(200):
        confidence, correct = simulate(generator, 240, shift)
        counts = next(resampled_counts(240, 200, 240, seed))
        sample = squared_calibration_error(confidence, correct)
        drawn = squared_calibration_error(confidence, correct, None, counts)
        score = calibration_score(sample, drawn, "bootstrap")
        assert score.low <= score.value <= score.high
        covered += score.low <= shift + 1e-12 <= score.high + 1e-12
    assert covered / 200 >= least
