"""Linear discriminant analysis with a shrunk covariance."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from headstart.heads.family import HeadFamily
from headstart.heads.head import Array, Head, Matrix
from headstart.heads.linear import LinearHead, fold_into_head
from headstart.heads.training_set import TrainingSet

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
        centred = coordinates - means.astype(coordinates.dtype)[labels]
        covariance = (centred.T @ centred).astype(np.float64) / len(labels)
        shrinkage = max(estimate_shrinkage(centred, covariance, training.standardisation.varying), LEAST_SHRINKAGE)
        shrunk = compute_shrunk_covariance(covariance, shrinkage, training.standardisation.varying)
        coefficients = np.linalg.solve(shrunk, means.T).T.astype(np.float64)
        priors = np.bincount(labels, weights=training.weights)
        intercepts = np.log(priors) - 0.5 * np.sum(coefficients * means, axis=1)
        return fold_into_head(training, coefficients, intercepts, {"shrinkage": round(shrinkage, 6)})


def estimate_shrinkage(centred: Matrix, covariance: Array, dimension: int) -> float:
    """Estimate the part of the sphere that minimises the covariance's expected squared error (Ledoit and Wolf 2004).

    Parameters
    ----------
    centred, covariance
        Centred rows (N, r) and the mean of their outer products (r, r), on any axes that hold all their variance.
    dimension
        Number D of features that vary, at least r: the sphere has D dimensions.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 3.0], [0.0, -3.0]])
    >>> round(estimate_shrinkage(rows, rows.T @ rows / 4, 2), 4)
    0.6406
    """
    trace = float(np.trace(covariance))
    square = float(np.sum(covariance**2))
    fourth = float(np.mean(np.einsum("nr,nr->n", centred, centred).astype(np.float64) ** 2))
    noise = (fourth - square) / len(centred)
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
