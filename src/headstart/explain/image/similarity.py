"""How alike two maps are."""

import numpy as np

from headstart.explain.image.coordinates import Map, enlarge

_SIDE = 64  # maps of few cells are enlarged for the structural similarity, whose window is 11 wide
_DEVIATION, _RADIUS = 1.5, 5  # of the window of Wang et al. 2004
_FIRST, _SECOND = 0.01, 0.03  # their constants


def structural_similarity(one: Map, other: Map) -> float:
    """Structural similarity (Wang et al. 2004) of two maps of one shape, each divided by its largest absolute value.

    Nothing is shifted: the sign of the evidence stays.

    Examples
    --------
    >>> grid = np.arange(9, dtype=np.float32).reshape(3, 3)
    >>> round(structural_similarity(grid, 2 * grid), 6)
    1.0
    """
    first, second = (_unit(enlarge(map_, _SIDE, _SIDE)) for map_ in (one, other))
    mean_one, mean_other = _smooth(first), _smooth(second)
    variance_one = _smooth(first * first) - mean_one**2
    variance_other = _smooth(second * second) - mean_other**2
    covariance = _smooth(first * second) - mean_one * mean_other
    luminance, contrast = (2 * _FIRST) ** 2, (2 * _SECOND) ** 2  # the values reach from -1 to 1
    above = (2 * mean_one * mean_other + luminance) * (2 * covariance + contrast)
    below = (mean_one**2 + mean_other**2 + luminance) * (variance_one + variance_other + contrast)
    inside = (above / below)[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
    return float(inside.mean())


def _unit(map_: Map) -> Map:
    values = map_.astype(np.float64)
    largest = float(np.abs(values).max(initial=0.0))
    return values / largest if largest > 0 else values  # type: ignore[return-value]


def _smooth(map_: Map) -> Map:
    from scipy.ndimage import gaussian_filter  # as above

    smooth: Map = gaussian_filter(map_, _DEVIATION, radius=_RADIUS)
    return smooth
