"""Transferability scores beside the formulas they stand for, computed another way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from headstart.features.neighbours import unit_rows
from headstart.metrics.classification.transferability import (
    decompose,
    h_score,
    log_evidence,
    logme,
    neighbours_are_right,
)


def made(count, dimension, classes=3, seed=0, signal=1.0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centres = random.normal(size=(classes, dimension))
    return random.normal(size=(count, dimension)) + signal * centres[labels], labels


def exact(features, target, alpha, beta):
    covariance = np.eye(len(target)) / beta + features @ features.T / alpha
    return multivariate_normal(np.zeros(len(target)), covariance).logpdf(target)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 30), st.integers(1, 40), st.floats(1e-3, 1e3), st.floats(1e-2, 1e2), st.integers(0, 10_000))
def test_the_evidence_is_that_of_the_normal_distribution_with_few_and_with_many_examples(n, d, alpha, beta, seed):
    features, labels = made(n, d, seed=seed)
    target = (labels == 0).astype(float)
    found = log_evidence(decompose(features), target, alpha, beta)
    assert found == pytest.approx(exact(features, target, alpha, beta), rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("shape", [(20, 50), (60, 7)])
def test_logme_is_the_largest_evidence(shape):
    features, labels = made(*shape)
    best = []
    for number in range(3):
        target = (labels == number).astype(float)
        starts = [(0.0, 0.0), (3.0, 1.0), (6.0, 2.0), (-2.0, 2.0)]
        runs = [
            minimize(lambda logs, y=target: -exact(features, y, *np.exp(logs)), start, method="Nelder-Mead")
            for start in starts
        ]
        best.append(-min(run.fun for run in runs) / len(labels))
    assert logme(features, labels, 3) == pytest.approx(np.mean(best), abs=1e-4)


def test_logme_leaves_out_classes_without_an_example():
    features, labels = made(30, 5)
    assert logme(features, labels, 3) == logme(features, labels, 7)


def test_logme_of_features_that_are_all_zero_is_the_worst_there_is():
    assert logme(np.zeros((6, 3)), np.arange(6) % 2, 2) == -np.inf


def test_the_h_score_without_shrinkage_is_the_sum_of_squared_canonical_correlations():
    features, labels = made(200, 6, classes=4)
    centred = features - features.mean(axis=0)
    ones = np.eye(4)[labels]
    ones = (ones - ones.mean(axis=0))[:, :3]  # the fourth column follows from the others
    correlations = np.cos(subspace_angles(centred, ones))
    found = h_score(features, labels, shrinkage=0.0)
    assert found == pytest.approx(np.square(correlations).sum(), rel=1e-9)
    assert found <= 3


def test_the_h_score_of_features_in_fewer_directions_than_there_are_is_finite():
    features = np.outer([1.0, 1.0, -1.0, -1.0], [1.0, 2.0, 0.0, -1.0])
    assert h_score(features, np.array([0, 0, 1, 1]), shrinkage=0.0) == pytest.approx(1, abs=1e-9)


def test_the_regularised_h_score_is_its_formula_and_stays_sensible_with_few_examples():
    features, labels = made(60, 400, classes=4, signal=0.0)
    fitted = LedoitWolf().fit(features)
    means = np.stack([features[labels == number].mean(axis=0) for number in range(4)])[labels]
    between = np.cov(means.T, bias=True)
    expected = (1 - fitted.shrinkage_) * np.trace(np.linalg.inv(fitted.covariance_) @ between)
    assert h_score(features, labels, fitted.shrinkage_) == pytest.approx(expected, rel=1e-8)
    assert expected < 1  # pure noise: without shrinkage it would be above 3, the most there can be


@pytest.mark.parametrize("neighbours", [1, 5])
def test_neighbours_leaving_one_out_are_scikit_learns(neighbours):
    features, labels = made(80, 10, signal=0.5)
    model = KNeighborsClassifier(neighbours, metric="cosine")
    expected = cross_val_predict(model, features, labels, cv=LeaveOneOut()) == labels
    found = neighbours_are_right(unit_rows(features), labels, np.arange(80), neighbours)
    if neighbours == 1:
        assert found.tolist() == expected.tolist()
    else:  # ties are decided otherwise
        assert (found == expected).mean() > 0.9


def test_neighbours_of_the_same_group_have_no_vote():
    features = np.array([[1.0, 0.0], [1.0, 0.01], [0.0, 1.0], [0.5, 0.5]])
    labels = np.array([0, 0, 1, 1])
    alone, paired = np.arange(4), np.array([0, 0, 1, 2])
    assert neighbours_are_right(unit_rows(features), labels, alone, 1)[:2].tolist() == [True, True]
    assert neighbours_are_right(unit_rows(features), labels, paired, 1)[:2].tolist() == [False, False]
    assert not neighbours_are_right(unit_rows(features), labels, np.zeros(4, dtype=int), 3).any()
