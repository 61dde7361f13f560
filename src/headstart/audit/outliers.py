"""Which examples of a set are unusual for it, when most of them are not."""

import numpy as np
import numpy.typing as npt

from headstart.features.neighbours import isolation

Floats = npt.NDArray[np.floating]

NEIGHBOURS, REFERENCES = 10, 5000  # of the distance that makes an outlier
FAR = 3.5  # robust standard deviations (Iglewicz and Hoaglin 1993): about one value in 4,000 of a normal set lies above


def robust_scores(values: Floats) -> npt.NDArray[np.float64]:
    """Compute how many robust standard deviations each value (N,) lies above the median.

    The deviation is 1.4826 times the median distance to the median, which is the standard deviation of a normal set and
    does not see the few values that are looked for. Zeros when more than half of the values are equal; NaN stays NaN.

    Examples
    --------
    >>> robust_scores(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).round(2).tolist()
    [-1.35, -0.67, 0.0, 0.67, 65.43]
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), np.nan)
    middle = np.median(known)
    deviation = 1.4826 * np.median(np.abs(known - middle))
    if deviation == 0:
        return np.where(np.isfinite(values), 0.0, np.nan)
    return np.asarray((values - middle) / deviation, dtype=np.float64)


def find_outliers(
    features: npt.NDArray[np.float32], seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find examples unlike all others: far from their nearest neighbours, by features (N, D); NaN where not read.

    Returns their positions, the farthest first, and the distance of every example, (N,); NaN where unknown.
    """
    known = np.flatnonzero(np.isfinite(features).all(axis=1))
    distances = np.full(len(features), np.nan)
    if len(known) > NEIGHBOURS:
        distances[known] = isolation(features[known], NEIGHBOURS, REFERENCES, seed)
    far = np.flatnonzero(robust_scores(distances) > FAR)
    return far[np.argsort(-distances[far], kind="stable")], distances
