"""Ridge regression on -1 / +1 targets: mean squared error, in closed form, with exact leave-one-out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.heads.family import HeadFamily
from headstart.heads.head import Array, Head, Matrix
from headstart.heads.linear import LinearHead, fold_into_head
from headstart.heads.training_set import TrainingSet, row_blocks


@dataclass(frozen=True, slots=True)
class RidgeFamily(HeadFamily):
    """Minimise ``mean(|W x + b - t|^2) + regularisation * T * |W|^2`` over standardised features.

    The targets t are +1 for the true class and -1 for the others. T is the total variance of the standardised features.
    scikit-learn's alpha is ``regularisation * T * N``. The bias b is not penalised.

    Examples
    --------
    >>> training = TrainingSet(np.array([[0.0], [1.0], [3.0], [4.0]]), np.array([0, 0, 1, 1]), 2)
    >>> RidgeFamily().fit(training, 0.01).scores(np.array([[0.5], [3.5]])).argmax(axis=1).tolist()
    [0, 1]
    """

    name: ClassVar[str] = "ridge"
    head: ClassVar[type[Head]] = LinearHead
    grid: ClassVar[tuple[float, ...]] = (1.0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)

    def path_scores(self, training: TrainingSet, features: Matrix, grid: tuple[float, ...]) -> Iterator[Array]:
        """Compute scores along the path; one eigendecomposition serves them all."""
        solution = _Solution.of(training)
        for setting in grid:
            yield solution.head(training, setting).scores(features)

    def fit(self, training: TrainingSet, setting: float) -> LinearHead:
        """Fit the head for one regularisation."""
        return _Solution.of(training).head(training, setting)

    def leave_one_out(self, training: TrainingSet) -> Iterator[Array]:
        """Compute the scores of each example by the head fitted on all others, from one decomposition.

        The residual without example i is e_i / (1 - h_i), where h_i is its leverage: exact for fixed weights,
        regularisation and standardisation.
        """
        solution = _Solution.of(training)
        for setting in self.grid:
            yield solution.leave_one_out(training, setting)


@dataclass(frozen=True, slots=True)
class _Solution:
    """Targets (N, P), their mean (P,) and ``moments`` (P, r), their covariance with each coordinate."""

    targets: Array
    mean: Array
    moments: Array

    @classmethod
    def of(cls, training: TrainingSet) -> "_Solution":
        targets = np.full((len(training), len(training.present)), -1.0)
        targets[np.arange(len(training)), training.compact_labels] = 1.0
        weighted, coordinates = targets * training.weights[:, None], training.rotation.coordinates
        moments = sum(weighted[block].T @ coordinates[block] for block in row_blocks(len(training)))
        return cls(targets, weighted.sum(axis=0), np.asarray(moments))

    def coefficients(self, training: TrainingSet, setting: float) -> Array:
        rotation = training.rotation
        return self.moments / (rotation.spectrum + setting * rotation.total)

    def head(self, training: TrainingSet, setting: float) -> LinearHead:
        return fold_into_head(training, self.coefficients(training, setting), self.mean, {"regularisation": setting})

    def leave_one_out(self, training: TrainingSet, setting: float) -> Array:
        rotation = training.rotation
        shrunk = rotation.spectrum + setting * rotation.total
        coefficients = self.coefficients(training, setting).T
        scores = np.full((len(training), training.class_count), -1.0)
        for block in row_blocks(len(training)):
            coordinates, targets = rotation.coordinates[block], self.targets[block]
            leverage = training.weights[block] * (1.0 + np.square(coordinates) @ (1.0 / shrunk))
            residual = (targets - (coordinates @ coefficients + self.mean)) / np.maximum(1 - leverage, 1e-12)[:, None]
            scores[block, training.present] = targets - residual
        return scores
