"""Scores become probabilities, and how much they cost: softmax and log-loss, safe for scores of any size."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from headstart.heads.head import Array, Decoding, Labels, Node

Scores = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Softmax(Decoding):
    """Probabilities of classes: ``softmax(scores / temperature)``."""

    output: ClassVar[str] = "probabilities"
    temperature: float = 1.0

    def decode(self, scores: Scores) -> Array:
        """Compute probabilities of shape (N, C)."""
        return softmax(scores, self.temperature)

    def graph(self, scores: Node) -> Node:
        """Return the same as operations."""
        return Node("Softmax", (Node("Div", (scores, self.temperature)),), {"axis": 1})


def as_softmax(decoding: Decoding) -> Softmax:
    """Return the decoding of classes as such, for what is about classes alone."""
    assert isinstance(decoding, Softmax)
    return decoding


def log_softmax(scores: Scores, temperature: float = 1.0) -> Array:
    """Compute the logarithms of the probabilities, shape (N, C).

    Examples
    --------
    >>> log_softmax(np.array([[0.0, 0.0]])).round(3).tolist()
    [[-0.693, -0.693]]
    """
    shifted = (scores.astype(np.float64) - scores.max(axis=1, keepdims=True)) / temperature
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def softmax(scores: Scores, temperature: float = 1.0) -> Array:
    """Compute probabilities ``exp(scores / temperature)``, normalised per row; shape (N, C).

    Examples
    --------
    >>> softmax(np.array([[1000.0, 0.0], [0.0, 0.0]])).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    exponentials = np.exp((scores.astype(np.float64) - scores.max(axis=1, keepdims=True)) / temperature)
    result: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def log_losses(scores: Scores, labels: Labels, temperature: float = 1.0) -> Array:
    """Compute minus the logarithm of the true class's probability, in nats, shape (N,).

    Examples
    --------
    >>> log_losses(np.zeros((2, 4)), np.array([0, 3])).round(3).tolist()
    [1.386, 1.386]
    """
    losses: Array = -log_softmax(scores, temperature)[np.arange(len(labels)), labels]
    return losses
