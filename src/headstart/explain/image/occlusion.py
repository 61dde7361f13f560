"""Occlusion: hide one square after the other, and see how the score falls."""

from itertools import product

import numpy as np
import numpy.typing as npt

from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.coordinates import sum_squares
from headstart.explain.values import Attribution

AT_ONCE = 10  # inputs in one run
WINDOWS = 8  # how many squares that hide something go along a side; they overlap by half


def occlusion(subject: ExplainedModel, pixels: npt.NDArray[np.float32], target: int) -> Attribution:
    """Hide squares of an input (3, H, W) behind the mean colour; a place has the mean fall of the score (N = H x W).

    It asks nothing of the encoder but features, so it works with every engine and every head (Zeiler and Fergus 2014).
    """
    height, width = (max(2, -(-side // WINDOWS)) for side in pixels.shape[1:])
    corners = product(*(_starts(side, size) for side, size in zip(pixels.shape[1:], (height, width), strict=True)))
    hidden = [(slice(top, top + height), slice(left, left + width)) for top, left in corners]
    score = _scores(subject, pixels[None], target)[0]
    falls, times = np.zeros(pixels.shape[1:]), np.zeros(pixels.shape[1:])
    for first in range(0, len(hidden), AT_ONCE):
        squares = hidden[first : first + AT_ONCE]
        inputs = np.repeat(pixels[None], len(squares), axis=0)
        for one, square in zip(inputs, squares, strict=True):
            one[:, *square] = 0  # zero is the mean: the input is normalised
        for square, found in zip(squares, _scores(subject, inputs, target), strict=True):
            falls[square] += score - found
            times[square] += 1
    heat = (falls / times).astype(np.float32)
    return Attribution(
        "occlusion", sum_squares(heat), False, f"squares of {width} x {height} pixels behind the mean colour"
    )


def _scores(subject: ExplainedModel, inputs: npt.NDArray[np.float32], target: int) -> npt.NDArray[np.float64]:
    return subject.head.scores(subject.encoder.encode(inputs))[:, target]


def _starts(side: int, window: int) -> range:
    """Begin a window every half of it, until one reaches the end; the last may stand over.

    Examples
    --------
    >>> list(_starts(10, 4))
    [0, 2, 4, 6]
    """
    step = window // 2
    return range(0, max(0, side - window + step - 1) // step * step + 1, step)
