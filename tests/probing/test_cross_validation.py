"""Probes in folds: nothing about a picture reaches the probe that scores it."""

import numpy as np

from headstart.data.splits import make_folds
from headstart.data.targets.classes import Classes
from headstart.probing.cross_validation import predict_in_folds
from headstart.probing.probe import BaselineRows, fit_probe
from headstart.probing.rows import Sample
from headstart.settings.recipe import Recipe


def sample_of(labels, groups=None):
    return Sample(np.arange(len(labels)), labels, np.arange(len(labels)) if groups is None else groups, None)


def made(count=60, dimension=6, signal=1.0, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    return (random.normal(size=(count, dimension)) + signal * np.eye(3, dimension)[labels]).astype(np.float32), labels


def test_a_picture_is_scored_by_a_probe_fitted_to_the_other_folds():
    features, labels = made()
    recipe = Recipe(head="lda", folds=4, seed=3)
    found = predict_in_folds(features, BaselineRows(features), sample_of(labels), Classes(("a", "b", "c")), recipe)
    assert np.allclose(found.outputs.sum(axis=2), 1)
    for number, fold in enumerate(make_folds(labels, np.arange(60), 4, 3)):
        assert (found.fold_of[0, fold.held_out] == number).all()
        probe = fit_probe(features[fold.train], labels[fold.train], Classes(("a", "b", "c")), fold.train, recipe)
        assert np.allclose(found.outputs[0, fold.held_out], probe.outputs(features[fold.held_out]))


def test_repetitions_are_drawn_anew_and_the_same_seed_draws_the_same():
    features, labels = made()
    recipe = Recipe(head="centroid", folds=5, repeats=3)
    one, again = (
        predict_in_folds(features, BaselineRows(features), sample_of(labels), Classes(("a", "b", "c")), recipe)
        for _ in range(2)
    )
    assert np.array_equal(one.fold_of, again.fold_of) and np.array_equal(one.outputs, again.outputs)
    assert not np.array_equal(one.fold_of[0], one.fold_of[1])
    assert one.outputs.shape == (3, 60, 3)


def test_twins_are_held_out_together_so_that_noise_stays_noise():
    features, _ = made(count=100, signal=0.0)
    twice = np.repeat(features, 2, axis=0)
    labels = np.repeat(np.random.default_rng(1).integers(0, 2, 100), 2)
    recipe = Recipe(head="knn", folds=5)
    together = predict_in_folds(
        twice, BaselineRows(twice), sample_of(labels, np.repeat(np.arange(100), 2)), Classes(("a", "b")), recipe
    )
    apart = predict_in_folds(twice, BaselineRows(twice), sample_of(labels), Classes(("a", "b")), recipe)
    right = {name: (one.outputs[0].argmax(axis=1) == labels).mean() for name, one in
             (("together", together), ("apart", apart))}  # fmt: skip
    assert right["together"] < 0.65 < 0.75 < right["apart"]
    assert (together.fold_of[0, ::2] == together.fold_of[0, 1::2]).all()
