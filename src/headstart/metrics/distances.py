"""How far apart two sets of features lie. None of these numbers alone predicts what a model loses between them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrc

from headstart.arrays import Floats, Integers

Matrix = npt.NDArray[np.floating]
Labels = Integers
Fit = Callable[[Matrix, Labels], Callable[[Matrix], Labels]]  # fits a classifier, which predicts

KEPT_DIRECTIONS = 64  # for the Fréchet distance: covariances need many more examples than numbers


@dataclass(frozen=True, slots=True)
class ProxyDistance:
    """How well a classifier tells the sets apart: distance 2 (1 - 2 error), its error on held-out halves, p-value."""

    value: float
    error: float
    p: float


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Unbiased squared maximum mean discrepancy, and the p-value of a permutation test that there is none."""

    value: float
    p: float


@dataclass(frozen=True, slots=True)
class FrechetDistance:
    """Fréchet distance of two normal distributions, and the same between two random halves of one set: its bias."""

    value: float
    within: float


def proxy_distance(one: Matrix, other: Matrix, seed: int, fit: Fit) -> ProxyDistance:
    """Compute the proxy A-distance (Ben-David et al. 2007) of sets of shapes (N, D) and (M, D).

    Equally many of both are taken; a classifier is fitted to one half and tried on the other. The p-value is
    that of the binomial test that it does no better than a coin.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> def threshold(features: Matrix, labels: Labels) -> Callable[[Matrix], Labels]:
    ...     return lambda rows: (rows.mean(axis=1) > features.mean()).astype(int)
    >>> proxy_distance(random.normal(size=(50, 2)), random.normal(size=(60, 2)) + 9, seed=0, fit=threshold).value
    2.0
    """
    random = np.random.default_rng(seed)
    count = min(len(one), len(other)) // 2 * 2
    rows = [random.permutation(len(part))[:count] for part in (one, other)]
    halves = [
        np.concatenate([one[rows[0][part]], other[rows[1][part]]])
        for part in (slice(0, count // 2), slice(count // 2, count))
    ]
    labels = np.repeat([0, 1], count // 2)
    right = int((fit(halves[0], labels)(halves[1]) == labels).sum())
    error = 1 - right / count
    p = float(bdtrc(right - 1, count, 0.5))  # of as many right answers by guessing, or more
    return ProxyDistance(max(0.0, 2 * (1 - 2 * error)), error, p)


def discrepancy(one: Matrix, other: Matrix, seed: int, permutations: int = 500) -> Discrepancy:
    """Compute the unbiased squared MMD (Gretton et al. 2012) with a Gaussian kernel as wide as the median distance.

    Memory grows with the square of N + M: hand in samples of a thousand or so.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> found = discrepancy(random.normal(size=(40, 2)), random.normal(size=(40, 2)) + 3, seed=0)
    >>> found.value > 0.5, found.p < 0.01
    (True, True)
    """
    pooled = np.concatenate([one, other]).astype(np.float64)
    squares = np.square(pooled).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None] - 2 * pooled @ pooled.T, 0)
    median = float(np.median(distances[np.triu_indices(len(pooled), 1)]))
    kernel = np.exp(-distances / (median or 1.0))
    np.fill_diagonal(kernel, 0)
    first = np.zeros((permutations + 1, len(pooled)))
    random = np.random.default_rng(seed)
    for number, row in enumerate(first):
        row[random.permutation(len(pooled))[: len(one)] if number else np.arange(len(one))] = 1
    values = _discrepancies(kernel, first, len(one), len(other))
    p = (1 + int((values[1:] >= values[0]).sum())) / (permutations + 1)
    return Discrepancy(float(values[0]), p)


def frechet(one: Matrix, other: Matrix, seed: int) -> FrechetDistance:
    """Compute the Fréchet distance |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) in the main directions of both sets.

    It is biased by about 1 / N: equally many of both are taken, in the 64 directions (or fewer: an eighth of the
    examples) in which they spread most, and the distance between two halves of the first set stands beside it.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> found = frechet(random.normal(size=(400, 2)), random.normal(size=(400, 2)) + 3, seed=0)
    >>> round(found.value), found.within < 0.2
    (18, True)
    """
    random = np.random.default_rng(seed)
    count = min(len(one), len(other))
    first, second = (np.asarray(part, dtype=np.float64)[random.permutation(len(part))[:count]] for part in (one, other))
    pooled = np.concatenate([first, second])
    kept = max(1, min(KEPT_DIRECTIONS, count // 8, pooled.shape[1]))
    axes = np.linalg.svd(pooled - pooled.mean(axis=0), full_matrices=False)[2][:kept].T
    half = count // 2
    within = _frechet(first[:half] @ axes, first[half : 2 * half] @ axes)
    return FrechetDistance(_frechet(first @ axes, second @ axes), within)


def _discrepancies(kernel: Floats, first: Floats, size: int, rest: int) -> Floats:
    """Compute the unbiased statistic for each row of marks of the first set, from a kernel with an empty diagonal."""
    with_first = first @ kernel
    inside = np.einsum("ij,ij->i", with_first, first)
    across = with_first.sum(axis=1) - inside
    outside = kernel.sum() - inside - 2 * across
    values: Floats = inside / (size * (size - 1)) + outside / (rest * (rest - 1)) - 2 * across / (size * rest)
    return values


def _frechet(one: Floats, other: Floats) -> float:
    gap = one.mean(axis=0) - other.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(part.T)) for part in (one, other))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return float(gap @ gap + np.trace(first) + np.trace(second) - 2 * shared)
