"""The graph of a head in torch: beside NumPy, and each operation beside ONNX's own reference."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from headstart.errors import EncoderError
from headstart.explain.torch_graph import OPERATORS, torch_scores
from headstart.export.graph_parts import GraphParts
from headstart.features.neighbours import unit_rows
from headstart.heads.head import FEATURES, Node
from headstart.heads.knn import KnnHead
from headstart.heads.linear import LinearHead
from headstart.heads.mlp import MlpHead
from headstart.heads.nearest_centroid import CentroidHead

RANDOM = np.random.default_rng(5)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    "head",
    [
        LinearHead(normal(3, 8), normal(3)),
        CentroidHead(normal(8), unit_rows(normal(3, 8)), normal(3)),
        *(MlpHead(normal(5, 8), normal(5), normal(3, 5), normal(3), kind, 1.0) for kind in ("relu", "tanh")),
        MlpHead(normal(5, 8), normal(5), normal(3, 5), normal(3), "sigmoid", 1.0),
        KnnHead(unit_rows(normal(20, 8)), np.arange(20) % 3, np.array([1, 2, 0.5], dtype=np.float32), 6),
    ],
)
def test_a_head_in_torch_gives_the_scores_of_the_head(head):
    features = normal(7, 8)
    got = torch_scores(head)(torch.from_numpy(features)).numpy()
    np.testing.assert_allclose(got, head.scores(features), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (None, "It has no graph of its operations."),
        (Node("Hardmax", (FEATURES,)), "Its operation Hardmax has no form in torch here."),
    ],
)
def test_a_head_without_a_gradient_says_why(graph, reason):
    class Foreign(LinearHead):
        def graph(self) -> Node | None:
            return graph

    with pytest.raises(EncoderError) as raised:
        torch_scores(Foreign(normal(3, 8), normal(3)))(torch.zeros(1, 8))
    assert str(raised.value) == (
        f"No gradient runs through the head (linear) of this model. {reason} Use --method occlusion."
    )


INPUTS = {
    "Gather": (FEATURES, [2, 0, 1]),
    "Gemm": (FEATURES, np.eye(4), np.ones(4)),
    "MatMul": (FEATURES, np.ones((4, 2))),
    "Squeeze": (Node("Unsqueeze", (FEATURES, [1])), [1]),
    "TopK": (FEATURES, [3]),
    "Unsqueeze": (FEATURES, [1]),
    "Where": (Node("Equal", (FEATURES, 2.0)), 9.0, FEATURES),
    **{name: (FEATURES, 2.0) for name in ("Add", "Div", "Equal", "Mul", "Sub")},
    **{name: (FEATURES, [1]) for name in ("ReduceL2", "ReduceMax", "ReduceSum")},
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operation_in_torch_is_what_onnx_says_it_is(operator):
    class Foreign(LinearHead):
        def graph(self) -> Node:
            return Node(operator, INPUTS.get(operator, (FEATURES,)), outputs=2 if operator == "TopK" else 1)

    head, features = Foreign(normal(1, 1), normal(1)), np.abs(normal(3, 4)) + 1
    parts = GraphParts("test")
    parts.add_graph(head.graph(), "features", output="found")
    given = helper.make_tensor_value_info("features", TensorProto.FLOAT, [3, 4])
    graph = helper.make_graph(
        parts.nodes, "test", [given], [helper.make_empty_tensor_value_info("found")], parts.constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    (expected,) = ReferenceEvaluator(model).run(None, {"features": features})
    got = torch_scores(head)(torch.from_numpy(features)).numpy()
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-5)
