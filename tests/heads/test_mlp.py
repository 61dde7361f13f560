"""The multi-layer perceptron: our forward pass against scikit-learn's, and its learning."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from headstart.heads.mlp import MlpFamily
from headstart.heads.probabilities import softmax
from headstart.heads.training_set import TrainingSet


@pytest.fixture
def networks(monkeypatch):
    """Collects the scikit-learn models as they are made."""
    made = []

    class Recorded(MLPClassifier):
        def __init__(self, hidden_layer_sizes, activation, alpha, batch_size, random_state):
            super().__init__(
                hidden_layer_sizes=hidden_layer_sizes,
                activation=activation,
                alpha=alpha,
                batch_size=batch_size,
                random_state=random_state,
            )
            made.append(self)

    monkeypatch.setattr("sklearn.neural_network.MLPClassifier", Recorded)
    return made


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_scikit_learns_network(make, networks, activation, classes):
    training = make(60, 10, classes)
    scores = MlpFamily(8, activation).fit(training, 0.1).scores(training.features)
    inputs = (training.features - training.standardisation.mean) / training.standardisation.scale
    expected = networks[0].predict_proba(inputs.astype(np.float32))
    np.testing.assert_allclose(softmax(scores), expected, atol=1e-5)


def test_it_learns_what_no_line_can_divide():
    random = np.random.default_rng(0)
    features = random.uniform(-1, 1, size=(600, 2)).astype(np.float32)
    labels = (features[:, 0] * features[:, 1] > 0).astype(np.int64)
    head = MlpFamily(64, "tanh").fit(TrainingSet(features, labels, 2), 1e-3)
    assert (head.scores(features).argmax(axis=1) == labels).mean() > 0.9


def test_the_same_seed_gives_the_same_network(make):
    training = make(40, 6, 3)
    one, other, third = (MlpFamily(5, seed=seed).fit(training, 1.0) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.hidden_weight, other.hidden_weight)
    assert not np.array_equal(one.hidden_weight, third.hidden_weight)


def test_a_class_without_examples_is_never_chosen(make):
    training = make(40, 6, 3)
    wider = TrainingSet(training.features, training.labels * 2, 6)
    scores = MlpFamily(5).fit(wider, 1.0).scores(training.features)
    assert set(scores.argmax(axis=1)) <= {0, 2, 4}


def test_one_class_alone_is_always_chosen():
    training = TrainingSet(np.ones((3, 2), dtype=np.float32), np.array([1, 1, 1]), 3)
    assert MlpFamily(5).fit(training, 1.0).scores(training.features).argmax(axis=1).tolist() == [1, 1, 1]
