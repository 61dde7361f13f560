"""What the tests of charts share."""

import numpy as np
import pytest

from headstart.metrics.classification.evaluation import evaluate


@pytest.fixture(scope="session")
def evaluation_of():
    """Evaluate made-up probabilities of these classes."""

    def evaluate_made_up(classes, groups=None):
        generator = np.random.default_rng(0)
        labels = generator.integers(0, len(classes), 200)
        logits = generator.normal(size=(200, len(classes)))
        logits[np.arange(200), labels] += 2.5
        probabilities = np.exp(logits)
        return evaluate(
            labels, probabilities / probabilities.sum(axis=1, keepdims=True), classes, groups=groups, resamples=100
        )

    return evaluate_made_up
