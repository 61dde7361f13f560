"""How much a network computes: the multiplications and additions of its graph, counted from the shapes in it."""

from math import prod
from pathlib import Path
from typing import Any


def graph_operations(graph: Path) -> int:
    """Count the floating-point operations that a graph needs for one input: two for each multiply-and-add.

    Convolutions and matrix products are counted, and nothing else: in the networks that are used here the rest is below
    two per cent. ``graph`` takes a batch (N, 3, H, W).
    """
    import onnx  # only where something is counted: it costs time at start

    model = onnx.load(graph)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.value_info[:]  # what they say holds for a batch of any length
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {one.name: list(one.dims) for one in inferred.initializer}
    for value in (*inferred.value_info, *inferred.input, *inferred.output):
        shapes.setdefault(value.name, [dimension.dim_value for dimension in value.type.tensor_type.shape.dim])
    return sum(_operations(node, shapes) for node in inferred.node)


def _operations(node: Any, shapes: dict[str, list[int]]) -> int:  # noqa: ANN401 - an onnx.NodeProto
    output = shapes.get(node.output[0], [])
    if node.op_type == "Conv":  # weight: (outputs, inputs per group, height, width)
        return 2 * prod(output) * prod(shapes[node.input[1]][1:])
    if node.op_type == "Gemm":
        transposed = any(one.name == "transA" and one.i for one in node.attribute)
        return 2 * prod(output) * shapes[node.input[0]][0 if transposed else -1]
    if node.op_type == "MatMul":
        return 2 * prod(output) * (shapes.get(node.input[0]) or [0])[-1]
    return 0
