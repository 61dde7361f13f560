"""Unusual values are told from usual ones whatever these are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation

from headstart.metrics.robust_outliers import FAR, robust_scores


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
