"""Pairs of similar rows of a matrix, by blocked products in bounded memory.

An index of nearest neighbours was measured against it (``benchmarks/near_duplicates.py``): see there for the figures.
"""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Integers, Singles

Rows = Singles

BLOCK = 2048  # rows and columns of a product: 16 MB, which is all the memory it needs
SAMPLE = 128  # rows that tell how many pairs a floor would give
PROJECTED = 128  # numbers that long rows are projected to for a first look
LONG = 256  # rows longer than this get that first look


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of rows: positions (P, 2), the smaller one first, their cosines (P,), and the floor these reach."""

    places: Integers
    cosines: Singles
    floor: float

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.places)


def unit_rows(rows: Rows) -> Rows:
    """Scale rows to length 1; a row of zeros stays as it is.

    Examples
    --------
    >>> unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    scaled = np.zeros(rows.shape, dtype=np.float32)
    for top in range(0, len(rows), BLOCK):  # a length takes squares of all its numbers
        block = rows[top : top + BLOCK]
        lengths = np.linalg.norm(block, axis=1, keepdims=True)
        np.divide(block, lengths, out=scaled[top : top + BLOCK], where=lengths > 0)
    return scaled


def similar_pairs(rows: Rows, floor: float, most: float, others: Rows | None = None) -> Pairs:
    """Find the pairs of rows, shape (N, d) and of length 1, whose cosine is at least ``floor``.

    Where that would be more than about ``most`` pairs a row, the floor is raised: the nearest ones remain, and time and
    memory stay bounded on data whose examples are all alike. With ``others`` (N, d), rows are compared with these
    instead of with each other, as mirrored examples are.

    Examples
    --------
    >>> found = similar_pairs(np.array([[1, 0], [0, 1], [0.8, 0.6], [1, 0]], dtype=np.float32), 0.7, most=4)
    >>> found.places.tolist(), found.cosines.tolist()
    ([[0, 2], [0, 3], [2, 3]], [0.800000011920929, 1.0, 0.800000011920929])
    """
    others = rows if others is None else others
    floor = max(floor, estimate_neighbour_threshold(rows, others, most))
    places, cosines = [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.float32)]
    for top in range(0, len(rows), BLOCK):
        for left in range(top, len(rows), BLOCK):
            product = rows[top : top + BLOCK] @ others[left : left + BLOCK].T
            down, across = np.nonzero(product >= floor)
            keep = down + top < across + left
            down, across = down[keep], across[keep]
            places.append(np.stack([down + top, across + left], axis=1))
            cosines.append(product[down, across])
    return Pairs(np.concatenate(places), np.concatenate(cosines), floor)


def estimate_neighbour_threshold(rows: Rows, others: Rows, most: float) -> float:
    """Find the cosine above which rows have about ``most`` neighbours on average, from a sample of them.

    -1 when there are too few rows to be crowded.
    """
    if len(rows) <= 2 * most + 1:
        return -1.0
    sample = np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(np.int64)
    products = rows[sample] @ others.T
    products[np.arange(len(sample)), sample] = -1.0
    place = min(products.size - 1, int(2 * most * len(sample)))  # every pair is seen from both ends
    return float(-np.partition(-products.ravel(), place)[place])


def similar_features(matrix: Rows, floor: float, most: float, seed: int) -> Pairs:
    """Find the pairs of feature vectors, shape (N, D), whose cosine about the mean of all is at least ``floor``.

    Long vectors are first looked at through a random projection to 128 numbers, which is as good as the full cosine but
    for a standard deviation of (1 - cosine²) / sqrt(128) (Johnson and Lindenstrauss 1984): pairs that come within three
    of these of the floor are looked at in full. So about one pair in a thousand that lies exactly at the floor is
    missed, and practically none that lies well above it; the time is a tenth.
    """
    if len(matrix) < 2:
        return Pairs(np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.float32), floor)
    mean = matrix.mean(axis=0, dtype=np.float64).astype(np.float32)
    if matrix.shape[1] <= LONG:
        return similar_pairs(unit_rows(matrix - mean), floor, most)
    axes = np.random.default_rng(seed).standard_normal((matrix.shape[1], PROJECTED), dtype=np.float32)
    short = np.concatenate([(matrix[top : top + BLOCK] - mean) @ axes for top in range(0, len(matrix), BLOCK)])
    slack = 3 * (1 - floor**2) / PROJECTED**0.5
    near = similar_pairs(unit_rows(short), floor - slack, 4 * most)
    cosines = np.concatenate(
        [np.empty(0, dtype=np.float32)]
        + [_cosines(matrix, mean, near.places[top : top + BLOCK]) for top in range(0, len(near), BLOCK)]
    )
    kept = cosines >= floor
    return Pairs(near.places[kept], cosines[kept], floor)


def _cosines(matrix: Rows, mean: Rows, places: Integers) -> Rows:
    one, other = (unit_rows(matrix[places[:, side]] - mean) for side in (0, 1))
    product: Rows = np.einsum("ij,ij->i", one, other)
    return product


def isolation(matrix: Rows, neighbours: int, most: int, seed: int) -> Rows:
    """Compute how far each feature vector (N, D) lies from its nearest others: mean of 1 - cosine about the mean, (N,).

    Compared is with all others, or with ``most`` of them, drawn with ``seed``: memory and time stay bounded.

    Examples
    --------
    >>> rows = np.array([[1, 0], [1, 0.1], [1, -0.1], [-3, 0]], dtype=np.float32)
    >>> isolation(rows, 1, 100, 0).argmax().item()
    3
    """
    unit = unit_rows(matrix - matrix.mean(axis=0, dtype=np.float64).astype(np.float32))
    others = np.sort(np.random.default_rng(seed).permutation(len(matrix))[:most])
    count = min(neighbours, len(others) - 1)
    if count < 1:
        return np.zeros(len(matrix), dtype=np.float32)
    distances = np.empty(len(matrix), dtype=np.float32)
    for top in range(0, len(matrix), BLOCK):
        products = unit[top : top + BLOCK] @ unit[others].T
        rows, columns = np.nonzero(others[None, :] == np.arange(top, top + len(products))[:, None])
        products[rows, columns] = -2.0  # not its own neighbour
        nearest = np.partition(products, -count, axis=1)[:, -count:]
        distances[top : top + BLOCK] = 1 - nearest.mean(axis=1)
    return distances
