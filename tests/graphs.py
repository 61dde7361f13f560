"""Graphs that stand for networks: one that changes no number, as the fake encoder does, and one with convolutions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

from fakes import FAKE_SPEC
from headstart.encoders.preprocess.image import ImagePreprocessing

CONVOLUTIONS_SPEC = replace(
    FAKE_SPEC,
    name="convolutions",
    dimension=24,
    preprocessing=ImagePreprocessing(16, 16, "bicubic", 0.875, "center", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    engine="onnxruntime",
)


def save_flattening(path: Path, side: int = 4, opset: int = 20) -> Path:
    """Write a graph from (N, 3, side, side) to (N, 3 * side * side) that changes no number."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, side, side])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 3 * side * side])
    node = helper.make_node("Flatten", ["pixels"], ["features"], name="flatten")
    graph = helper.make_graph([node], "network", [pixels], [features])
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
    return path


def save_convolutions(path: Path, side: int = 16, dimension: int = 24) -> Path:
    """Write a small network with weights drawn from a seed: two convolutions and the mean of their maps."""
    random = np.random.default_rng(0)
    weights = {
        "first": random.normal(0, 0.4, (12, 3, 3, 3)),
        "first_bias": random.normal(0, 0.1, 12),
        "second": random.normal(0, 0.15, (dimension, 12, 3, 3)),
        "second_bias": random.normal(0, 0.1, dimension),
    }
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, side, side])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", dimension])
    nodes = [
        helper.make_node("Conv", ["pixels", "first", "first_bias"], ["a"], name="conv1", strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"], name="relu1"),
        helper.make_node("Conv", ["b", "second", "second_bias"], ["c"], name="conv2", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["d"], name="relu2"),
        helper.make_node("GlobalAveragePool", ["d"], ["e"], name="pool"),
        helper.make_node("Flatten", ["e"], ["features"], name="flatten"),
    ]
    constants = [numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "network", [pixels], [features], constants)
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path
