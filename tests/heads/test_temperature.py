"""Temperature scaling against SciPy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax as scipy_log_softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss as scikit_log_loss

from headstart.heads.probabilities import log_losses, log_softmax, softmax
from headstart.heads.temperature import fit_temperature


def scores_of(seed, classes=4, count=200, scale=3.0):
    """Scores whose true temperature is ``scale``."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(count, classes)) * 1.5
    labels = np.array([random.choice(classes, p=row) for row in softmax(logits)], dtype=np.int64)
    return scale * logits, labels


@pytest.mark.parametrize("scale", [1e-3, 0.1, 3.0, 200.0])
@pytest.mark.parametrize("classes", [2, 7])
def test_it_is_the_minimum_that_scipy_finds(scale, classes):
    scores, labels = scores_of(0, classes, scale=scale)
    weights = np.random.default_rng(1).uniform(0.5, 2, len(labels))
    expected = minimize_scalar(
        lambda log: np.average(log_losses(scores, labels, np.exp(log)), weights=weights),
        bounds=(np.log(scale) - 4, np.log(scale) + 4),
        method="bounded",
        options={"xatol": 1e-9},
    )
    found = fit_temperature(scores, labels, weights, smoothing=0.0)
    assert found == pytest.approx(np.exp(expected.x), rel=1e-4)


def test_it_is_the_temperature_of_scikit_learn():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 300)
    features = random.normal(size=(300, 5)) + 1.2 * np.eye(3, 5)[labels]
    model = LogisticRegression(C=1e3).fit(features[:60], labels[:60])
    oracle = CalibratedClassifierCV(FrozenEstimator(model), method="temperature").fit(features[60:], labels[60:])
    found = fit_temperature(model.decision_function(features[60:]), labels[60:], smoothing=0.0)
    expected = 1 / oracle.calibrated_classifiers_[0].calibrators[0].beta_
    assert found == pytest.approx(float(expected), rel=1e-3)


def test_the_default_smoothing_hardly_changes_it():
    scores, labels = scores_of(3, count=2000)
    assert fit_temperature(scores, labels) == pytest.approx(fit_temperature(scores, labels, smoothing=0.0), rel=0.02)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_scores_without_an_error_get_the_confidence_of_the_rule_of_succession(scale):
    labels = np.arange(60) % 3
    probabilities = softmax(scale * np.eye(3)[labels], fit_temperature(scale * np.eye(3)[labels], labels))
    assert probabilities.max(axis=1).mean() == pytest.approx(1 - 1 / 62, abs=0.02)


def test_scores_that_are_all_equal_have_temperature_one():
    assert fit_temperature(np.full((5, 3), 2.0), np.array([0, 1, 2, 0, 1])) == 1.0


def test_scores_that_are_always_wrong_become_flat():
    scores, labels = 5 * np.eye(2)[[1, 1, 0, 0]], np.array([0, 0, 1, 1])
    probabilities = softmax(scores, fit_temperature(scores, labels))
    np.testing.assert_allclose(probabilities, 0.5, atol=1e-3)


def test_a_class_with_a_very_low_score_takes_no_part():
    scores, labels = scores_of(5, 3)
    wider = np.hstack([scores, np.full((len(labels), 1), -1e4)])
    assert fit_temperature(wider, labels) == pytest.approx(fit_temperature(scores, labels), rel=1e-4)


@given(st.integers(0, 10_000), st.floats(1e-2, 1e2))
def test_scaling_the_scores_scales_the_temperature(seed, factor):
    scores, labels = scores_of(seed, 3, count=30)
    assert fit_temperature(factor * scores, labels) == pytest.approx(factor * fit_temperature(scores, labels), rel=1e-3)


@given(st.integers(0, 10_000))
def test_no_other_temperature_has_a_lower_loss(seed):
    scores, labels = scores_of(seed, 3, count=25, scale=1.0)
    best = fit_temperature(scores, labels, smoothing=0.0)
    lowest = log_losses(scores, labels, best).mean()
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert log_losses(scores, labels, best * factor).mean() >= lowest - 1e-9


def test_logarithms_of_probabilities_are_those_of_scipy():
    scores = np.array([[1e4, 0.0, -1e4], [0.1, 0.2, 0.3]])
    np.testing.assert_allclose(log_softmax(scores, 2.0), scipy_log_softmax(scores / 2, axis=1))


def test_log_loss_is_that_of_scikit_learn():
    scores, labels = scores_of(2)
    weights = np.linspace(1, 2, len(labels))
    expected = scikit_log_loss(labels, softmax(scores, 3.0), sample_weight=weights)
    assert np.average(log_losses(scores, labels, 3.0), weights=weights) == pytest.approx(expected)
