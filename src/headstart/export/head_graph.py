"""From features to probabilities as ONNX nodes: each kind of head, its temperature, and the softmax."""

from collections.abc import Callable

import numpy as np

from headstart.export.graph_parts import GraphParts
from headstart.heads.head import Head
from headstart.heads.knn import FLOOR, VOTE_TEMPERATURE, KnnHead
from headstart.heads.linear import LinearHead
from headstart.heads.mlp import MlpHead
from headstart.heads.nearest_centroid import SHARPNESS, CentroidHead

ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}


def head_obstacle(head: Head) -> str | None:
    """Say in one sentence why a head cannot be written as a graph, or None when it can."""
    return None if type(head) in _ADD_SCORES else f"Its head ({head.kind}) is of a kind that has no graph."


def add_head(parts: GraphParts, features: str, head: Head, temperature: float, output: str) -> None:
    """Add the way from features (N, D) to probabilities (N, C) called ``output``: softmax(scores / temperature)."""
    scores = _ADD_SCORES[type(head)](parts, features, head)
    cooled = parts.add("Div", scores, parts.constant(np.float32(temperature)))
    parts.add("Softmax", cooled, attributes={"axis": 1}, output=output)


def _linear(parts: GraphParts, features: str, head: LinearHead) -> str:
    return _add_layer(parts, features, head.weight, head.bias)


def _perceptron(parts: GraphParts, features: str, head: MlpHead) -> str:
    hidden = _add_layer(parts, features, head.hidden_weight, head.hidden_bias)
    return _add_layer(parts, parts.add(ACTIVATIONS[head.activation], hidden), head.output_weight, head.output_bias)


def _centroid(parts: GraphParts, features: str, head: CentroidHead) -> str:
    directions = _add_directions(parts, parts.add("Sub", features, parts.constant(head.mean)))
    cosines = parts.add("MatMul", directions, parts.constant(np.ascontiguousarray(head.centroids.T)))
    return parts.add("Add", parts.add("Mul", cosines, parts.constant(np.float32(SHARPNESS))), parts.constant(head.bias))


def _neighbours(parts: GraphParts, features: str, head: KnnHead) -> str:
    """Sum the votes of the nearest examples; a vote is exp(difference of cosines / 0.07), the nearest one's being 1."""
    examples = parts.constant(np.ascontiguousarray(head.examples.T))
    cosines = parts.add("MatMul", _add_directions(parts, features), examples)
    count = parts.whole(min(head.neighbours, len(head.labels)))
    nearest = parts.add("TopK", cosines, count, attributes={"axis": 1})
    rows = f"{nearest}/rows"
    parts.nodes[-1].output.append(rows)
    best = parts.add("ReduceMax", nearest, parts.whole(1), attributes={"keepdims": 1})
    closeness = parts.add("Div", parts.add("Sub", nearest, best), parts.constant(np.float32(VOTE_TEMPERATURE)))
    weights = parts.constant(head.votes[head.labels].astype(np.float32))
    votes = parts.add("Mul", parts.add("Exp", closeness), parts.add("Gather", weights, rows))
    membership = parts.constant(np.eye(len(head.votes), dtype=np.float32)[head.labels])  # (M, C)
    # (N, 1, k) @ (N, k, C): the votes of each picture's neighbours, class by class.
    ones = parts.add("Unsqueeze", votes, parts.whole(1))
    sums = parts.add("Squeeze", parts.add("MatMul", ones, parts.add("Gather", membership, rows)), parts.whole(1))
    total = parts.add("ReduceSum", sums, parts.whole(1), attributes={"keepdims": 1})
    return parts.add("Log", parts.add("Add", parts.add("Div", sums, total), parts.constant(np.float32(FLOOR))))


def _add_layer(parts: GraphParts, inputs: str, weight: np.ndarray, bias: np.ndarray) -> str:
    return parts.add("Gemm", inputs, parts.constant(weight), parts.constant(bias), attributes={"transB": 1})


def _add_directions(parts: GraphParts, vectors: str) -> str:
    """Scale each row to length 1; a row of zeros stays as it is."""
    lengths = parts.add("ReduceL2", vectors, parts.whole(1), attributes={"keepdims": 1})
    nothing = parts.add("Equal", lengths, parts.constant(np.float32(0)))
    divisor = parts.add("Where", nothing, parts.constant(np.float32(1)), lengths)
    return parts.add("Div", vectors, divisor)


_ADD_SCORES: dict[type, Callable[..., str]] = {
    LinearHead: _linear,
    KnnHead: _neighbours,
    CentroidHead: _centroid,
    MlpHead: _perceptron,
}
