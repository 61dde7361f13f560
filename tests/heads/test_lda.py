"""Discriminant analysis against scikit-learn."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from headstart.heads.lda import LdaFamily, estimate_shrinkage
from headstart.heads.training_set import TrainingSet


def inputs_of(training):
    return (training.features - training.standardisation.mean) / training.standardisation.scale


def centred_within_classes(training):
    inputs = inputs_of(training)
    means = np.stack([inputs[training.labels == label].mean(axis=0) for label in range(training.class_count)])
    return inputs - means[training.labels]


def shrinkage_by_scikit_learn(training):
    return ledoit_wolf(centred_within_classes(training), assume_centered=True)[1]


def test_the_shrinkage_is_that_of_scikit_learn(training):
    head = LdaFamily().fit(training)
    assert head.settings()["shrinkage"] == pytest.approx(shrinkage_by_scikit_learn(training), abs=1e-5)


def test_shrinkage_is_the_same_on_rotated_rows(make):
    rows = centred_within_classes(make(25, 60, 3))
    axes = np.linalg.svd(rows, full_matrices=False)[2]
    turned = rows @ axes.T
    one = estimate_shrinkage((rows**2).sum(axis=1), rows.T @ rows / 25, 60)
    other = estimate_shrinkage((turned**2).sum(axis=1), turned.T @ turned / 25, 60)
    assert one == pytest.approx(other)


@pytest.mark.parametrize("balance", [False, True])
def test_log_odds_are_those_of_scikit_learn_with_the_same_shrinkage(training, balance):
    training = TrainingSet(training.features, training.labels, training.class_count, balance)
    priors = np.full(training.class_count, 1 / training.class_count) if balance else None
    # scikit-learn weighs the covariances of the classes by the priors, so it is given the frequencies, and its
    # intercepts are corrected.
    oracle = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage_by_scikit_learn(training))
    oracle.fit(inputs_of(training), training.labels)
    expected = oracle.decision_function(inputs_of(training))
    scores = LdaFamily().fit(training).scores(training.features)
    frequencies = training.counts / len(training)
    correction = np.zeros(training.class_count) if priors is None else np.log(priors / frequencies)
    if training.class_count == 2:
        scores, correction = scores[:, 1] - scores[:, 0], correction[1] - correction[0]
    else:
        scores = scores - scores.mean(axis=1, keepdims=True)
        expected = expected + correction
        expected, correction = expected - expected.mean(axis=1, keepdims=True), 0.0
    np.testing.assert_allclose(scores, expected + correction, atol=1e-3, rtol=1e-4)


def test_one_example_per_class_is_the_nearest_example():
    training = TrainingSet(np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]]), np.array([0, 1, 2]), 3)
    scores = LdaFamily().fit(training).scores(np.array([[3.0, 0.5], [0.2, 3.0], [0.1, 0.4]]))
    assert scores.argmax(axis=1).tolist() == [1, 2, 0]


def test_examples_that_do_not_differ_within_a_class_are_no_trouble():
    features = np.array([[0.0, 1.0], [0.0, 1.0], [5.0, 2.0], [5.0, 2.0]])
    scores = LdaFamily().fit(TrainingSet(features, np.array([0, 0, 1, 1]), 2)).scores(features)
    assert scores.argmax(axis=1).tolist() == [0, 0, 1, 1]


def test_features_without_any_variance_give_the_class_frequencies():
    training = TrainingSet(np.ones((4, 3), dtype=np.float32), np.array([0, 0, 0, 1]), 2)
    scores = LdaFamily().fit(training).scores(training.features)
    assert scores[0, 0] - scores[0, 1] == pytest.approx(np.log(3), abs=1e-5)
