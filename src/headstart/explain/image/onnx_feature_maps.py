"""The feature maps before the last pooling of an ONNX graph, with ONNX Runtime and nothing else.

A graph is a message in the wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding). Only its
nodes are read here, and the one thing that is written, the name of one more output, is put behind the file: parts of a
message that come twice are merged by every reader. So neither onnx nor torch is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Singles
from headstart.encoders.onnx_engine import OnnxEncoder, open_session

# Numbers of fields in onnx.proto: ModelProto.graph, GraphProto.node and .output, NodeProto.input, .output and .op_type.
_GRAPH, _NODE, _OUTPUT, _NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE = 7, 1, 12, 1, 2, 4
_POOLS = ("GlobalAveragePool", "ReduceMean")
# What may stand between the pooling and the features without changing a value.
_HARMLESS = ("Reshape", "Flatten", "Squeeze", "Identity", "Cast", "QuantizeLinear", "DequantizeLinear")
_FIXED_WIDTHS = {1: 8, 5: 4}


@dataclass(frozen=True, slots=True)
class Maps:
    """What a network sees in one input: ``maps`` (K, h, w), and the ``features`` (D,) it makes of them."""

    maps: Singles
    features: Singles


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def graph_maps(encoder: OnnxEncoder, pixels: Singles) -> Maps | None:
    """Run one input of shape (3, H, W) and keep the maps that are pooled; None when the graph does not end so.

    Tokens of a transformer that are pooled become a map when they fill a square.
    """
    graph = encoder.files.graph
    session = None if graph is None else _session(graph, graph.stat().st_mtime_ns)
    if session is None:
        return None
    features, maps = session.run(None, {session.get_inputs()[0].name: pixels[None]})
    grid = as_grid(maps[0])
    return None if grid is None else Maps(grid, features[0])


def as_grid(values: Singles) -> Singles | None:
    """Reshape maps to (K, h, w): they have it already, or are the tokens (T, K) of a square; None otherwise.

    Examples
    --------
    >>> as_grid(np.zeros((49, 8), dtype=np.float32)).shape, as_grid(np.zeros((50, 8), dtype=np.float32))
    ((8, 7, 7), None)
    """
    if values.ndim == 3:
        return values
    side = round(len(values) ** 0.5)
    if values.ndim != 2 or side * side != len(values):
        return None
    return np.ascontiguousarray(values.reshape(side, side, -1).transpose(2, 0, 1))


def pooled_tensor(graph: bytes) -> str | None:
    """Name the tensor that the last pooling of a graph takes in; None when the features are not a pooled map.

    Examples
    --------
    >>> pooled_tensor(b"") is None
    True
    """
    nodes = list(_nodes(graph))
    maker = {name: node for node in nodes for name in node.outputs}
    node = nodes[-1] if nodes else None
    while node is not None and node.kind in _HARMLESS:
        node = maker.get(node.inputs[0])
    return node.inputs[0] if node is not None and node.kind in _POOLS else None


def with_output(graph: bytes, name: str) -> bytes:
    r"""Add an output to a graph: a tensor it already computes.

    Examples
    --------
    >>> with_output(b"", "map")
    b':\x07b\x05\n\x03map'
    """
    return graph + _message(_GRAPH, _message(_OUTPUT, _message(1, name.encode())))


@lru_cache(maxsize=4)  # a server explains many pictures with the same few models
def _session(graph: Path, _changed: int) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession, or None
    content = graph.read_bytes()
    pooled = pooled_tensor(content)
    return None if pooled is None else open_session(with_output(content, pooled), threads=1)


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _nodes(graph: bytes) -> Iterator[_Node]:
    for part, _ in _fields(memoryview(graph), {_GRAPH}):
        for content, _ in _fields(part, {_NODE}):
            kind, inputs, outputs = "", list[str](), list[str]()
            for value, number in _fields(content, {_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE}):
                text = bytes(value).decode()
                if number == _NODE_TYPE:
                    kind = text
                else:
                    (inputs if number == _NODE_INPUT else outputs).append(text)
            yield _Node(kind, inputs, outputs)


def _fields(message: memoryview, wanted: set[int]) -> Iterator[tuple[memoryview, int]]:
    """Iterate over a message, and yield the contents and numbers of the wanted fields that have a length."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 2:
            length, at = _read_varint(message, at)
            if number in wanted:
                yield message[at : at + length], number
            at += length
        elif wire == 0:
            _, at = _read_varint(message, at)
        else:
            at += _FIXED_WIDTHS[wire]


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
