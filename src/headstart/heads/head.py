"""A fitted head, and the graph of array operations as which it describes its scores to other libraries."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]
Arrays = Mapping[str, npt.NDArray[Any]]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operation on arrays, by the name that ONNX gives it (https://onnx.ai/onnx/operators).

    Attributes
    ----------
    operator
        ``"Gemm"``, ``"Relu"``, ``"TopK"`` ...
    inputs
        :data:`FEATURES`, other nodes (of which the first output is meant), an :class:`Output`, or arrays: those are
        constants, and become float32 where they hold fractions.
    attributes
        As ONNX has them.
    outputs
        How many the operation has.
    """

    operator: str
    inputs: "tuple[Node | Output | npt.ArrayLike, ...]" = ()
    attributes: Mapping[str, int] = field(default_factory=dict)
    outputs: int = 1

    def __post_init__(self) -> None:
        """Bring constants into the one format that all libraries take."""
        object.__setattr__(self, "inputs", tuple(map(_as_input, self.inputs)))


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """A later output of a node: 1 is the second."""

    node: Node
    number: int


def _as_input(given: Any) -> "Node | Output | npt.NDArray[Any]":  # noqa: ANN401 - whatever makes an array
    if isinstance(given, Node | Output):
        return given
    values = np.asarray(given)
    return values.astype(np.float32, copy=False) if np.issubdtype(values.dtype, np.floating) else values


FEATURES = Node("features")  # what every graph begins with, shape (N, D)
TERMS = Node("terms")  # the weights of the terms of documents, shape (N, V), for heads that score them


class Head(Protocol):
    """Fitted: features of shape (N, D) become scores, one per class or number; needs NumPy only.

    A :class:`Decoding` turns them into outputs. Every implementation is a frozen dataclass that inherits
    from this class and has ``kind`` and ``scores``; it has more where the defaults do not hold for it.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    kind: ClassVar[str]  # under which a saved model finds the class again
    needs_terms: ClassVar[bool] = False  # whether it scores the words of documents
    holds_examples: ClassVar[bool] = False  # whether features of single training examples are in its arrays

    @abstractmethod
    def scores(self, features: Matrix) -> npt.NDArray[np.float64]:
        """Compute scores of shape (N, C); those of classes are log-probabilities up to a constant per row."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all arrays that must be kept, for a safetensors file: by default those among the fields."""
        return {name: value for name, value in self._fields().items() if isinstance(value, np.ndarray)}

    def settings(self) -> dict[str, Any]:
        """Return the chosen hyper-parameters in plain values, for people and the manifest: by default other fields."""
        return {name: value for name, value in self._fields().items() if not isinstance(value, np.ndarray)}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        """Create the head again from its arrays and settings; raises KeyError when one is missing."""
        return cls(**{one.name: arrays[one.name] if one.name in arrays else settings[one.name] for one in fields(cls)})

    def _fields(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def graph(self) -> Node | None:
        """Return the scores as operations on :data:`FEATURES`: exports to ONNX and gradients in torch come from it.

        None for a head that cannot be exported, nor explained by gradients through its network.
        """
        return None

    def whole_graph(self) -> Node | None:
        """Return the scores as operations on :data:`FEATURES` and, where the head scores words, on :data:`TERMS`."""
        return self.graph()

    def affine(self, features: npt.NDArray[np.float32], target: int) -> "Affine | None":
        """Return the score of the class ``target`` as an affine function that is exact at these features, shape (D,).

        None for a head that is not affine there; class activation maps are exact for the others.
        """
        return None


class Decoding(Protocol):
    """How scores become outputs, such as probabilities; a frozen dataclass of plain values, for the manifest.

    It is fitted on scores of examples that the head has not seen; without arguments it is the one of no such examples.
    ``output`` is what outputs are called in exported graphs.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    output: ClassVar[str] = "outputs"

    @abstractmethod
    def decode(self, scores: Matrix) -> npt.NDArray[np.float64]:
        """Compute outputs, shape (N, ...), for scores of shape (N, C)."""

    def graph(self, scores: Node) -> Node | None:
        """Return the outputs as operations on scores; None where they cannot be exported."""
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A score as ``weight @ features + bias``; ``weight`` has shape (D,).

    ``is_tangent`` tells whether the weight is also the gradient of the score.
    """

    weight: npt.NDArray[np.float64]
    bias: float
    is_tangent: bool = True


def evaluate_graph(
    graph: Node,
    features: Value,
    constant: Callable[[npt.NDArray[Any]], Value],
    apply: Callable[[Node, list[Value]], tuple[Value, ...]],
    terms: Value | None = None,
) -> Value:
    """Evaluate a graph in terms of another library: its constants by ``constant``, its operations by ``apply``.

    Every operation is applied once, after its inputs. ``terms`` stands for :data:`TERMS`.

    Examples
    --------
    >>> graph = Node("Add", (Node("Mul", (FEATURES, 2)), 1))
    >>> evaluate_graph(graph, "x", str, lambda node, inputs: (f"{node.operator}({', '.join(inputs)})",))
    'Add(Mul(x, 2), 1)'
    """
    outputs: dict[Node, tuple[Value, ...]] = {FEATURES: (features,)}
    if terms is not None:
        outputs[TERMS] = (terms,)

    def value_of(given: Any) -> Value:  # noqa: ANN401 - an input of a node
        if isinstance(given, Output):
            value_of(given.node)
            return outputs[given.node][given.number]
        if not isinstance(given, Node):
            return constant(given)
        if given not in outputs:
            outputs[given] = apply(given, [value_of(one) for one in given.inputs])
        return outputs[given][0]

    return value_of(graph)
