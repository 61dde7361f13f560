"""What every head is fitted to: a training set, and its rotation onto principal axes, which linear heads share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from headstart.arrays import Integers
from headstart.heads.head import Array, Labels, Matrix

# Directions with less than this part of the largest variance are rounding errors of the squared singular values.
SMALLEST_VARIANCE = 1e-11
# Above so many entries the coordinates are kept in float32: products take half the time and half the memory, and
# their rounding (1e-7) is far below what a fold of a cross-validation can tell apart.
LARGEST_IN_FLOAT64 = 4_000_000
ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class SelectedRows:
    """Rows of a matrix, copied only when they are asked for: ``places`` (N,) says which."""

    matrix: Matrix
    places: Integers

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.places)

    def __getitem__(self, block: slice) -> Matrix:
        """Copy a stretch of the rows."""
        return self.matrix[self.places[block]]

    @property
    def shape(self) -> tuple[int, int]:
        """The shape they have together."""
        return len(self.places), self.matrix.shape[1]

    @property
    def dtype(self) -> npt.DTypeLike:
        """The number format."""
        return self.matrix.dtype


Features = Matrix | SelectedRows


@dataclass(frozen=True, slots=True, eq=False)
class Standardisation:
    """Mean and scale of each feature, shapes (D,), and how many features vary at all."""

    mean: Array
    scale: Array
    varying: int


@dataclass(frozen=True, slots=True, eq=False)
class Rotation:
    """Standardised features in the coordinates of their principal axes.

    An L2 penalty does not see a rotation, and a direction in which no example moves gets no weight. So a linear head
    may be fitted on these r = min(N - 1, D) or fewer coordinates instead of on D features: the result is the same.
    The coordinates have mean 0 and are uncorrelated (both under the weights of the examples), which gives ridge its
    closed form and logistic regression its preconditioner.

    Attributes
    ----------
    design
        The coordinates and a column of ones, shape (N, r + 1), float64, or float32 for large sets.
    spectrum
        Variance of each coordinate, shape (r,), descending.
    mixing, rows
        The axes, as the product ``rows.T @ mixing`` of shape (D, r), or as ``mixing`` alone when ``rows`` is None.
        For N < D the product is never formed: applying its factors is cheaper.
    """

    design: Matrix
    spectrum: Array
    mixing: Array
    rows: Array | None

    @property
    def coordinates(self) -> Matrix:
        """The coordinates alone, shape (N, r)."""
        return self.design[:, :-1]

    @property
    def total(self) -> float:
        """Total variance of the standardised features."""
        return float(self.spectrum.sum())

    def unrotate(self, coefficients: Array) -> Array:
        """Transform coefficients of coordinates, shape (C, r), to those of standardised features, shape (C, D)."""
        mixed = coefficients @ self.mixing.T
        return mixed if self.rows is None else mixed @ self.rows


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Features with labels, and the weight of each example; the rotation is computed once, when it is first asked for.

    Attributes
    ----------
    matrix
        Features, shape (N, D), or (M, D) with ``places``.
    labels
        Class numbers 0 to ``class_count`` - 1, shape (N,); some classes may have no example.
    balance
        True weighs every class alike instead of every example.
    places
        Where the examples stand in the matrix, shape (N,); None where they are all of it, in this order.

    Examples
    --------
    >>> features = np.array([[0.0, 1.0], [1.0, 1.0], [4.0, 2.0]])
    >>> training = TrainingSet(features, np.array([0, 0, 2]), class_count=3, balance=True)
    >>> training.weights.tolist(), training.present.tolist(), training.compact_labels.tolist()
    ([0.25, 0.25, 0.5], [0, 2], [0, 0, 1])
    """

    matrix: Matrix
    labels: Labels
    class_count: int
    balance: bool = False
    places: Integers | None = None

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.labels)

    def take(self, indices: Integers) -> "TrainingSet":
        """Return the part with the examples at these positions; it has weights and a rotation of its own."""
        places = indices if self.places is None else self.places[indices]
        return TrainingSet(self.matrix, self.labels[indices], self.class_count, self.balance, places)

    @property
    def features(self) -> Matrix:
        """Features of the examples, shape (N, D); those of a part are copied each time."""
        return self.stretches[:]

    @property
    def stretches(self) -> Features:
        """Features of the examples, for those who need only some rows at a time."""
        return self.matrix if self.places is None else SelectedRows(self.matrix, self.places)

    @cached_property
    def counts(self) -> Integers:
        """Count the examples of each class, shape (C,)."""
        return np.bincount(self.labels, minlength=self.class_count)

    @cached_property
    def present(self) -> Integers:
        """Numbers of the classes that have an example, ascending."""
        return np.flatnonzero(self.counts)

    @cached_property
    def compact_labels(self) -> Integers:
        """Position of each label within :attr:`present`, shape (N,)."""
        return np.searchsorted(self.present, self.labels)

    @cached_property
    def weights(self) -> Array:
        """Weight of each example, shape (N,), sum 1."""
        return compute_class_weights(self.labels, self.class_count, self.balance)

    @cached_property
    def standardisation(self) -> Standardisation:
        """Mean and scale of the features, under the weights."""
        return standardise(self.stretches, self.weights)

    @cached_property
    def rotation(self) -> Rotation:
        """Standardised features on their principal axes."""
        return rotate(self.stretches, self.weights, self.standardisation)


