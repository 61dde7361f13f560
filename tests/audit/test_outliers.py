"""Unusual values are told from usual ones whatever these are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation

from headstart.audit.outliers import FAR, find_outliers, robust_scores


def test_scores_equal_those_of_scipy():
    values = np.random.default_rng(0).normal(3, 2, 501)
    expected = (values - np.median(values)) / median_abs_deviation(values, scale="normal")
    assert np.allclose(robust_scores(values), expected, rtol=1e-4)


def test_a_normal_set_has_next_to_no_unusual_values():
    assert (robust_scores(np.random.default_rng(1).normal(size=10_000)) > FAR).sum() <= 8


def test_equal_values_and_missing_ones_are_not_unusual():
    assert robust_scores(np.array([2.0, 2.0, 2.0, 9.0, np.nan])).tolist()[:4] == [0, 0, 0, 0]
    assert np.isnan(robust_scores(np.full(3, np.nan))).all()
    assert len(robust_scores(np.empty(0))) == 0


@given(st.lists(st.floats(-1e3, 1e3), min_size=5), st.floats(0.5, 50), st.floats(-1e3, 1e3))
def test_scale_and_place_do_not_matter(values, scale, shift):
    array = np.round(np.array(values), 3)
    assert np.allclose(robust_scores(array), robust_scores(array * scale + shift), rtol=1e-3, atol=1e-3)


def test_planted_outliers_are_the_farthest():
    random = np.random.default_rng(1)
    centres = random.normal(size=(4, 32)) * 4
    matrix = centres[random.integers(0, 4, 300)] + random.normal(size=(300, 32))
    matrix[[7, 99]] = random.normal(size=(2, 32)) * 12
    places, distances = find_outliers(matrix.astype(np.float32), 0)
    assert set(places[:2].tolist()) == {7, 99}
    assert len(places) <= 5
    assert (np.diff(distances[places]) <= 0).all()


def test_examples_that_cannot_be_read_are_no_outliers():
    matrix = np.random.default_rng(2).normal(size=(40, 8)).astype(np.float32)
    matrix[3] = np.nan
    places, distances = find_outliers(matrix, 0)
    assert 3 not in places
    assert np.isnan(distances[3])
