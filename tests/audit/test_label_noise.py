"""Planted label noise is found, and cleaning is measured on pictures that are not suspect."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from headstart.audit.label_noise import find_label_issues, hold_out_all, try_cleaning
from headstart.data.targets.classes import Classes
from headstart.errors import MissingExtraError
from headstart.settings.recipe import Recipe


@pytest.fixture(scope="module")
def noisy():
    """Digits of which 5 % have another label."""
    random = np.random.default_rng(0)
    digits = load_digits()
    rows = random.permutation(len(digits.target))[:800]
    features, labels = digits.data[rows].astype(np.float32), digits.target[rows].astype(np.int64)
    wrong = np.sort(random.permutation(800)[:40])
    labels[wrong] = (labels[wrong] + random.integers(1, 10, 40)) % 10
    recipe = Recipe(head="ridge")
    held = hold_out_all(features, labels, Classes(tuple("0123456789")), np.arange(800), recipe)
    return features, labels, wrong, recipe, held


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
    held = hold_out_all(features[clean], labels[clean], Classes(tuple("0123456789")), np.arange(len(clean)), recipe)
    assert find_label_issues(labels[clean], held.probabilities).flagged.mean() < 0.03


def test_classes_without_an_example_do_not_matter(noisy):
    _, labels, _, _, held = noisy
    gap = np.insert(held.probabilities, 3, 0.0, axis=1)
    shifted = labels + (labels >= 3)
    plain, gapped = find_label_issues(labels, held.probabilities), find_label_issues(shifted, gap)
    assert (plain.flagged == gapped.flagged).all()


def test_cleaning_answers_the_same_held_out_examples_with_and_without_the_suspects(noisy):
    features, labels, wrong, recipe, held = noisy
    suspect = np.isin(np.arange(800), wrong)
    found = try_cleaning(features, labels, np.arange(800), suspect, held, recipe)
    clean = ~suspect
    assert found.after[clean].mean() >= found.before[clean].mean() > 0.85
    nothing = try_cleaning(features, labels, np.arange(800), np.zeros(800, bool), held, recipe)
    assert (nothing.before == nothing.after).all()


def test_too_few_examples_cannot_be_held_out():
    assert (
        hold_out_all(np.eye(2, dtype=np.float32), np.array([0, 1]), Classes(("a", "b")), np.arange(2), Recipe()) is None
    )


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(MissingExtraError) as caught:
        find_label_issues(np.array([0, 1]), np.eye(2))
    assert str(caught.value) == (
        "The package 'cleanlab' is not installed. It is needed to find labels that are likely wrong. "
        'Install it with: pip install "headstart[check]"'
    )
