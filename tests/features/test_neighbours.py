"""Similar rows are found as a plain comparison of all pairs finds them."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from headstart.features.neighbours import isolation, similar_features, similar_pairs, unit_rows


def all_pairs(rows, floor, others=None):
    products = rows @ (rows if others is None else others).T
    return {(i, j) for i, j in np.argwhere(products >= floor).tolist() if i < j}


def found(pairs):
    return set(map(tuple, pairs.places.tolist()))


@pytest.mark.parametrize("block", [7, 64])
def test_all_pairs_above_the_floor_are_found_in_any_blocks(monkeypatch, block):
    monkeypatch.setattr("headstart.features.neighbours.BLOCK", block)
    rows = unit_rows(np.random.default_rng(0).standard_normal((90, 5)).astype(np.float32))
    pairs = similar_pairs(rows, 0.8, most=90)
    assert found(pairs) == all_pairs(rows, 0.8)
    assert np.allclose(pairs.cosines, [rows[i] @ rows[j] for i, j in pairs.places], atol=1e-6)


def test_rows_can_be_compared_with_others():
    random = np.random.default_rng(1)
    rows, others = (unit_rows(random.standard_normal((40, 4)).astype(np.float32)) for _ in range(2))
    assert found(similar_pairs(rows, 0.7, 40, others)) == all_pairs(rows, 0.7, others)


def test_a_crowd_is_thinned_to_the_nearest():
    rows = unit_rows(1 + 0.01 * np.random.default_rng(2).standard_normal((400, 8)).astype(np.float32))
    pairs = similar_pairs(rows, 0.5, most=3)
    assert 0.5 * 3 * 400 < len(pairs) < 1.5 * 3 * 400
    assert pairs.cosines.min() > np.median((rows @ rows.T)[np.triu_indices(400, 1)])


def test_planted_neighbours_of_long_rows_are_found_through_the_projection():
    random = np.random.default_rng(3)
    rows = np.abs(random.standard_normal((600, 1280))).astype(np.float32)
    rows[300:] = rows[:300] + 0.2 * random.standard_normal((300, 1280)).astype(np.float32)
    pairs = similar_features(rows, 0.8, most=5, seed=0)
    assert found(pairs) == {(n, n + 300) for n in range(300)}
    centred = unit_rows(rows - rows.mean(axis=0))
    assert np.allclose(pairs.cosines, [centred[i] @ centred[j] for i, j in pairs.places], atol=1e-5)


def test_few_and_no_rows_are_no_trouble():
    assert len(similar_features(np.empty((0, 1280), dtype=np.float32), 0.8, 4, 0)) == 0
    assert len(similar_features(np.ones((1, 3), dtype=np.float32), 0.8, 4, 0)) == 0


def test_isolation_is_the_mean_distance_to_the_nearest_of_scikit_learn():
    matrix = np.random.default_rng(0).normal(size=(200, 12)).astype(np.float32)
    centred = matrix - matrix.mean(axis=0)
    expected = NearestNeighbors(n_neighbors=11, metric="cosine").fit(centred).kneighbors(centred)[0][:, 1:].mean(axis=1)
    assert np.allclose(isolation(matrix, 10, 1000, 0), expected, atol=1e-5)
