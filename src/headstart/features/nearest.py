"""The rows that are nearest to others: exact, by products of blocks, so that memory does not grow with the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.arrays import Integers, Singles

DIGITS = 6  # of a cosine: the last bits of a product depend on what stands beside a row, and would order equal ones

Comparable = Any  # rows of length 1 or 0: an array (N, D), or a scipy.sparse.csr_array (N, V), which has no type stubs


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest rows of each of Q queries, the nearest first: positions and cosines, both (Q, K)."""

    places: Integers
    cosines: Singles


def nearest_rows(blocks: Iterable[tuple[Integers, Comparable]], queries: Comparable, count: int) -> Nearest:
    """Find the ``count`` rows whose cosine with each of Q queries is the largest; of equals the first.

    Parameters
    ----------
    blocks
        Rows (B, D) of length 1, or 0, with the position of each, which rises from block to block.
    queries
        Rows (Q, D) of length 1, or 0.
    count
        How many are wanted; where there are fewer rows, all are given.

    Examples
    --------
    >>> rows = np.array([[0, 1], [1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    >>> blocks = [(np.arange(2), rows[:2]), (np.arange(2, 4), rows[2:])]
    >>> nearest_rows(blocks, rows[:1], 3).places.tolist()
    [[0, 3, 2]]
    """
    asked = queries.shape[0]
    found = Nearest(np.empty((asked, 0), dtype=np.int64), np.empty((asked, 0), dtype=np.float32))
    for places, rows in blocks:
        products = queries @ rows.T
        cosines = getattr(products, "toarray", lambda dense=products: dense)()
        found = _merge(found, places, np.round(cosines.astype(np.float32), DIGITS), count)
    return found


def _merge(found: Nearest, places: Integers, cosines: Singles, count: int) -> Nearest:
    """Take a block in; once there are enough, only queries with a nearer row in it are put in order again."""
    known = found.places.shape[1]
    width = min(count, known + len(places))
    nearer = np.arange(len(cosines))
    if known == width:
        nearer = np.flatnonzero(cosines.max(axis=1, initial=-np.inf) > found.cosines[:, -1])
    more = ((0, 0), (0, width - known))
    merged = Nearest(np.pad(found.places, more), np.pad(found.cosines, more))
    every = np.concatenate([found.cosines[nearer], cosines[nearer]], axis=1)
    which = np.concatenate([found.places[nearer], np.broadcast_to(places, (len(nearer), len(places)))], axis=1)
    order = np.argsort(-every, axis=1, kind="stable")[:, :width]
    merged.places[nearer] = np.take_along_axis(which, order, axis=1)
    merged.cosines[nearer] = np.take_along_axis(every, order, axis=1)
    return merged
