"""Ridge against scikit-learn, and its leave-one-out scores against leaving one out."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier, RidgeCV

from headstart.heads.ridge import RidgeFamily
from headstart.heads.training_set import TrainingSet

SETTINGS = [1.0, 1e-2, 1e-4]


def inputs_of(training):
    return (training.features - training.standardisation.mean) / training.standardisation.scale


def alpha_of(training, setting):
    """scikit-learn sums over examples where we average."""
    return setting * training.rotation.total


@pytest.mark.parametrize("setting", SETTINGS)
def test_scores_are_those_of_scikit_learns_classifier(training, setting):
    scores = RidgeFamily().fit(training, setting).scores(training.features)
    oracle = RidgeClassifier(alpha=alpha_of(training, setting) * len(training))
    expected = oracle.fit(inputs_of(training), training.labels).decision_function(inputs_of(training))
    np.testing.assert_allclose(scores if scores.shape[1] > 2 else scores[:, 1], expected, atol=1e-4)


def test_balance_is_scikit_learns_sample_weight(make):
    training = make(100, 15, 3, balance=True)
    targets = 2.0 * np.eye(3)[training.labels] - 1
    oracle = Ridge(alpha=alpha_of(training, 1e-2)).fit(inputs_of(training), targets, sample_weight=training.weights)
    scores = RidgeFamily().fit(training, 1e-2).scores(training.features)
    np.testing.assert_allclose(scores, oracle.predict(inputs_of(training)), atol=1e-4)


@pytest.mark.parametrize("balance", [False, True])
def test_leave_one_out_scores_are_those_of_leaving_one_out(make, balance):
    training = make(18, 30, 3, balance=balance)
    inputs, targets = inputs_of(training), 2.0 * np.eye(3)[training.labels] - 1
    family = RidgeFamily()
    for setting, scores in zip(family.grid, family.leave_one_out(training), strict=True):
        for number in range(0, 18, 5):
            kept = np.arange(18) != number
            oracle = Ridge(alpha=alpha_of(training, setting), solver="cholesky")
            oracle.fit(inputs[kept], targets[kept], sample_weight=training.weights[kept])
            np.testing.assert_allclose(scores[number], oracle.predict(inputs[number : number + 1])[0], atol=1e-4)


def test_leave_one_out_errors_are_those_of_ridge_cv(training):
    targets = 2.0 * np.eye(training.class_count)[training.labels] - 1
    family = RidgeFamily()
    alphas = [alpha_of(training, setting) * len(training) for setting in family.grid]
    oracle = RidgeCV(alphas=alphas, store_cv_results=True).fit(inputs_of(training), targets)
    errors = np.stack([(scores - targets) ** 2 for scores in family.leave_one_out(training)], axis=-1)
    np.testing.assert_allclose(errors, oracle.cv_results_, rtol=1e-4, atol=1e-6)


def test_the_path_gives_what_single_fits_give(training):
    family = RidgeFamily()
    path = family.path_scores(training, training.features, family.grid)
    for setting, scores in zip(family.grid, path, strict=True):
        np.testing.assert_array_equal(scores, family.fit(training, setting).scores(training.features))


def test_a_class_without_examples_is_never_chosen():
    training = TrainingSet(np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 2, 2]), class_count=4)
    assert RidgeFamily().fit(training, 1e-2).scores(training.features).argmax(axis=1).tolist() == [0, 0, 2, 2]
    for scores in RidgeFamily().leave_one_out(training):
        assert set(scores.argmax(axis=1)) <= {0, 2}
