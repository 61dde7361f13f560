"""The fitted head of logistic regression, ridge and discriminant analysis: one weight matrix and one bias."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headstart.arrays import Singles
from headstart.heads.head import FEATURES, Affine, Array, Arrays, Head, Matrix, Node

if TYPE_CHECKING:
    from headstart.heads.training_set import TrainingSet

# The score of a class that had no example: never chosen, and still a finite number in every format.
ABSENT = -1e4

# Rows of one product. No tile of a BLAS is narrower, so that every row takes the same way through it; in larger
# products the last bits of a row depend on where it stands, and a single row would go through another routine.
ROWS = 4


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead(Head):
    """Scores ``features @ weight.T + bias``; the standardisation of the features is already inside.

    Attributes
    ----------
    weight, bias
        Shapes (C, D) and (C,), float32: fitted in float64 and rounded at the end, which changes a score by about
        1e-6 of its size.
    chosen
        The hyper-parameters.

    Examples
    --------
    >>> head = LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))
    >>> head.scores(np.array([[3.0, 1.0]])).tolist()
    [[3.0, 1.0]]
    """

    weight: Singles
    bias: Singles
    chosen: Mapping[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "linear"

    def scores(self, features: Matrix) -> Array:
        """Compute scores of shape (N, C)."""
        return (multiply_rows(features.astype(np.float32, copy=False), self.weight) + self.bias).astype(np.float64)

    def settings(self) -> dict[str, Any]:
        """Return the hyper-parameters."""
        return dict(self.chosen)

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        """Create the head again."""
        return cls(arrays["weight"], arrays["bias"], dict(settings))

    def graph(self) -> Node:
        """Return one layer."""
        return linear_layer(FEATURES, self.weight, self.bias)

    def affine(self, features: Singles, target: int) -> Affine:
        """Return the row of a class, which is exact everywhere."""
        return Affine(self.weight[target].astype(np.float64), float(self.bias[target]))


def multiply_rows(rows: Matrix, weight: Matrix) -> Matrix:
    """Compute ``rows @ weight.T``, shape (N, C), with the same bits for a row whatever stands beside it.

    Examples
    --------
    >>> multiply_rows(np.array([[3.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])).tolist()
    [[3.0, 4.0]]
    """
    blocks, rest = divmod(len(rows), ROWS)
    whole, width = blocks * ROWS, rows.shape[1]
    product = np.empty((len(rows), len(weight)), np.result_type(rows, weight))
    stacked = product[:whole].reshape(blocks, ROWS, len(weight))
    np.matmul(rows[:whole].reshape(blocks, ROWS, width), weight.T, out=stacked)
    if rest:
        last = np.zeros((ROWS, width), rows.dtype)
        last[:rest] = rows[whole:]
        product[whole:] = (last @ weight.T)[:rest]
    return product


def linear_layer(inputs: Node, weight: Singles, bias: Singles) -> Node:
    """Return ``inputs @ weight.T + bias`` as an operation."""
    return Node("Gemm", (inputs, weight, bias), {"transB": 1})


def as_linear(head: Head) -> LinearHead | None:
    """Return a head that is one linear layer with its weight and bias, of whatever package it is; None for others.

    Examples
    --------
    >>> as_linear(LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))).bias.tolist()
    [0.0, 0.0]
    """
    graph = head.graph()
    if (
        graph is None
        or (graph.operator, graph.attributes) != ("Gemm", {"transB": 1})
        or graph.inputs[0] is not FEATURES
    ):
        return None
    weight, bias = (np.asarray(one) for one in graph.inputs[1:])
    return LinearHead(weight, bias, head.settings())


def fold_into_head(
    training: "TrainingSet", coefficients: Array, intercepts: Array, chosen: Mapping[str, Any]
) -> LinearHead:
    """Write a linear function of the rotated, standardised features as one of the raw features, exactly.

    With z = V' (x - m) / s, the function B z + b is W x + (b - W m), where W = (B V') / s. It is rounded to float32 at
    the end.

    Parameters
    ----------
    training
        Its standardisation holds m and s, its rotation V.
    coefficients, intercepts
        B and b, of shapes (P, r) and (P,), for the P classes that occur.

    Returns
    -------
    LinearHead
        For all C classes; one without an example has weight 0 and bias :data:`ABSENT`.
    """
    standard = training.standardisation
    weight = np.zeros((training.class_count, len(standard.mean)))
    bias = np.full(training.class_count, ABSENT)
    weight[training.present] = training.rotation.unrotate(coefficients) / standard.scale
    bias[training.present] = intercepts - weight[training.present] @ standard.mean
    return LinearHead(weight.astype(np.float32), bias.astype(np.float32), chosen)
