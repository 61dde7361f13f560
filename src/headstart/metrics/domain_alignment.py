"""How alike two representations of the same things are: centred kernel alignment, without its bias."""

import math

import numpy as np
import numpy.typing as npt

from headstart.arrays import Floats
from headstart.metrics.values import Score

Matrix = npt.NDArray[np.floating]

FEWEST = 4  # things: the unbiased estimate divides by their number less three
PARTS = 10  # of the jackknife


def centred_kernel_alignment(one: Matrix, other: Matrix) -> float:
    """Compute the debiased linear CKA of matrices with the same rows, shapes (N, D) and (N, E); 1 for equal geometry.

    HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) for K = X X', L = Y Y' (Kornblith et al. 2019), each HSIC by the unbiased
    estimate of Song et al. (2012), which is about 0 for representations that have nothing in common, also with fewer
    rows than columns, where the usual estimate goes to 1. It does not change when a matrix is rotated, shifted or
    scaled. NaN when a matrix has no variance to speak of. N is at least 4; memory grows with its square.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> features = random.normal(size=(50, 200))
    >>> turned = features @ np.linalg.qr(random.normal(size=(200, 200)))[0]
    >>> round(centred_kernel_alignment(features, 3 * turned + 1), 6)
    1.0
    >>> abs(centred_kernel_alignment(features, random.normal(size=(50, 300)))) < 0.2
    True
    """
    kernels = [_kernel(matrix) for matrix in (one, other)]
    both = _hsic(kernels[0], kernels[1])
    own = [_hsic(kernel, kernel) for kernel in kernels]
    return both / math.sqrt(own[0] * own[1]) if min(own) > 0 else math.nan


def alignment_score(one: Matrix, other: Matrix, seed: int) -> Score:
    """Estimate the alignment with an interval by the jackknife over ten parts of the rows.

    A bootstrap would draw rows twice, and a row is perfectly aligned with itself.

    Examples
    --------
    >>> features = np.random.default_rng(0).normal(size=(60, 8))
    >>> print(alignment_score(features, features, seed=0))
    1.000 [1.000, 1.000]
    """
    value = centred_kernel_alignment(one, other)
    parts = min(PARTS, len(one) // (FEWEST + 1))
    if parts < 2:
        return Score(value, math.nan, math.nan, "jackknife")
    part_of = np.random.default_rng(seed).permutation(len(one)) % parts
    values = [centred_kernel_alignment(one[part_of != part], other[part_of != part]) for part in range(parts)]
    margin = 1.96 * math.sqrt((parts - 1) * float(np.var(values)))
    return Score(value, max(-1.0, value - margin), min(1.0, value + margin), "jackknife")


def _kernel(matrix: Matrix) -> Floats:
    wide = np.asarray(matrix, dtype=np.float64)
    wide = wide - wide.mean(axis=0)  # changes nothing but rounding: the estimate centres by itself
    kernel: Floats = wide @ wide.T
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _hsic(one: Floats, other: Floats) -> float:
    """Estimate HSIC without bias from kernels with an empty diagonal (Song et al. 2012, equation 5)."""
    count = len(one)
    first, second = one.sum(axis=0), other.sum(axis=0)
    whole = float(np.sum(one * other))
    means = float(first.sum() * second.sum()) / ((count - 1) * (count - 2))
    cross = 2 * float(first @ second) / (count - 2)
    return (whole + means - cross) / (count * (count - 3))
