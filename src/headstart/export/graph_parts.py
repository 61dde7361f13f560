"""A list of ONNX nodes under construction: each step is named, added, and gives the name of what it computes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.encoders.spec import Encoder, EncoderFiles, Preprocessing
from headstart.heads.head import Node, evaluate_graph
from headstart.runtime.findings import Finding
from headstart.saving.values import SavedModel

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

    def add_graph(self, graph: Node, features: str, output: str, terms: str | None = None) -> None:
        """Add what a head and its decoding compute, which has this graph, under the name ``output``."""
        evaluate_graph(graph, features, self.constant, self._add_node, terms)
        self.nodes[-1].output[0] = output

    def _add_node(self, node: Node, inputs: list[str]) -> tuple[str, ...]:
        first = self.add(node.operator, *inputs, attributes=node.attributes)
        later = [f"{first}/{number}" for number in range(1, node.outputs)]
        self.nodes[-1].output.extend(later)
        return (first, *later)

    def _new_name(self, kind: str) -> str:
        return f"{self.name}/{kind}_{len(self.nodes) + len(self.constants) + 1}"


@dataclass(frozen=True, slots=True)
class Joined:
    """Names of features and, where a head scores them, of weights of terms, a row an example.

    ``inputs`` are those of the graph beside its network's: name, type and shape.
    """

    features: str
    terms: str | None
    inputs: Sequence[tuple[str, int, tuple[str | int, ...]]]


class RawInput(Protocol):
    """A module that says how a graph takes the examples of one modality as they come, and prepares them inside it.

    Where ``ONE`` is empty it has a function :meth:`join` instead of the preparation.
    """

    ONE: str  # what one example is called; several have an s behind it; empty where the network's own inputs stay
    TYPE: int  # a number of onnx.TensorProto
    PRECISIONS: tuple[str, ...]  # that can be made
    SAMPLE: Finding  # what one of the samples is
    USE: str  # how to use the graph for classes without Headstart, for the model card
    SHAPE: tuple[str | int, ...]  # of one example; names stand for lengths that differ

    def obstacle(self, preprocessing: Preprocessing, /) -> Finding | None:
        """Return why examples cannot be prepared inside a graph, or None when they can."""

    def add_preparation(self, parts: GraphParts, given: str, preprocessing: Preprocessing, output: str, /) -> None:
        """Add the way from several examples, called ``given``, to a batch of inputs called ``output``."""

    def join(self, parts: GraphParts, features: str, model: SavedModel, files: EncoderFiles, /) -> Joined:
        """Add the way from what the network gives to one row of features for each example."""

    def beside(self, model: SavedModel, files: EncoderFiles, /) -> dict[str, bytes]:
        """Return the files without which the graph is of no use, by name."""

    def take(self, example: Any, encoder: Encoder, /) -> Any:  # noqa: ANN401 - an array, or several by name
        """Turn an opened example into what the graph takes; raises ExampleError where it cannot answer for it."""

    def take_several(self, examples: Sequence[Any], encoder: Encoder, /) -> Any:  # noqa: ANN401 - as of one
        """Turn several raw examples into what the graph for several takes."""

    def samples(self, count: int) -> list[Any]:
        """Return different raw examples whose size is usual, to time files with."""

    def describe_input(self, batched: bool, /) -> str:
        """Describe for the file what goes in."""
