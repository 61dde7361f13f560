"""Minimisation of a smooth convex function: limited-memory BFGS, in NumPy because importing SciPy's costs 0.4 s."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.heads.head import Array

Objective = Callable[[Array], "tuple[float, Array]"]

MEMORY = 10  # pairs of steps and gradient changes that stand for the Hessian
SUFFICIENT = 1e-4  # Armijo's constant: the part of the promised decrease that a step must give
HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where a minimisation ended; ``converged`` is False when it ran out of iterations."""

    point: Array
    value: float
    iterations: int
    converged: bool


def minimise(objective: Objective, start: Array, curvature: Array, tolerance: float, iterations: int = 1000) -> Minimum:
    """Minimise a convex function by L-BFGS with a diagonal preconditioner (Nocedal and Wright 2006, algorithm 7.4).

    Parameters
    ----------
    objective
        Gives value and gradient at a point.
    start
        Any shape; the gradient has the same.
    curvature
        Positive estimate of the Hessian's diagonal, broadcast to the shape of the point.
    tolerance
        Ends when the promised decrease, half the gradient's squared length in the metric of ``curvature``, falls below
        this part of the value, and below this part of the point's own squared length: roughly the relative distance of
        the value, and the squared relative distance of the point, from the minimum.

    Examples
    --------
    >>> bowl = lambda x: (1 + float(((x - 3) ** 2).sum()), 2 * (x - 3))
    >>> minimise(bowl, np.zeros(2), np.full(2, 2.0), 1e-12).point.tolist()
    [3.0, 3.0]
    """
    point = start
    value, gradient = objective(point)
    pairs: deque[tuple[Array, Array, float]] = deque(maxlen=MEMORY)
    for iteration in range(iterations):
        size = min(abs(value), _dot(point, point * curvature))
        if 0.5 * _dot(gradient, gradient / curvature) <= tolerance * size:
            return Minimum(point, value, iteration, converged=True)
        direction = -_inverse_hessian_times(gradient, curvature, pairs)
        found = _line_search(objective, point, value, gradient, direction)
        if found is None:  # the decrease is below the rounding of the value: nothing more to gain
            return Minimum(point, value, iteration, converged=True)
        step, new_value, new_gradient = found
        change = new_gradient - gradient
        product = _dot(step, change)
        if product > 0:
            pairs.append((step, change, product))
        point, value, gradient = point + step, new_value, new_gradient
    return Minimum(point, value, iterations, converged=False)


def _inverse_hessian_times(gradient: Array, curvature: Array, pairs: "deque[tuple[Array, Array, float]]") -> Array:
    """Two-loop recursion; the start is the preconditioner, scaled by the newest pair."""
    result = gradient.copy()
    factors = []
    for step, change, product in reversed(pairs):
        factor = _dot(step, result) / product
        result -= factor * change
        factors.append(factor)
    result /= curvature
    if pairs:
        _, change, product = pairs[-1]
        result *= product / _dot(change, change / curvature)
    for (step, change, product), factor in zip(pairs, reversed(factors), strict=True):
        result += (factor - _dot(change, result) / product) * step
    return result


def _line_search(
    objective: Objective, point: Array, value: float, gradient: Array, direction: Array
) -> "tuple[Array, float, Array] | None":
    """Shorten the full step until it gives a sufficient decrease; None when no length does."""
    slope = _dot(gradient, direction)
    length = 1.0
    for _ in range(HALVINGS):
        step = length * direction
        new_value, new_gradient = objective(point + step)
        if new_value < value and new_value <= value + SUFFICIENT * length * slope:
            return step, new_value, new_gradient
        # The minimum of the parabola through what is known, kept between a tenth and a half of the length.
        parabola = -slope * length**2 / (2 * (new_value - value - slope * length))
        length = min(max(parabola, 0.1 * length), 0.5 * length)
    return None


def _dot(left: Array, right: Array) -> float:
    return float(np.vdot(left, right))
