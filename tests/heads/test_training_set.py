"""The rotation: exact on both sides, under weights, with constant features."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.heads.training_set import TrainingSet, compute_class_weights, rotate, standardise


def standardised(training):
    standard = training.standardisation
    return (training.features - standard.mean) / standard.scale


def test_the_scale_lies_between_a_features_own_deviation_and_the_median(make):
    training = make(200, 15)
    own = training.features.astype(np.float64).var(axis=0)
    expected = np.sqrt((own + np.median(own)) / 2)
    np.testing.assert_allclose(training.standardisation.scale, expected, rtol=1e-9)
    np.testing.assert_allclose(training.standardisation.mean, training.features.mean(axis=0, dtype=np.float64))


def test_a_feature_that_hardly_moved_in_training_is_not_blown_up():
    random = np.random.default_rng(0)
    features = random.normal(size=(20, 5)).astype(np.float32)
    features[:, 2] *= 1e-5
    training = TrainingSet(features, np.arange(20) % 2, 2)
    assert training.standardisation.scale[2] > 0.3


@pytest.mark.parametrize("balance", [False, True])
def test_rotation_keeps_all_products_between_examples(training, balance):
    training = TrainingSet(training.features, training.labels, training.class_count, balance)
    inside = standardised(training)
    np.testing.assert_allclose(
        training.rotation.coordinates @ training.rotation.coordinates.T, inside @ inside.T, atol=1e-8
    )


@pytest.mark.parametrize("balance", [False, True])
def test_coordinates_are_centred_and_uncorrelated_under_the_weights(training, balance):
    training = TrainingSet(training.features, training.labels, training.class_count, balance)
    coordinates, weights = training.rotation.coordinates, training.weights
    np.testing.assert_allclose(weights @ coordinates, 0, atol=1e-7)
    np.testing.assert_allclose(
        coordinates.T @ (coordinates * weights[:, None]), np.diag(training.rotation.spectrum), atol=1e-7
    )


def test_unrotated_coefficients_give_the_same_function(training):
    coefficients = np.random.default_rng(1).normal(size=(3, len(training.rotation.spectrum)))
    np.testing.assert_allclose(
        standardised(training) @ training.rotation.unrotate(coefficients).T,
        training.rotation.coordinates @ coefficients.T,
        atol=1e-7,
    )


def test_unrotated_coefficients_have_the_same_length(training):
    coefficients = np.random.default_rng(1).normal(size=(3, len(training.rotation.spectrum)))
    unrotated = training.rotation.unrotate(coefficients)
    np.testing.assert_allclose((unrotated**2).sum(), (coefficients**2).sum(), rtol=1e-6)


def test_large_sets_have_coordinates_in_float32_that_agree(make, monkeypatch):
    training = make(300, 10)
    precise = training.rotation.coordinates
    monkeypatch.setattr("headstart.heads.training_set.LARGEST_IN_FLOAT64", 100)
    monkeypatch.setattr("headstart.heads.training_set.ROWS_AT_ONCE", 64)
    coarse = rotate(training.features, training.weights, training.standardisation).coordinates
    assert coarse.dtype == np.float32
    np.testing.assert_allclose(np.abs(coarse), np.abs(precise), atol=1e-5)


def test_constant_features_take_no_part():
    random = np.random.default_rng(0)
    features = np.hstack([random.normal(size=(12, 3)), np.full((12, 2), 0.1)]).astype(np.float32)
    standard = standardise(features, np.full(12, 1 / 12))
    assert standard.varying == 3
    assert standard.scale[3:].tolist() == [np.inf, np.inf]


def test_features_that_are_all_constant_leave_no_coordinates():
    training = TrainingSet(np.ones((6, 4), dtype=np.float32), np.array([0, 1, 0, 1, 0, 1]), 2)
    assert training.rotation.coordinates.shape == (6, 0)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.booleans())
def test_weights_sum_to_one_and_balance_weighs_every_class_alike(labels, balance):
    labels = np.array(labels, dtype=np.int64)
    weights = compute_class_weights(labels, 5, balance)
    assert weights.sum() == pytest.approx(1)
    if balance:
        sums = np.bincount(labels, weights)
        assert sums[sums > 0] == pytest.approx(1 / np.count_nonzero(sums))


def test_a_part_of_a_part_copies_no_features_and_is_what_a_copy_of_them_is(make):
    training = make(200, 15)
    rows = np.flatnonzero(np.arange(200) % 3)
    part = training.take(np.arange(199, -1, -1)).take(rows)
    copied = TrainingSet(training.features[::-1][rows], training.labels[::-1][rows], training.class_count)
    assert part.matrix is training.matrix
    np.testing.assert_array_equal(part.features, copied.features)
    np.testing.assert_array_equal(part.rotation.coordinates, copied.rotation.coordinates)
