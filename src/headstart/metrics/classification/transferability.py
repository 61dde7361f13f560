"""How well features suit a task, without training a network: scores from features and labels alone.

None of them is right everywhere (Sorkhei et al. 2025); read them beside a cross-validated probe. Scores that are not
accuracies compare encoders on the same examples and say nothing by themselves.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from headstart.arrays import Booleans, Floats, Integers

Matrix = npt.NDArray[np.floating]
Labels = Integers
Flags = Booleans

RATIOS = np.logspace(-9, 6, 61)  # of the two precisions, in units of the largest squared singular value
ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Decomposition:
    """Features F of shape (N, D) seen from the left: F F' = vectors diag(values) vectors'.

    Attributes
    ----------
    vectors
        Left singular vectors, shape (N, k), k at most min(N, D).
    values
        Squared singular values, shape (k,), all positive.
    """

    vectors: Floats
    values: Floats


def decompose(features: Matrix) -> Decomposition:
    """Decompose features of shape (N, D) by the smaller of their two products.

    Examples
    --------
    >>> decompose(np.array([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]])).values.tolist()
    [4.0, 9.0]
    """
    wide = np.asarray(features, dtype=np.float64)
    if wide.shape[0] <= wide.shape[1]:
        values, vectors = np.linalg.eigh(wide @ wide.T)
        kept = _positive(values)
        return Decomposition(vectors[:, kept], values[kept])
    values, axes = np.linalg.eigh(wide.T @ wide)
    kept = _positive(values)
    return Decomposition(wide @ axes[:, kept] / np.sqrt(values[kept]), values[kept])


def log_evidence(parts: Decomposition, target: Floats, alpha: float, beta: float) -> float:
    """Compute the logarithm of the evidence of a linear model: log N(target; 0, I / beta + F F' / alpha).

    ``target`` has shape (N,), ``alpha`` is the precision of the weights and ``beta`` that of the noise. This is the
    formula of LogME (You et al. 2021) with the determinant of all D directions, so that it holds for N < D as well.

    Examples
    --------
    >>> parts = decompose(np.array([[1.0], [0.0]]))
    >>> round(log_evidence(parts, np.array([1.0, 0.0]), alpha=1.0, beta=1.0), 6)
    -2.434451
    """
    return _evidence(_Seen.of(parts, target), alpha / beta, beta)


def logme(features: Matrix, labels: Labels, class_count: int) -> float:
    """Compute LogME: the mean over the classes of the largest log evidence per example.

    For a fixed ratio t = alpha / beta the best noise precision is N / E(t), where E(t) = y' (I + F F' / t)^-1 y; the
    best t is then sought on a grid of 61 ratios over 15 powers of ten, and between the neighbours of the best of them.
    Classes without an example are left out. ``features`` has shape (N, D), ``labels`` (N,).

    Examples
    --------
    >>> labels = np.array([0, 0, 1, 1])
    >>> good, bad = np.array([[1.0], [1.1], [-1.0], [-0.9]]), np.array([[1.0], [-1.0], [0.9], [-1.1]])
    >>> logme(good, labels, 2) > logme(bad, labels, 2)
    True
    """
    parts = decompose(features)
    if not len(parts.values):
        return -math.inf
    ratios = RATIOS * parts.values.max()
    found = []
    for number in np.flatnonzero(np.bincount(labels, minlength=class_count)):
        seen = _Seen.of(parts, (labels == number).astype(np.float64))
        values = [_best_evidence(seen, ratio) for ratio in ratios]
        at = int(np.argmax(values))
        low, high = np.log(ratios[max(0, at - 1)]), np.log(ratios[min(len(ratios) - 1, at + 1)])
        better = minimize_scalar(partial(_loss_at, seen), bounds=(low, high), method="bounded")
        found.append(max(values[at], -float(better.fun)) / len(labels))
    return float(np.mean(found))


def h_score(features: Matrix, labels: Labels, shrinkage: float) -> float:
    """Compute the regularised H-score (Ibrahim et al. 2021): between-class variance in units of the whole covariance.

    (1 - a) tr(S_a^-1 B), where S_a = (1 - a) S + a tr(S) / D I is the covariance shrunk by ``shrinkage`` a and B the
    covariance of the class means. Without shrinkage it is the sum of the squared canonical correlations of features
    and classes (Bao et al. 2019), at most C - 1; for N < D it then means nothing.

    Examples
    --------
    >>> round(h_score(np.array([[1.0], [1.0], [-1.0], [-1.0]]), np.array([0, 0, 1, 1]), shrinkage=0.0), 6)
    1.0
    """
    centred = np.asarray(features, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    counts = np.bincount(labels)
    sums = np.zeros((len(counts), centred.shape[1]))
    np.add.at(sums, labels, centred)
    present = counts > 0
    means = sums[present] / np.sqrt(counts[present])[:, None]  # means.T @ means = N times B
    covariance = centred.T @ centred / len(centred)
    level = shrinkage * np.trace(covariance) / len(covariance)
    covariance = (1 - shrinkage) * covariance + level * np.eye(len(covariance))
    if shrinkage > 0:
        solved = np.linalg.solve(covariance, means.T / len(centred))
    else:  # of fewer directions than features; the means lie in these
        solved = np.linalg.lstsq(covariance, means.T / len(centred))[0]
    return float((1 - shrinkage) * np.sum(solved * means.T))


def neighbours_are_right(rows: Matrix, labels: Labels, groups: Labels, neighbours: int = 5) -> Flags:
    """Return of each example whether its nearest neighbours by cosine vote for its class, leaving out its own group.

    Ties go to the class whose neighbour is nearest. Shapes (N, D) with rows of length 1, (N,), (N,); returns (N,). An
    example without any other group is counted as wrong.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [0.96, 0.28], [0.0, 1.0], [0.28, 0.96]])
    >>> neighbours_are_right(rows, np.array([0, 0, 1, 0]), np.arange(4), neighbours=1).tolist()
    [True, True, False, False]
    """
    count, classes = len(labels), int(labels.max()) + 1
    right = np.zeros(count, dtype=bool)
    for start in range(0, count, ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        similarity = rows[block] @ rows.T
        similarity[groups[block, None] == groups[None, :]] = -np.inf
        taken = min(neighbours, count)
        best = np.argsort(-similarity, axis=1, kind="stable")[:, :taken]
        votes = np.isfinite(np.take_along_axis(similarity, best, axis=1)).astype(np.float64)
        votes -= 1e-3 * np.arange(taken) * votes  # decides ties, and nothing else
        cells = np.arange(len(best))[:, None] * classes + labels[best]
        totals = np.bincount(cells.ravel(), votes.ravel(), minlength=len(best) * classes).reshape(len(best), classes)
        right[block] = (totals.argmax(axis=1) == labels[block]) & (totals.max(axis=1) > 0)
    return right


def _positive(values: Floats) -> Flags:
    return values > max(1e-12 * float(values[-1]), float(np.finfo(np.float64).tiny))


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A target in the coordinates of a decomposition: squared parts (k,), and what lies outside."""

    values: Floats
    squares: Floats
    outside: float
    count: int

    @classmethod
    def of(cls, parts: Decomposition, target: Floats) -> "_Seen":
        squares = np.square(parts.vectors.T @ target)
        return cls(parts.values, squares, max(0.0, float(target @ target - squares.sum())), len(target))

    def energy(self, ratio: float) -> float:
        """E(t) = y' (I + F F' / t)^-1 y."""
        return self.outside + float(self.squares @ (ratio / (ratio + self.values)))


def _evidence(seen: _Seen, ratio: float, beta: float) -> float:
    shrunk = -0.5 * float(np.log1p(seen.values / ratio).sum())
    return shrunk + 0.5 * seen.count * math.log(beta / (2 * math.pi)) - 0.5 * beta * seen.energy(ratio)


def _loss_at(seen: _Seen, log_ratio: float) -> float:
    return -_best_evidence(seen, math.exp(log_ratio))


def _best_evidence(seen: _Seen, ratio: float) -> float:
    # A target that the features explain without any error has no finite evidence; the floor is that of rounding.
    energy = max(seen.energy(ratio), 1e-12 * float(seen.squares.sum() + seen.outside))
    return _evidence(seen, ratio, seen.count / energy)
