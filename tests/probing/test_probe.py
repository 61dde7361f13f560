"""The probe: chosen, fitted and calibrated on the training part."""

import numpy as np
import pytest

from headstart.data.splits import make_folds
from headstart.data.targets.classes import Classes
from headstart.errors import EncoderError
from headstart.heads.probabilities import log_losses, softmax
from headstart.heads.temperature import fit_temperature
from headstart.probing.probe import fit_probe
from headstart.runtime.findings import sentences
from headstart.settings.recipe import Recipe
from headstart.tasks.classification import CLASSIFICATION


def blobs(count=90, dimension=12, classes=3, apart=1.0, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centres = apart * random.normal(size=(classes, dimension))
    return (centres[labels] + random.normal(size=(count, dimension))).astype(np.float32), labels


def names_of(count):
    return [f"class {number}" for number in range(count)]


def fit(features, labels, groups=None, **settings):
    count = int(labels.max()) + 1
    groups = np.arange(len(labels)) if groups is None else groups
    return fit_probe(features, labels, Classes(names_of(count)), groups, Recipe(**settings))


def test_auto_lists_every_head_but_the_perceptron():
    probe = fit(*blobs())
    assert tuple(candidate.name for candidate in probe.candidates) == CLASSIFICATION.auto
    assert probe.name in CLASSIFICATION.auto


@pytest.mark.parametrize("head", [*CLASSIFICATION.auto, "mlp"])
def test_every_head_learns_and_is_calibrated_on_new_examples(head):
    features, labels = blobs(300, apart=1.2)
    probe = fit(features[:150], labels[:150], head=head, hidden=16)
    assert probe.name == head
    scores = probe.head.scores(features[150:])
    assert (scores.argmax(axis=1) == labels[150:]).mean() > 0.85
    best = fit_temperature(scores, labels[150:])
    found, lowest = (log_losses(scores, labels[150:], one).mean() for one in (probe.decoding.temperature, best))
    assert found < lowest + 0.05


def test_the_head_is_fitted_on_everything_and_the_temperature_on_held_out_scores():
    features, labels = blobs()
    probe = fit(features, labels, head="ridge")
    (candidate,) = probe.candidates
    assert probe.decoding.temperature == candidate.cv_score.decoding.temperature
    assert probe.decoding.temperature == pytest.approx(fit_temperature(candidate.scores, labels), rel=1e-5)
    folds = make_folds(labels, np.arange(len(labels)), 5, 0)
    assert not np.allclose(probe.head.scores(features)[folds[0].held_out], candidate.scores[folds[0].held_out])


def test_probabilities_are_the_softmax_at_the_temperature():
    features, labels = blobs()
    probe = fit(features, labels, head="lda")
    np.testing.assert_allclose(
        probe.outputs(features), softmax(probe.head.scores(features) / probe.decoding.temperature), rtol=1e-9
    )


@pytest.fixture
def _few_passes(monkeypatch):
    """The network need not be good here."""
    monkeypatch.setattr("headstart.heads.mlp.PASSES", 4)


@pytest.mark.usefixtures("_few_passes")
@pytest.mark.parametrize("head", ["auto", "mlp"])
def test_the_same_seed_gives_the_same_bits(head):
    features, labels = blobs(60, 80)
    one, other = (fit(features, labels, head=head, hidden=4, seed=3) for _ in range(2))
    assert (one.name, one.setting, one.decoding) == (other.name, other.setting, other.decoding)
    for name, array in one.head.arrays().items():
        np.testing.assert_array_equal(array, other.head.arrays()[name])
    for mine, theirs in zip(one.candidates, other.candidates, strict=True):
        np.testing.assert_array_equal(mine.scores, theirs.scores)


def test_a_group_is_never_divided():
    """Each group has its own tell-tale feature: a head that saw half of it would know the other half."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    labels = random.integers(0, 2, 20)[groups]
    labels[:10] = [0] * 5 + [1] * 5
    features = np.eye(20, dtype=np.float32)[groups] + 0.01 * random.normal(size=(100, 20)).astype(np.float32)
    divided = fit(features, labels, head="knn").candidates[0].cv_score.metric
    kept = fit(features, labels, groups, head="knn").candidates[0].cv_score.metric
    assert divided == 1.0
    assert kept < 0.8


@pytest.mark.parametrize("head", [*CLASSIFICATION.auto, "auto", "mlp"])
def test_one_example_per_class_still_gives_a_model(head):
    features = np.array([[0.0, 5.0, 1.0], [5.0, 0.0, 1.0], [0.1, 0.2, 6.0]], dtype=np.float32)
    probe = fit(features, np.array([0, 1, 2]), head=head, hidden=32)
    assert probe.candidates == ()
    assert probe.decoding.temperature == 1.0
    assert probe.outputs(features).argmax(axis=1).tolist() == [0, 1, 2]
    assert tuple(sentences(probe.notices)) == (
        f"There are too few examples to hold any out: the head '{probe.name}' has its middle setting, and its "
        "probabilities are not calibrated.",
    )


@pytest.mark.usefixtures("_few_passes")
@pytest.mark.parametrize("head", [*CLASSIFICATION.auto, "auto", "mlp"])
@pytest.mark.parametrize("sizes", [(2, 2), (3, 2), (2, 2, 1), (1, 5, 5)])
def test_tiny_sets_give_finite_probabilities(head, sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    features = np.random.default_rng(0).normal(size=(len(labels), 50)).astype(np.float32)
    probabilities = fit(features, labels, head=head, hidden=4).outputs(features)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_class_that_cannot_be_scored_is_named():
    features, labels = blobs(60, 12, 2)
    labels = np.append(labels, 2)
    features = np.vstack([features, features[:1] + 9])
    assert tuple(sentences(fit(features, labels, head="centroid").notices)) == (
        "Cross-validation could not score these classes, which have one example or one group only: 'class 2'.",
    )


def test_all_examples_in_one_group_are_fitted_without_cross_validation():
    features, labels = blobs(20)
    probe = fit(features, labels, np.zeros(20, dtype=np.int64), head="centroid")
    assert probe.candidates == ()


def test_a_class_name_without_examples_gets_no_probability():
    features, labels = blobs(40, 12, 2)
    probe = fit_probe(features, 2 * labels, Classes(names_of(4)), np.arange(40), Recipe())
    assert (probe.outputs(features)[:, [1, 3]] < 1e-6).all()


def test_constant_features_give_the_class_frequencies():
    labels = np.array([0] * 30 + [1] * 10)
    probe = fit(np.ones((40, 7), dtype=np.float32), labels)
    np.testing.assert_allclose(probe.outputs(np.ones((1, 7), dtype=np.float32)), [[0.75, 0.25]], atol=0.05)


def test_separable_classes_are_not_given_certainty():
    features, labels = blobs(60, apart=30.0)
    for head in CLASSIFICATION.auto:
        assert fit(features, labels, head=head).outputs(features).max() < 1


def test_numbers_that_are_not_finite_are_refused():
    features, labels = blobs(10)
    features[3, 2] = np.inf
    with pytest.raises(EncoderError) as raised:
        fit(features, labels)
    assert str(raised.value) == (
        "The encoder gave numbers that are not finite. This happened for 1 of 10 examples, first for number 4. "
        "Use another encoder, or the same one in a higher precision."
    )
