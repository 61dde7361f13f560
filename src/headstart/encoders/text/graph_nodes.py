"""A graph that is written node by node."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET, IR = 20, 10
MICROSOFT = "com.microsoft"


class GraphNodes:
    """The nodes and constants of a graph from the numbers of tokens, and which of them count, to features."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def keep(self, name: str, value: Any) -> str:  # noqa: ANN401 - what NumPy takes for an array
        """Add a constant, once under each name, and return its name."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:  # noqa: ANN401 - of ONNX
        """Add a node, and return the name of its output."""
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def write(self, path: Path, dimension: int, output: str = "features") -> None:
        """Write the graph from ``input_ids`` and ``attention_mask`` (B, T) to ``features`` (B, D), or rows (B T, D)."""
        kinds, sides = onnx.TensorProto, ["batch", "tokens"]
        given = [helper.make_tensor_value_info(name, kinds.INT64, sides) for name in ("input_ids", "attention_mask")]
        features = helper.make_tensor_value_info(output, kinds.FLOAT, ["batch", dimension])
        graph = helper.make_graph(self.nodes, "encoder", given, [features], [*self.constants.values()])
        own = {node.domain for node in self.nodes} - {""}
        domains = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(name, 1) for name in sorted(own))]
        model = helper.make_model(graph, opset_imports=domains, ir_version=IR)
        path.write_bytes(model.SerializeToString(deterministic=True))
