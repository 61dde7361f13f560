"""Which values of a set are unusual for it, when most of them are not."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

FAR = 3.5  # robust standard deviations (Iglewicz and Hoaglin 1993): about one value in 4,000 of a normal set lies above


def robust_scores(values: Floats) -> npt.NDArray[np.float64]:
    """Say how many robust standard deviations each value (N,) lies above the median.

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
