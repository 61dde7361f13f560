"""Multinomial logistic regression with an L2 penalty, along a path of regularisation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from headstart.heads.family import HeadFamily
from headstart.heads.head import Array, Head, Labels, Matrix
from headstart.heads.linear import LinearHead, fold_into_head
from headstart.heads.probabilities import softmax
from headstart.heads.solver import Objective, minimise
from headstart.heads.training_set import TrainingSet

# Relative distance from the minimum at which a fit ends. A fold only ranks, so it may end early and compute in
# float32, in half the time; the fit that is kept may not.
FOLD_TOLERANCE = 1e-5
FINAL_TOLERANCE = 1e-8
# A class that is told apart perfectly has no curvature left; this much is assumed.
SMALLEST_CURVATURE = 1e-6


@dataclass(frozen=True, slots=True)
class LogisticFamily(HeadFamily):
    """Minimise ``mean(-log softmax(W x + b)[y]) + regularisation * T / 2 * |W|^2`` over standardised features.

    T is the total variance of the standardised features, so that a value of the regularisation means the same for any
    number of examples and features. scikit-learn's C is ``1 / (regularisation * T * N)``. The bias b is not penalised.

    Examples
    --------
    >>> training = TrainingSet(np.array([[0.0], [1.0], [3.0], [4.0]]), np.array([0, 0, 1, 1]), 2)
    >>> LogisticFamily().fit(training, 0.01).scores(np.array([[0.5], [3.5]])).argmax(axis=1).tolist()
    [0, 1]
    """

    name: ClassVar[str] = "logistic"
    head: ClassVar[type[Head]] = LinearHead
    grid: ClassVar[tuple[float, ...]] = (1e-1, 2e-2, 5e-3, 1e-3, 2e-4, 5e-5, 1e-5, 2e-6)

    def path_scores(self, training: TrainingSet, features: Matrix, grid: tuple[float, ...]) -> Iterator[Array]:
        """Compute scores along the path; each fit starts where the one before ended."""
        for setting, point in zip(grid, _path(training, grid), strict=True):
            yield _head(training, point, setting).scores(features)

    def fit(self, training: TrainingSet, setting: float) -> LinearHead:
        """Fit the head for one regularisation, precisely; walking there along the path is the fastest way."""
        *_, start = _path(training, (*(stronger for stronger in self.grid if stronger > setting), setting))
        problem = _Problem.of(training, training.rotation.design.dtype)
        return _head(training, problem.solve(setting, start, FINAL_TOLERANCE), setting)


def _path(training: TrainingSet, grid: tuple[float, ...]) -> Iterator[Array]:
    """Solve for each value in turn; each begins where the one before ended."""
    problem = _Problem.of(training, np.float32)
    point = np.zeros((problem.targets.shape[1], problem.design.shape[1]))
    for setting in grid:
        point = problem.solve(setting, point, FOLD_TOLERANCE)
        yield point


@dataclass(frozen=True, slots=True)
class _Problem:
    """Shapes: design (N, r + 1), the last column being 1 for the bias; targets (N, P), weighted; weights (N,)."""

    design: Matrix
    targets: Matrix
    labels: Labels
    weights: Array
    spectrum: Array
    total: float

    @classmethod
    def of(cls, training: TrainingSet, precision: npt.DTypeLike) -> "_Problem":
        labels = training.compact_labels
        targets = np.zeros((len(training), len(training.present)), dtype=precision)
        targets[np.arange(len(training)), labels] = training.weights
        return cls(
            design=training.rotation.design.astype(precision, copy=False),
            targets=targets,
            labels=labels,
            weights=training.weights,
            spectrum=training.rotation.spectrum,
            total=training.rotation.total,
        )

    def solve(self, setting: float, start: Array, tolerance: float) -> Array:
        penalty = np.append(np.full(len(self.spectrum), setting * self.total), 0.0)
        curvature = self.variances(start)[:, None] * np.append(self.spectrum, 1.0) + penalty
        return minimise(self.objective(penalty), start, curvature, tolerance).point

    def variances(self, point: Array) -> Array:
        """Estimate the mean of p (1 - p) for each class, shape (P,).

        Times the spectrum it is the diagonal of the Hessian, if p (1 - p) did not vary with the coordinates.
        """
        probabilities = softmax(self.design @ point.T.astype(self.design.dtype))
        return np.maximum(self.weights @ (probabilities * (1 - probabilities)), SMALLEST_CURVATURE)

    def objective(self, penalty: Array) -> Objective:
        rows = np.arange(len(self.labels))

        def value_and_gradient(point: Array) -> "tuple[float, Array]":
            scores = self.design @ point.T.astype(self.design.dtype)
            scores -= scores.max(axis=1, keepdims=True)
            true = scores[rows, self.labels].astype(np.float64)
            np.exp(scores, out=scores)
            sums = scores.sum(axis=1)
            shrunk = penalty * point
            value = float(self.weights @ (np.log(sums) - true)) + 0.5 * float(np.sum(shrunk * point))
            scores *= (self.weights / sums).astype(scores.dtype)[:, None]
            scores -= self.targets
            return value, (scores.T @ self.design).astype(np.float64) + shrunk

        return value_and_gradient


def _head(training: TrainingSet, point: Array, setting: float) -> LinearHead:
    return fold_into_head(training, point[:, :-1], point[:, -1], {"regularisation": setting})
