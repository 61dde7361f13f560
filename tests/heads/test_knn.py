"""k nearest neighbours against scikit-learn's brute force."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from headstart.heads.knn import FLOOR, VOTE_TEMPERATURE, KnnFamily
from headstart.heads.training_set import TrainingSet


@pytest.mark.parametrize("neighbours", [1, 3, 10])
def test_votes_are_those_of_scikit_learns_brute_force_cosine(training, neighbours):
    oracle = KNeighborsClassifier(
        neighbours,
        algorithm="brute",
        metric="cosine",
        weights=lambda distances: np.exp((1 - distances) / VOTE_TEMPERATURE),
    )
    oracle.fit(training.features, training.labels)
    queries = training.features + np.float32(0.1)
    scores = KnnFamily().fit(training, neighbours).scores(queries)
    np.testing.assert_allclose(np.exp(scores) - FLOOR, oracle.predict_proba(queries), atol=2e-4)


def test_the_path_gives_what_single_fits_give(training):
    family = KnnFamily()
    path = list(family.path_scores(training, training.features, family.grid))
    for setting, scores in zip(family.grid, path, strict=True):
        single = family.fit(training, setting).scores(training.features)
        np.testing.assert_allclose(scores, single, atol=1e-5)


def test_a_long_list_is_scored_in_blocks(make, monkeypatch):
    training = make(50, 6)
    head = KnnFamily().fit(training, 5)
    whole = head.scores(training.features)
    monkeypatch.setattr("headstart.heads.knn.ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(head.scores(training.features), whole, atol=1e-5)


def test_all_examples_vote_when_there_are_fewer_than_wanted(make):
    assert KnnFamily().fit(make(12, 6, 2), 100).settings() == {"neighbours": 12}


def test_balance_lets_a_small_class_speak_up():
    features = np.array([[1.0, 0.0], [0.99, 0.01], [0.98, 0.02], [0.97, 0.05]])
    labels = np.array([0, 0, 0, 1])
    query = np.array([[0.97, 0.049]])
    plain, balanced = (
        KnnFamily().fit(TrainingSet(features, labels, 2, balance), 4).scores(query) for balance in (False, True)
    )
    assert (plain.argmax(), balanced.argmax()) == (0, 1)


def test_a_row_of_zeros_gets_finite_scores(make):
    training = make(20, 5, 2)
    assert np.isfinite(KnnFamily().fit(training, 5).scores(np.zeros((1, 5)))).all()


def test_of_many_examples_only_some_are_kept_and_vote(make, monkeypatch):
    training = make(90, 6)
    monkeypatch.setattr("headstart.heads.knn.MOST_KEPT", 40)
    head = KnnFamily().fit(training, 5)
    assert head.examples.shape == (40, 6)
    assert (np.bincount(head.labels, minlength=4) <= training.counts).all()
