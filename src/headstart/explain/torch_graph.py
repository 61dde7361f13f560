"""The scores of a fitted head computed by torch, so that gradients run through them."""

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import torch

from headstart.errors import EncoderError
from headstart.heads.head import Head, Node, evaluate_graph

Scorer = Callable[[torch.Tensor], torch.Tensor]

# Operations of ONNX in torch: inputs in order, attributes by name, what ONNX leaves out as ONNX has it.
OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": torch.add,
    "Div": torch.div,
    "Equal": torch.eq,
    "Exp": torch.exp,
    "Gather": lambda values, rows: values[rows],
    "Gemm": lambda inputs, weight, bias, transB=0: inputs @ (weight.T if transB else weight) + bias,
    "Log": torch.log,
    "MatMul": torch.matmul,
    "Mul": torch.mul,
    "ReduceL2": lambda values, axes, keepdims=1: torch.linalg.vector_norm(values, 2, axes.tolist(), bool(keepdims)),
    "ReduceMax": lambda values, axes, keepdims=1: values.amax(axes.tolist(), bool(keepdims)),
    "ReduceSum": lambda values, axes, keepdims=1: values.sum(axes.tolist(), bool(keepdims)),
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Squeeze": lambda values, axes: values.squeeze(axes.tolist()),
    "Sub": torch.sub,
    "Tanh": torch.tanh,
    "TopK": lambda values, count, axis=-1: values.topk(int(count), axis),
    "Unsqueeze": lambda values, axes: values.unsqueeze(int(axes)),
    "Where": torch.where,
}


def torch_scores(head: Head) -> Scorer:
    """Return a function from features (N, D) to the scores (N, C) that ``head.scores`` computes.

    Raises
    ------
    EncoderError
        For a head that has no graph, or one with an operation that is not among :data:`OPERATORS`.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart.heads.linear import LinearHead
    >>> head = LinearHead(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))
    >>> torch_scores(head)(torch.tensor([[3.0, 1.0]])).tolist()
    [[3.0, 1.0]]
    """
    graph = head.graph()
    if graph is None:
        raise EncoderError("explain.no_gradient", kind=head.kind)
    constants: dict[int, torch.Tensor] = {}  # the graph keeps its arrays alive, so that none takes another's number

    def constant(values: npt.NDArray[Any]) -> torch.Tensor:
        if id(values) not in constants:
            constants[id(values)] = torch.from_numpy(values.copy())
        return constants[id(values)]

    def apply(node: Node, inputs: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        if node.operator not in OPERATORS:
            raise EncoderError("explain.no_gradient_of", kind=head.kind, operator=node.operator)
        found = OPERATORS[node.operator](*inputs, **node.attributes)
        return (found,) if isinstance(found, torch.Tensor) else tuple(found)

    return lambda features: evaluate_graph(graph, features, constant, apply)
