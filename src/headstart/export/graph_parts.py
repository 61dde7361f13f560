"""A list of ONNX nodes under construction: each step is named, added, and gives the name of what it computes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.encoders.spec import Encoder, Preprocessing
from headstart.heads.head import Node, evaluate_graph
from headstart.runtime.findings import Finding

FLOAT, UINT8, INT64, DOUBLE = 1, 2, 7, 11  # numbers of onnx.TensorProto


@dataclass(slots=True)
class GraphParts:
    """Nodes and constants, in the order in which they are computed; ``name`` begins every name that is made up.

    Examples
    --------
    >>> parts = GraphParts("sum")
    >>> parts.add("Add", "x", parts.constant(np.float32(1)))
    'sum/Add_2'
    >>> [node.op_type for node in parts.nodes], len(parts.constants)
    (['Add'], 1)
    """

    name: str
    nodes: list[Any] = field(default_factory=list)  # onnx.NodeProto, which has no types for mypy
    constants: list[Any] = field(default_factory=list)  # onnx.TensorProto

    def add(self, kind: str, *inputs: str, attributes: Mapping[str, Any] | None = None, output: str = "") -> str:
        """Add a node with one output; return the output's name, which is made up unless it is given."""
        from onnx import helper  # only where a graph is made: it costs time at start

        name = self._new_name(kind)
        node = helper.make_node(kind, list(inputs), [output or name], name=name, **(attributes or {}))
        self.nodes.append(node)
        return output or name

    def constant(self, values: npt.ArrayLike) -> str:
        """Add a constant tensor; return its name."""
        from onnx import numpy_helper

        name = self._new_name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def whole(self, value: int) -> str:
        """Add a constant of one whole number, shape (1,)."""
        return self.constant(np.array([value], dtype=np.int64))

    def add_graph(self, graph: Node, features: str, output: str) -> None:
        """Add what a head and its decoding compute, which has this graph, under the name ``output``."""
        evaluate_graph(graph, features, self.constant, self._add_node)
        self.nodes[-1].output[0] = output

    def _add_node(self, node: Node, inputs: list[str]) -> tuple[str, ...]:
        first = self.add(node.operator, *inputs, attributes=node.attributes)
        later = [f"{first}/{number}" for number in range(1, node.outputs)]
        self.nodes[-1].output.extend(later)
        return (first, *later)

    def _new_name(self, kind: str) -> str:
        return f"{self.name}/{kind}_{len(self.nodes) + len(self.constants) + 1}"


class RawInput(Protocol):
    """A module that says how a graph takes the examples of one modality as they come, and prepares them inside it."""

    ONE: str  # what one example is called; several have an s behind it; empty where the network's own inputs stay
    TYPE: int  # a number of onnx.TensorProto
    BESIDE: tuple[str, ...]  # files of the encoder without which the graph is of no use
    PRECISIONS: tuple[str, ...]  # that can be made
    USE: str  # how to use the graph for classes without Headstart, for the model card
    SHAPE: tuple[str | int, ...]  # of one example; names stand for lengths that differ

    def obstacle(self, preprocessing: Preprocessing, /) -> Finding | None:
        """Return why examples cannot be prepared inside a graph, or None when they can."""

    def add_preparation(self, parts: GraphParts, given: str, preprocessing: Preprocessing, output: str, /) -> None:
        """Add the way from several examples, called ``given``, to a batch of inputs called ``output``."""

    def take(self, example: Any, encoder: Encoder, /) -> Any:  # noqa: ANN401 - an array, or several in a tuple
        """Turn an opened example into what the graph takes; raises ExampleError where it cannot answer for it."""

    def sample(self) -> npt.NDArray[Any]:
        """Return a raw example whose size is usual, to time files with; rolled along its second axis, it is another."""

    def describe_input(self, batched: bool, /) -> str:
        """Describe for the file what goes in."""
