"""Logistic regression against scikit-learn: objective and probabilities, on both sides of N = D."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from headstart.heads.linear import ABSENT
from headstart.heads.logistic import LogisticFamily
from headstart.heads.probabilities import log_softmax, softmax
from headstart.heads.training_set import TrainingSet

SETTINGS = [1e-1, 1e-3, 1e-5]


def inputs_of(training):
    return (training.features - training.standardisation.mean) / training.standardisation.scale


def total_variance(training):
    return float(training.weights @ (inputs_of(training) ** 2).sum(axis=1))


def by_scikit_learn(training, setting):
    """Its binary model has one weight vector where ours has two opposite halves, which are penalised half as much."""
    penalty = setting * total_variance(training) / (2 if training.class_count == 2 else 1)
    model = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=20_000)
    return model.fit(inputs_of(training), training.labels, sample_weight=training.weights)


def objective(training, weight, bias, setting):
    losses = -log_softmax(inputs_of(training) @ weight.T + bias)[np.arange(len(training)), training.labels]
    return training.weights @ losses + 0.5 * setting * total_variance(training) * (weight**2).sum()


@pytest.mark.parametrize("setting", SETTINGS)
def test_probabilities_are_those_of_scikit_learn(training, setting):
    scores = LogisticFamily().fit(training, setting).scores(training.features)
    expected = by_scikit_learn(training, setting).predict_proba(inputs_of(training))
    np.testing.assert_allclose(softmax(scores), expected, atol=2e-3)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_objective_is_as_low_as_that_of_scikit_learn(training, setting):
    head = LogisticFamily().fit(training, setting)
    weight = head.weight * training.standardisation.scale
    reached = objective(training, weight, head.bias + head.weight @ training.standardisation.mean, setting)
    oracle = by_scikit_learn(training, setting)
    coefficients, intercepts = oracle.coef_, oracle.intercept_
    if training.class_count == 2:
        coefficients, intercepts = np.vstack([-coefficients, coefficients]) / 2, np.array([-1, 1]) * intercepts / 2
    assert reached == pytest.approx(objective(training, coefficients, intercepts, setting), rel=1e-5)


def test_balance_is_scikit_learns_sample_weight(make):
    training = make(120, 12, 3, balance=True)
    scores = LogisticFamily().fit(training, 1e-2).scores(training.features)
    expected = by_scikit_learn(training, 1e-2).predict_proba(inputs_of(training))
    np.testing.assert_allclose(softmax(scores), expected, atol=2e-3)


def test_the_rotated_fit_is_the_unrotated_fit(make):
    training = make(15, 40, 3)
    inputs, penalty = inputs_of(training), 1e-2 * total_variance(training)
    rows = np.arange(len(training))

    def loss(flat):
        point = flat.reshape(3, 41)
        logs = log_softmax(inputs @ point[:, :-1].T + point[:, -1])
        errors = np.exp(logs)
        errors[rows, training.labels] -= 1
        gradient = np.hstack([errors.T @ inputs, errors.sum(axis=0)[:, None]]) / len(training)
        gradient[:, :-1] += penalty * point[:, :-1]
        value = -logs[rows, training.labels].mean() + 0.5 * penalty * (point[:, :-1] ** 2).sum()
        return value, gradient.ravel()

    unrotated = minimize(loss, np.zeros(3 * 41), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    head = LogisticFamily().fit(training, 1e-2)
    np.testing.assert_allclose(
        head.weight * training.standardisation.scale, unrotated.x.reshape(3, 41)[:, :-1], atol=2e-4
    )


def test_the_path_gives_what_single_fits_give(training):
    family = LogisticFamily()
    path = list(family.path_scores(training, training.features, family.grid))
    assert len(path) == len(family.grid)
    for setting, scores in zip(family.grid, path, strict=True):
        single = family.fit(training, setting).scores(training.features)
        np.testing.assert_allclose(softmax(scores), softmax(single), atol=0.02)


def test_a_regularisation_means_the_same_for_a_set_that_is_repeated(make):
    training = make(50, 10, 3)
    tripled = TrainingSet(np.tile(training.features, (3, 1)), np.tile(training.labels, 3), 3)
    one, other = (LogisticFamily().fit(part, 1e-3).scores(training.features) for part in (training, tripled))
    np.testing.assert_allclose(softmax(one), softmax(other), atol=1e-3)


def test_separable_classes_give_finite_scores(make):
    training = make(60, 10, 3, apart=50.0)
    for scores in LogisticFamily().path_scores(training, training.features, LogisticFamily.grid):
        assert np.isfinite(scores).all()
        assert (scores.argmax(axis=1) == training.labels).all()


def test_a_class_without_examples_is_never_chosen():
    training = TrainingSet(np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 2, 2]), class_count=4)
    scores = LogisticFamily().fit(training, 1e-3).scores(training.features)
    assert scores.argmax(axis=1).tolist() == [0, 0, 2, 2]
    assert (scores[:, [1, 3]] == ABSENT).all()


def test_constant_features_change_nothing(make):
    training = make(40, 8, 3)
    wider = TrainingSet(
        np.hstack([training.features, np.full((40, 2), 7, dtype=np.float32)]), training.labels, training.class_count
    )
    head, wide = (LogisticFamily().fit(part, 1e-2) for part in (training, wider))
    np.testing.assert_allclose(wide.weight[:, :-2], head.weight, atol=1e-4)
    assert (wide.weight[:, -2:] == 0).all()


def test_features_without_any_variance_give_the_class_frequencies():
    training = TrainingSet(np.ones((4, 3), dtype=np.float32), np.array([0, 0, 0, 1]), 2)
    probabilities = softmax(LogisticFamily().fit(training, 1e-2).scores(training.features))
    np.testing.assert_allclose(probabilities[0], [0.75, 0.25], atol=1e-3)
