"""The parts of the audit on data whose faults are known."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from headstart.features.neighbours import isolation
from headstart.metrics.intervals import wilson
from headstart.studies.check import KINDS, Cleaning, ScreenedSample, find_outliers, find_poor

GOOD = (20.0, 220.0, 120.0, 7.3, 0.5, 0.2)  # dark end, bright end, mean, information, sharpness, shape


def measures(count, **changes):
    rows = np.tile(np.array(GOOD), (count, 1)) * np.random.default_rng(0).normal(1, 0.02, (count, 6))
    for row, (column, value) in changes.values():
        rows[row, column] = value
    return rows.astype(np.float32)


def test_isolation_is_the_mean_distance_to_the_nearest_of_scikit_learn():
    matrix = np.random.default_rng(0).normal(size=(200, 12)).astype(np.float32)
    centred = matrix - matrix.mean(axis=0)
    expected = NearestNeighbors(n_neighbors=11, metric="cosine").fit(centred).kneighbors(centred)[0][:, 1:].mean(axis=1)
    assert np.allclose(isolation(matrix, 10, 1000, 0), expected, atol=1e-5)


def test_planted_outliers_are_the_farthest():
    random = np.random.default_rng(1)
    centres = random.normal(size=(4, 32)) * 4
    matrix = centres[random.integers(0, 4, 300)] + random.normal(size=(300, 32))
    matrix[[7, 99]] = random.normal(size=(2, 32)) * 12
    seen = ScreenedSample(
        matrix.astype(np.float32), np.empty((300, 32, 32), np.float32), np.empty((300, 6), np.float32)
    )
    places, distances = find_outliers(seen, 0)
    assert set(places[:2].tolist()) == {7, 99}
    assert len(places) <= 5
    assert (np.diff(distances[places]) <= 0).all()


def test_pictures_that_cannot_be_read_are_no_outliers():
    matrix = np.random.default_rng(2).normal(size=(40, 8)).astype(np.float32)
    matrix[3] = np.nan
    places, distances = find_outliers(ScreenedSample(matrix, np.empty((40, 32, 32)), np.empty((40, 6))), 0)
    assert 3 not in places
    assert np.isnan(distances[3])


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [("blurry", 4, 0.03), ("dark", 1, 30), ("bright", 0, 230), ("low_information", 3, 1.0), ("odd_shaped", 5, 2.5)],
)
def test_one_poor_picture_is_found_as_what_it_is(kind, column, value):
    found = find_poor(measures(100, one=(17, (column, value))))
    assert {name: places.tolist() for name, places in found.items() if len(places)} == {kind: [17]}
    assert tuple(found) == KINDS


def test_what_all_pictures_are_is_no_fault():
    night = measures(100)
    night[:, 1] = np.random.default_rng(3).normal(40, 3, 100)  # all of them are dark
    assert not len(find_poor(night)["dark"])


def test_no_picture_has_no_fault():
    assert all(not len(places) for places in find_poor(np.empty((0, 6), dtype=np.float32)).values())
    assert all(not len(places) for places in find_poor(np.full((3, 6), np.nan, dtype=np.float32)).values())


@pytest.mark.parametrize(
    ("left_out", "low", "high", "sentence"),
    [
        (0, 0.0, 0.0, "Nothing was suspect enough to be left out."),
        (
            9,
            -0.01,
            0.02,
            "Leaving the 9 suspect pictures out changes nothing that could be seen: +0.5 points [-1.0, +2.0].",
        ),
        (
            1,
            -0.01,
            0.02,
            "Leaving the one suspect picture out changes nothing that could be seen: +0.5 points [-1.0, +2.0].",
        ),
        (9, 0.001, 0.02, "Leaving the 9 suspect pictures out helps: +0.5 points [+0.1, +2.0]."),
    ],
)
def test_the_verdict_says_plainly_whether_cleaning_changes_anything(left_out, low, high, sentence):
    assert Cleaning(left_out, 100, wilson(90, 100), wilson(90, 100), 0.005, low, high).verdict() == sentence
