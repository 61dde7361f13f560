"""Small training sets with classes that overlap, on both sides of N = D."""

from collections.abc import Callable

import numpy as np
import pytest

from headstart.heads.training_set import TrainingSet

MakeTraining = Callable[..., TrainingSet]


def make_training(
    count: int = 90, dimension: int = 20, classes: int = 4, *, seed: int = 0, balance: bool = False, apart: float = 1.0
) -> TrainingSet:
    """Gaussian classes of uneven size, around random centres, on features of very different scale."""
    random = np.random.default_rng(seed)
    labels = np.sort(random.integers(0, classes, count) * random.integers(0, 2, count)).astype(np.int64)
    labels[:classes] = np.arange(classes)
    centres = apart * random.normal(size=(classes, dimension))
    scales = np.exp(random.normal(size=dimension))
    features = (centres[labels] + random.normal(size=(count, dimension))) * scales + 3 * random.normal(size=dimension)
    return TrainingSet(features.astype(np.float32), labels, classes, balance)


@pytest.fixture(params=[(90, 20, 4), (40, 120, 3), (60, 25, 2), (30, 80, 2)], ids=["N>D", "N<D", "two", "two N<D"])
def training(request: pytest.FixtureRequest) -> TrainingSet:
    return make_training(*request.param)


@pytest.fixture
def make() -> MakeTraining:
    return make_training
