"""Heads to arrays and back."""

import numpy as np
import pytest

from headstart.errors import ModelFileError
from headstart.heads.family import make_learner
from headstart.heads.serialisation import from_arrays, to_arrays
from headstart.registry import TABLES
from headstart.settings.recipe import Recipe


@pytest.mark.parametrize("name", TABLES["heads"])
def test_every_head_comes_back_with_the_same_scores(make, name):
    training = make(40, 9, 3)
    learner = make_learner(name, Recipe(hidden=4))
    head = learner.fit(training, learner.grid[-1])
    again = from_arrays(head.kind, to_arrays(head), head.settings())
    np.testing.assert_array_equal(again.scores(training.features), head.scores(training.features))
    assert again.settings() == head.settings()
    assert all(array.flags.c_contiguous for array in to_arrays(head).values())


@pytest.mark.parametrize("name", TABLES["heads"])
def test_scores_hardly_depend_on_who_else_is_scored(make, name):
    training = make(40, 9, 3)
    learner = make_learner(name, Recipe(hidden=4))
    head = learner.fit(training, learner.grid[0])
    alone = np.vstack([head.scores(row[None]) for row in training.features])
    np.testing.assert_allclose(alone, head.scores(training.features), atol=1e-4)


def test_an_unknown_kind_is_named():
    with pytest.raises(ModelFileError) as raised:
        from_arrays("forest", {}, {})
    assert str(raised.value) == (
        "The saved model has a head of an unknown kind 'forest'. This version of Headstart knows: linear, neighbours, "
        "centroid, perceptron. Update Headstart, or save the model again."
    )


def test_a_missing_array_is_named():
    with pytest.raises(ModelFileError) as raised:
        from_arrays("linear", {"weight": np.eye(2)}, {})
    assert str(raised.value) == (
        "The saved head is incomplete: it has no 'bias'. A head of the kind 'linear' needs it. Save the model again."
    )
