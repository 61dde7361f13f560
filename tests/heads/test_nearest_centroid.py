"""Nearest centroid, by hand."""

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from headstart.heads.nearest_centroid import CentroidFamily
from headstart.heads.training_set import TrainingSet


def test_scores_are_ten_times_the_cosine_with_the_mean_direction_of_each_class(training):
    centred = training.features - training.features.mean(axis=0)
    directions = normalize(centred)
    centroids = [directions[training.labels == label].mean(axis=0) for label in range(training.class_count)]
    expected = 10 * cosine_similarity(centred, np.stack(centroids))
    np.testing.assert_allclose(CentroidFamily().fit(training).scores(training.features), expected, atol=1e-4)


def test_with_balance_the_mean_is_that_of_the_classes():
    features = np.array([[0.0], [0.0], [0.0], [8.0]], dtype=np.float32)
    head = CentroidFamily().fit(TrainingSet(features, np.array([0, 0, 0, 1]), 2, balance=True))
    assert head.mean.tolist() == [4.0]


def test_a_class_without_examples_is_never_chosen():
    training = TrainingSet(np.array([[0.0, 1.0], [4.0, 0.0]]), np.array([0, 2]), class_count=4)
    assert CentroidFamily().fit(training).scores(training.features).argmax(axis=1).tolist() == [0, 2]
