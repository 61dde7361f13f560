"""Temperature scaling: one number that makes scores into honest probabilities (Guo et al. 2017)."""

import math

import numpy as np

from headstart.heads.head import Array, Labels
from headstart.heads.probabilities import Scores

STEPS = 60
PRECISION = 1e-6  # of the logarithm of the temperature
LARGEST_LOG = math.log(1e6)  # the temperature stays within a million times the spread of the scores, either way


def fit_temperature(
    scores: Scores, labels: Labels, weights: Array | None = None, smoothing: float | None = None
) -> float:
    """Fit the temperature with the smallest log-loss of ``softmax(scores / temperature)``.

    Parameters
    ----------
    scores, labels, weights
        Shapes (N, C), (N,) and (N,); scores of examples that the head has not been fitted on.
    smoothing
        Part of each example that counts for its strongest wrong class. The default 1 / (N + 2) says, like Platt's
        targets (1999) and the rule of succession, that N examples without an error do not prove that there is none:
        without it, scores that separate the classes would get temperature 0 and probabilities of exactly 1.

    Returns
    -------
    float
        Positive; 1.0 when the scores of every row are all equal.

    Notes
    -----
    The loss is convex in b = 1 / temperature. Its slope is mean(E_p[s]) - mean(target score), its curvature
    mean(Var_p[s]). Newton's steps are taken in log b, inside a bracket that halves when a step would leave it.

    Examples
    --------
    >>> logits = np.log(np.array([[0.8, 0.2]] * 5))
    >>> right_four_times_of_five = np.array([0, 0, 0, 0, 1])
    >>> round(fit_temperature(3 * logits, right_four_times_of_five, smoothing=0.0), 4)
    3.0
    """
    if smoothing is None:
        smoothing = 1 / (len(labels) + 2)
    shifted = scores.astype(np.float64) - scores.max(axis=1, keepdims=True)
    mass = np.full(len(labels), 1 / len(labels)) if weights is None else weights / weights.sum()
    gap = -float(mass @ _target_scores(shifted, labels, smoothing))
    spread = float(mass @ -np.median(shifted, axis=1)) or float(mass @ -shifted.min(axis=1))
    if spread == 0:
        return 1.0
    low, high = -LARGEST_LOG - math.log(spread), LARGEST_LOG - math.log(spread)
    position = -math.log(spread)
    for _ in range(STEPS):
        slope, curvature = _derivatives(shifted, mass, gap, math.exp(position))
        low, high = (position, high) if slope < 0 else (low, position)
        newton = position - slope / curvature if curvature > 0 else math.inf
        following = newton if low < newton < high else (low + high) / 2
        if abs(following - position) < PRECISION:
            break
        position = following
    return math.exp(-following)


def _target_scores(shifted: Array, labels: Labels, smoothing: float) -> Array:
    rows = np.arange(len(labels))
    true: Array = shifted[rows, labels]
    if smoothing == 0 or shifted.shape[1] < 2:
        return true
    others = shifted.copy()
    others[rows, labels] = -np.inf
    mixed: Array = (1 - smoothing) * true + smoothing * others.max(axis=1)
    return mixed


def _derivatives(shifted: Array, mass: Array, gap: float, inverse: float) -> tuple[float, float]:
    """Compute first and second derivative of the loss with respect to log b."""
    probabilities = np.exp(inverse * shifted)
    probabilities *= (1 / probabilities.sum(axis=1))[:, None]
    means = np.einsum("nc,nc->n", probabilities, shifted)
    squares = np.einsum("nc,nc,nc->n", probabilities, shifted, shifted)
    first = float(mass @ means) + gap
    second = float(mass @ (squares - means**2))
    return inverse * first, inverse**2 * second + inverse * first
