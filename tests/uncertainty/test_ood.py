"""Novelty scores against scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis as scipy_mahalanobis
from scipy.special import logsumexp
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from headstart.uncertainty.evaluate import auroc
from headstart.uncertainty.ood import (
    SHRINKAGE,
    energy,
    fit_class_gaussians,
    mahalanobis,
    nearest_index,
    neighbour_distances,
    to_half_precision,
)

RANDOM = np.random.default_rng(0)
REFERENCES = (RANDOM.normal(size=(60, 8)) + 3).astype(np.float32)
FEATURES = (RANDOM.normal(size=(25, 8)) + 3).astype(np.float32)
LABELS = np.arange(60) % 3


@pytest.mark.parametrize("neighbours", [1, 3, 10])
def test_neighbour_distances_are_those_of_scikit_learn(neighbours: int) -> None:
    centre = REFERENCES.mean(axis=0)
    search = NearestNeighbors(n_neighbors=neighbours, metric="cosine").fit(REFERENCES - centre)
    expected = search.kneighbors(FEATURES - centre)[0].mean(axis=1)
    np.testing.assert_allclose(
        neighbour_distances(FEATURES, nearest_index(REFERENCES), neighbours=neighbours), expected, atol=1e-5
    )


def test_a_picture_alone_is_as_far_away_as_among_many():
    together = neighbour_distances(FEATURES, nearest_index(REFERENCES))
    alone = [neighbour_distances(row[None], nearest_index(REFERENCES))[0] for row in FEATURES]
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_a_reference_does_not_find_its_own_group() -> None:
    groups = np.arange(60) // 2
    found = neighbour_distances(REFERENCES, nearest_index(REFERENCES), groups, groups, neighbours=1)
    centred = REFERENCES - REFERENCES.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    distances = 1 - centred @ centred.T
    for row in range(60):
        others = [column for column in range(60) if column // 2 != row // 2]
        assert found[row] == pytest.approx(distances[row, others].min(), abs=1e-5)


def test_rows_in_blocks_are_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    groups, reference_groups = np.arange(25), np.arange(60)
    whole = neighbour_distances(FEATURES, nearest_index(REFERENCES), groups, reference_groups)
    monkeypatch.setattr("headstart.uncertainty.ood.ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(
        neighbour_distances(FEATURES, nearest_index(REFERENCES), groups, reference_groups), whole, atol=1e-6
    )


def test_fewer_references_than_neighbours_and_zeros_are_no_error() -> None:
    assert neighbour_distances(FEATURES, nearest_index(REFERENCES[:2])).shape == (25,)
    assert np.isfinite(neighbour_distances(np.zeros((1, 8)), nearest_index(np.zeros((4, 8))))).all()


def test_energy_is_minus_the_logsumexp_of_scipy() -> None:
    scores = 100 * RANDOM.normal(size=(30, 5))
    np.testing.assert_allclose(energy(scores, 2.5), -logsumexp(scores / 2.5, axis=1))


def test_mahalanobis_distances_are_those_of_scipy() -> None:
    shape = fit_class_gaussians(REFERENCES, LABELS)
    unit = REFERENCES.astype(np.float64) / np.linalg.norm(REFERENCES, axis=1, keepdims=True)
    means = np.stack([unit[LABELS == number].mean(axis=0) for number in range(3)])
    within = np.cov((unit - means[LABELS]).T, bias=True)
    shrunk = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / 8 * np.eye(8)
    inverse = np.linalg.inv(shrunk)
    queries = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
    expected = [min(scipy_mahalanobis(one, mean, inverse) for mean in means) for one in queries]
    np.testing.assert_allclose(mahalanobis(FEATURES, shape), expected, rtol=1e-4)


def test_one_picture_per_class_still_has_a_shape() -> None:
    assert np.isfinite(mahalanobis(FEATURES, fit_class_gaussians(REFERENCES[:3], np.arange(3)))).all()


def test_the_auroc_is_that_of_scikit_learn_and_its_interval_holds_the_true_one() -> None:
    known, strange = RANDOM.normal(size=80).round(1), RANDOM.normal(1.0, 1, 50).round(1)
    found = auroc(known, strange)
    expected = roc_auc_score(np.r_[np.zeros(80), np.ones(50)], np.r_[known, strange])
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < 0.760 < found.high  # Phi(1 / sqrt 2)
    assert found == auroc(known, strange, seed=0) != auroc(known, strange, seed=1)


def test_an_auroc_of_one_has_an_interval_too() -> None:
    found = auroc(np.arange(20.0), np.arange(20.0) + 30)
    assert found.value == found.high == 1.0
    assert 0.85 < found.low < 0.95


def test_references_in_half_precision_are_never_infinite() -> None:
    assert np.isfinite(to_half_precision(np.array([[1e30, -1e30, 0.5]]))).all()
