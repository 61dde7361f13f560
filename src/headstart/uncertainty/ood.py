"""How unlike the training examples an example is: three scores, the larger the more novel; pure functions on arrays.

From examples of another kind all three tell known ones well, and the distance to the nearest neighbours best; classes
of the same kind that were left out are hard for every score (``benchmarks/guard.py``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.arrays import Floats, Integers, Singles
from headstart.features.neighbours import unit_rows
from headstart.heads.probabilities import Scores

Matrix = npt.NDArray[np.floating[Any]]

# Few, because a new class lies near single examples of others, seldom near several; more than one, because a single
# example may be an odd one.
NEIGHBOURS = 3
SHRINKAGE = 0.5  # towards the sphere; the optimum for the covariance (Ledoit and Wolf) was too small for this purpose
ROWS_AT_ONCE = 2048
LARGEST_PRODUCT = 4_000_000  # distances at once
FEW_ROWS = 8
LARGEST = float(np.finfo(np.float16).max)


def to_half_precision(features: Matrix) -> npt.NDArray[np.float16]:
    """Round features (R, D) to half precision, as they are saved; what is too large is cut.

    Examples
    --------
    >>> to_half_precision(np.array([[0.1, 1e9]])).tolist()
    [[0.0999..., 65504.0]]
    """
    return np.clip(features, -LARGEST, LARGEST).astype(np.float16)


@dataclass(frozen=True, slots=True, eq=False)
class NearestIndex:
    """References prepared for a search: their mean, shape (D,), and unit vectors from it to each, shape (R, D)."""

    centre: Singles
    directions: Singles


def nearest_index(references: Matrix) -> NearestIndex:
    """Prepare references of shape (R, D) for a search.

    Features behind a ReLU have a mean far from zero, which is taken off.

    Examples
    --------
    >>> nearest_index(np.array([[1.0, 4.0], [5.0, 4.0]])).directions.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    known = references.astype(np.float32)
    centre = known.mean(axis=0, dtype=np.float64).astype(np.float32)
    return NearestIndex(centre, unit_rows(known - centre))


def neighbour_distances(
    features: Matrix,
    references: NearestIndex,
    groups: Integers | None = None,
    reference_groups: Integers | None = None,
    neighbours: int = NEIGHBOURS,
) -> Floats:
    """Compute the mean cosine distance to the nearest references, shape (N,), from 0 to 2 (Sun et al. 2022).

    Features of shape (N, D) are taken relative to the mean of the R references. With ``groups``, shapes (N,) and (R,),
    references of a row's own group do not count: that is how an example that is itself a reference is held out. Where
    there are fewer references than ``neighbours`` the others count; where there is none the distance is 2.

    Examples
    --------
    >>> two = np.array([[1.0, 0.0], [-1.0, 0.0]])
    >>> neighbour_distances(np.array([[5.0, 0.0], [0.0, 1.0]]), nearest_index(two), neighbours=1).round(3).tolist()
    [0.0, 1.0]
    >>> neighbour_distances(two, nearest_index(two), np.arange(2), np.arange(2), neighbours=1).round(3).tolist()
    [2.0, 2.0]
    """
    found = np.empty(len(features))
    step = max(1, min(ROWS_AT_ONCE, LARGEST_PRODUCT // len(references.directions)))
    for start in range(0, len(features), step):
        rows = slice(start, start + step)
        distances = 1 - _products(unit_rows(features[rows].astype(np.float32) - references.centre), references)
        if groups is not None and reference_groups is not None:
            distances[groups[rows, None] == reference_groups] = 2.0
        count = min(neighbours, distances.shape[1])
        found[rows] = np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1)
    return found


def _products(vectors: Singles, references: NearestIndex) -> Singles:
    if len(vectors) > FEW_ROWS:
        return vectors @ references.directions.T
    # The threads of a matrix product wait for each other: on a busy machine, and a server is one, that takes many times
    # as long as the few sums, which einsum does in this thread.
    products: Singles = np.einsum("nd,rd->nr", vectors, references.directions)
    return products


def energy(scores: Scores, temperature: float) -> Floats:
    """Compute minus the logarithm of the sum of ``exp(scores / temperature)``, shape (N,) (Liu et al. 2020).

    It says something for heads whose scores are not normalised: for nearest neighbours, whose scores are logarithms of
    shares, it is nearly constant.

    Examples
    --------
    >>> energy(np.array([[2.0, 0.0], [0.0, 0.0]]), 1.0).round(3).tolist()
    [-2.127, -0.693]
    """
    scaled = scores.astype(np.float64) / temperature
    largest = scaled.max(axis=1)
    return np.asarray(-largest - np.log(np.exp(scaled - largest[:, None]).sum(axis=1)))


@dataclass(frozen=True, slots=True, eq=False)
class ClassGaussians:
    """Where known features lie: the mean of each class, (C, D), and what makes their spread within classes a sphere.

    ``whitening`` is W of shape (D, D), with W' W the inverse of the covariance.
    """

    means: Singles
    whitening: Singles


def fit_class_gaussians(features: Matrix, labels: Integers, shrinkage: float = SHRINKAGE) -> ClassGaussians:
    """Fit means and spread of features (N, D) with labels (N,), of the classes that occur.

    Features are scaled to length 1 first (Mueller and Hein 2025, *Mahalanobis++*). The covariance within classes S is
    shrunk towards the sphere of the same trace: (1 - shrinkage) S + shrinkage tr(S) / D.

    Examples
    --------
    >>> features = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> fit_class_gaussians(features, np.array([0, 0, 1, 1])).means.tolist()
    [[0.5, 0.5], [-0.5, -0.5]]
    """
    unit = unit_rows(features)
    present, numbers = np.unique(labels, return_inverse=True)
    means = np.stack([unit[numbers == number].mean(axis=0, dtype=np.float64) for number in range(len(present))])
    residuals = unit - means[numbers]
    covariance = residuals.T @ residuals / len(residuals)
    sphere = float(np.trace(covariance)) / len(covariance) or 1.0  # one example per class: every distance counts alike
    shrunk = (1 - shrinkage) * covariance + shrinkage * sphere * np.eye(len(covariance))
    whitening = np.linalg.inv(np.linalg.cholesky(shrunk))
    return ClassGaussians(means.astype(np.float32), whitening.astype(np.float32))


def mahalanobis(features: Matrix, gaussians: ClassGaussians) -> Floats:
    """Compute the Mahalanobis distance to the nearest class mean, shape (N,) (Lee et al. 2018).

    Examples
    --------
    >>> gaussians = ClassGaussians(np.zeros((1, 2), dtype=np.float32), np.diag([1.0, 2.0]).astype(np.float32))
    >>> mahalanobis(np.array([[7.0, 0.0], [0.0, 7.0]]), gaussians).tolist()
    [1.0, 2.0]
    """
    points = unit_rows(features) @ gaussians.whitening.T
    centres = gaussians.means @ gaussians.whitening.T
    squares = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)), dtype=np.float64)
