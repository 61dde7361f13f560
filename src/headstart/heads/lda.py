"""Linear discriminant analysis with a shrunk covariance."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from headstart.arrays import Integers
from headstart.heads.family import HeadFamily
from headstart.heads.head import Array, Head, Matrix
from headstart.heads.linear import LinearHead, fold_into_head
from headstart.heads.training_set import TrainingSet, row_blocks

# Keeps the covariance invertible where the estimate finds nothing to shrink.
LEAST_SHRINKAGE = 1e-4
Shrinkage = Literal["ledoit-wolf"]


@dataclass(frozen=True, slots=True)
class LdaFamily(HeadFamily):
    """Gaussian classes that share one covariance, pooled within the classes and shrunk towards a sphere.

    The shrinkage is Ledoit and Wolf's (2004), computed once from the pooled class-centred rows: with a handful of
    examples per class an estimate for each class would shrink nearly everything away. Priors are the class
    frequencies, or uniform when classes are weighed alike.

    Examples
    --------
    >>> training = TrainingSet(np.array([[0.0], [1.0], [3.0], [4.0]]), np.array([0, 0, 1, 1]), 2)
    >>> LdaFamily().fit(training).scores(np.array([[0.5], [3.5]])).argmax(axis=1).tolist()
    [0, 1]
    """

    name: ClassVar[str] = "lda"
    head: ClassVar[type[Head]] = LinearHead
    grid: ClassVar[tuple[Shrinkage, ...]] = ("ledoit-wolf",)

    def fit(self, training: TrainingSet, setting: Shrinkage = "ledoit-wolf") -> LinearHead:
        """Fit the head; on the principal axes, so that for N < D a matrix of N x N is solved, not D x D."""
        coordinates, labels = training.rotation.coordinates, training.compact_labels
        counts = np.bincount(labels)
        membership = np.eye(len(counts), dtype=coordinates.dtype)[labels]
        means = (membership.T @ coordinates).astype(np.float64) / counts[:, None]
        squares, covariance = _pool(coordinates, means.astype(coordinates.dtype), labels)
        shrinkage = max(estimate_shrinkage(squares, covariance, training.standardisation.varying), LEAST_SHRINKAGE)
        shrunk = compute_shrunk_covariance(covariance, shrinkage, training.standardisation.varying)
        coefficients = np.linalg.solve(shrunk, means.T).T.astype(np.float64)
        priors = np.bincount(labels, weights=training.weights)
        intercepts = np.log(priors) - 0.5 * np.sum(coefficients * means, axis=1)
        return fold_into_head(training, coefficients, intercepts, {"shrinkage": round(shrinkage, 6)})


def _pool(coordinates: Matrix, means: Matrix, labels: Integers) -> tuple[Array, Array]:
    """Compute the squared lengths (N,) of rows without the means of their classes, and their covariance (r, r)."""
    squares, products = np.empty(len(labels)), np.zeros(2 * coordinates.shape[1:])
    for block in row_blocks(len(labels)):
        centred = coordinates[block] - means[labels[block]]
        squares[block] = np.einsum("nr,nr->n", centred, centred)
        products += centred.T @ centred
    return squares, products / len(labels)


def estimate_shrinkage(squares: Array, covariance: Array, dimension: int) -> float:
    """Estimate the part of the sphere that minimises the covariance's expected squared error (Ledoit and Wolf 2004).

    Parameters
    ----------
    squares, covariance
        Squared lengths (N,) of centred rows and the mean of their outer products (r, r), on any axes that hold all
        their variance.
    dimension
        Number D of features that vary, at least r: the sphere has D dimensions.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 3.0], [0.0, -3.0]])
    >>> round(estimate_shrinkage((rows**2).sum(axis=1), rows.T @ rows / 4, 2), 4)
    0.6406
    """
    trace = float(np.trace(covariance))
    square = float(np.sum(covariance**2))
    noise = (float(np.mean(squares**2)) - square) / len(squares)
    distance = square - trace**2 / max(dimension, 1)
    return min(max(noise, 0.0) / distance, 1.0) if distance > 0 else 1.0


def compute_shrunk_covariance(covariance: Array, shrinkage: float, dimension: int) -> Array:
    """Compute the weighted mean of a covariance and the sphere of the same trace; of zero it is the unit sphere."""
    sphere = float(np.trace(covariance)) / max(dimension, 1)
    if sphere == 0:
        return np.eye(len(covariance))
    mixed = (1 - shrinkage) * covariance
    mixed[np.diag_indices_from(mixed)] += shrinkage * sphere
    return mixed
