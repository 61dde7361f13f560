"""Weights without their meaning: what an explanation that depends on what was learnt has to change with."""

import numpy as np

from headstart.arrays import Singles
from headstart.heads.family import load_head
from headstart.heads.head import Head

DRAWS = 10  # shuffled heads; cheap where the evidence comes from stored features
DEPENDENT = 0.5  # a rank correlation below it says that the evidence has changed


def rank_correlation(one: Singles, other: Singles) -> float:
    """Correlate the ranks of the places (Spearman); 0 when one is the same everywhere.

    Examples
    --------
    >>> round(rank_correlation(np.array([[1.0, 2.0, 9.0]]), np.array([[1.0, 4.0, 5.0]])), 6)
    1.0
    """
    from scipy.stats import rankdata  # only where it is needed: predicting loads this module too

    ranks = [rankdata(map_.ravel()) for map_ in (one, other)]
    centred = [rank - rank.mean() for rank in ranks]
    length = float(np.sqrt((centred[0] @ centred[0]) * (centred[1] @ centred[1])))
    return float(centred[0] @ centred[1]) / length if length > 0 else 0.0


def shuffled_head(head: Head, generator: np.random.Generator) -> Head:
    """Shuffle the numbers in each row of each array of a head; labels and biases are shuffled whole.

    Examples
    --------
    >>> from headstart.heads.linear import LinearHead
    >>> head = LinearHead(np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(2, dtype=np.float32))
    >>> sorted(shuffled_head(head, np.random.default_rng(0)).arrays()["weight"][1].tolist())
    [3.0, 4.0, 5.0]
    """
    arrays = {
        name: generator.permuted(array, axis=-1) if array.ndim else array for name, array in head.arrays().items()
    }
    return load_head(head.kind, arrays, head.settings())