def compute_class_weights(labels: Labels, class_count: int, balance: bool) -> Array:
    """Weigh every example alike, or (``balance``) every class that occurs alike; the sum is 1.

    Examples
    --------
    >>> compute_class_weights(np.array([0, 0, 0, 1]), 2, balance=True).round(3).tolist()
    [0.167, 0.167, 0.167, 0.5]
    """
    if not balance:
        return np.full(len(labels), 1 / len(labels))
    counts = np.bincount(labels, minlength=class_count)
    return 1.0 / (np.count_nonzero(counts) * counts[labels])


def standardise(features: Features, weights: Array) -> Standardisation:
    """Compute mean and scale of each feature under example weights of sum 1.

    The squared scale lies half-way between the feature's own variance and the median variance of all. With its own
    variance alone, a feature that hardly moved among a few training examples, as those behind a ReLU do, would be blown
    up without limit on the next one. A feature that moves less than its number format can tell is constant; its scale
    is infinite, so that it becomes 0 and gets weight 0.

    Examples
    --------
    >>> standardise(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([0.5, 0.5]))
    Standardisation(mean=array([2., 5.]), scale=array([ 1., inf]), varying=1)
    """
    blocks = row_blocks(len(features))
    mean = np.asarray(sum(weights[block] @ features[block].astype(np.float64) for block in blocks))
    variance = np.asarray(sum(weights[block] @ np.square(features[block] - mean) for block in blocks))
    varies = np.sqrt(variance) > 10 * np.finfo(features.dtype).eps * np.abs(mean)
    typical = np.median(variance[varies]) if varies.any() else 1.0
    scale = np.where(varies, np.sqrt((variance + typical) / 2), np.inf)
    return Standardisation(mean, scale, int(np.count_nonzero(varies)))


def rotate(features: Features, weights: Array, standard: Standardisation) -> Rotation:
    """Rotate standardised features onto their principal axes under example weights of sum 1.

    One eigendecomposition on the smaller side: of the N x N matrix of products of examples, or of the D x D covariance.
    """
    if len(features) <= features.shape[1]:
        return _rotate_by_examples(features, weights, standard)
    return _rotate_by_features(features, weights, standard)


def _rotate_by_examples(features: Features, weights: Array, standard: Standardisation) -> Rotation:
    roots = np.sqrt(weights)[:, None]
    rows = (features[:] - standard.mean) / standard.scale * roots
    values, vectors = _principal_axes(rows @ rows.T)
    lengths = np.sqrt(values)
    design = np.hstack([vectors * lengths / roots, np.ones((len(rows), 1))])
    return Rotation(design, values, vectors / lengths, rows)


def _rotate_by_features(features: Features, weights: Array, standard: Standardisation) -> Rotation:
    covariance = np.zeros((features.shape[1], features.shape[1]))
    for block in row_blocks(len(features)):
        rows = (features[block] - standard.mean) / standard.scale * np.sqrt(weights[block])[:, None]
        covariance += rows.T @ rows
    values, vectors = _principal_axes(covariance)
    large = len(features) * len(values) > LARGEST_IN_FLOAT64
    design = np.ones((len(features), len(values) + 1), np.float32 if large else np.float64)
    for block in row_blocks(len(features)):
        design[block, :-1] = ((features[block] - standard.mean) / standard.scale) @ vectors
    return Rotation(design, values, vectors, rows=None)


def row_blocks(count: int) -> list[slice]:
    """Divide so many rows into stretches, of which float64 copies are small."""
    return [slice(start, start + ROWS_AT_ONCE) for start in range(0, count, ROWS_AT_ONCE)]


def _principal_axes(symmetric: Array) -> tuple[Array, Array]:
    """Compute eigenvalues, descending, and eigenvectors, without those that are rounding errors."""
    values, vectors = np.linalg.eigh(symmetric)
    kept = values > max(SMALLEST_VARIANCE * values[-1], float(np.finfo(np.float64).tiny))
    return values[kept][::-1], vectors[:, kept][:, ::-1]
