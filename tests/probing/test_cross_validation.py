"""Probes in folds: nothing about a picture reaches the probe that scores it."""

import numpy as np

from headstart.data.splits import make_folds
from headstart.data.targets.classes import Classes
from headstart.encoders.term_features import TermFeatures
from headstart.encoders.text.terms import TermWeights
from headstart.heads.words import WordsFamily
from headstart.probing.baseline import BaselineRows
from headstart.probing.cross_validation import predict_in_folds
from headstart.probing.probe import fit_probe
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


def test_words_vectors_and_both_are_predicted_out_of_the_same_folds():
    features, labels = made(count=45)
    texts = [f"{'red green blue'.split()[label]} {number % 7}" for number, label in enumerate(labels)]
    terms = TermWeights.fit(texts)
    joined = TermFeatures.of(features, lambda: terms.transform(texts))
    words, classes = BaselineRows(joined, WordsFamily), Classes(("a", "b", "c"))
    recipe = Recipe(folds=3, inner_folds=2, head="stacked")
    found = predict_in_folds(joined, words, sample_of(labels), classes, recipe)
    assert [*found.halves] == ["words", "vectors", "both"]
    np.testing.assert_array_equal(found.halves["words"], found.simple)
    np.testing.assert_allclose(found.halves["both"], found.outputs[0], atol=1e-5)
    (fold, *_) = make_folds(labels, np.arange(45), 3, 0)
    probe = fit_probe(joined[fold.train], labels[fold.train], classes, fold.train, recipe)
    alone = probe.fit_halves()["vectors"].outputs(features[fold.held_out])
    np.testing.assert_allclose(found.halves["vectors"][fold.held_out], alone, atol=1e-6)
    assert predict_in_folds(features, words, sample_of(labels), classes, Recipe(folds=3, head="lda")).halves == {}


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
