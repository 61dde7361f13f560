"""Planted label noise is found."""

import sys

import numpy as np
import pytest

from headstart.audit.label_noise import find_label_issues, predict_held_out
from headstart.data.targets.classes import Classes
from headstart.errors import MissingExtraError
from headstart.settings.recipe import Recipe
from planted import noisy_digits


@pytest.fixture(scope="module")
def noisy():
    return noisy_digits()


def test_planted_label_noise_is_found_in_the_tenth_that_is_ranked_first(noisy):
    _, labels, wrong, _, held = noisy
    issues = find_label_issues(labels, held.probabilities)
    first = np.argsort(issues.quality, kind="stable")[:80]
    assert np.isin(wrong, first).mean() >= 0.7
    assert np.isin(np.flatnonzero(issues.flagged), wrong).mean() > 0.7
    assert issues.flagged[wrong].mean() > 0.7


def test_clean_labels_give_few_suspects(noisy):
    features, labels, wrong, recipe, _ = noisy
    clean = np.delete(np.arange(800), wrong)
    held = predict_held_out(features[clean], labels[clean], Classes(tuple("0123456789")), np.arange(len(clean)), recipe)
    assert find_label_issues(labels[clean], held.probabilities).flagged.mean() < 0.03


def test_classes_without_an_example_do_not_matter(noisy):
    _, labels, _, _, held = noisy
    gap = np.insert(held.probabilities, 3, 0.0, axis=1)
    shifted = labels + (labels >= 3)
    plain, gapped = find_label_issues(labels, held.probabilities), find_label_issues(shifted, gap)
    assert (plain.flagged == gapped.flagged).all()


def test_too_few_examples_cannot_be_held_out():
    assert (
        predict_held_out(np.eye(2, dtype=np.float32), np.array([0, 1]), Classes(("a", "b")), np.arange(2), Recipe())
        is None
    )


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(MissingExtraError) as caught:
        find_label_issues(np.array([0, 1]), np.eye(2))
    assert str(caught.value) == (
        "The package 'cleanlab' is not installed. It is needed to find labels that are likely wrong. "
        'Install it with: pip install "headstart[check]"'
    )
