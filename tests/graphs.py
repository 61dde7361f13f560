"""A graph that stands for a network: its features are the numbers it is given, as those of the fake encoder are."""

from pathlib import Path

from onnx import TensorProto, helper, save_model


def save_flattening(path: Path, side: int = 4, opset: int = 20) -> Path:
    """Write a graph from (N, 3, side, side) to (N, 3 * side * side) that changes no number."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, side, side])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 3 * side * side])
    node = helper.make_node("Flatten", ["pixels"], ["features"], name="flatten")
    graph = helper.make_graph([node], "network", [pixels], [features])
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
    return path
