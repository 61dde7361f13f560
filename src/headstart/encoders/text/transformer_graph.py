"""The graph of a transformer, written in ONNX without torch: numbers of tokens and a mask to features.

The features of a text are the unit means of its last two layers, joined. Means are products with the mask, for sums
over one axis depend on how many rows a batch has, in their last bits; where all texts of a batch have the same length,
each gets the same bits as alone. Hidden tokens have no weight: a batch may be filled up, at the price of these bits.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from headstart.encoders.text.blocks import BLOCK, pack_pairs, split_blocks
from headstart.encoders.text.graph_nodes import MICROSOFT, GraphNodes
from headstart.encoders.text.transformer import DISTANCES, PLACES, TYPES, WORDS, Transformer
from headstart.encoders.weight_files import Array

REVISION = 1  # of the graph: raise it when what it computes changes
FARTHEST = 128  # tokens from which on all distances are of one class


def write_transformer(network: Transformer, tensors: Mapping[str, Array], path: Path) -> int:
    """Write the graph of a network and return the length of its features.

    ``tensors`` have BERT's names; those of bytes hold blocks of 4-bit numbers, and stay as they are.
    """
    graph = _TransformerGraph(network, tensors)
    means = [graph.unit_mean(states) for states in graph.last_two()]
    graph.add("Concat", means, "features", axis=1)
    graph.write(path, 2 * network.width)
    return 2 * network.width


def write_token_graph(
    network: Transformer, tensors: Mapping[str, Array], path: Path, head: tuple[Array, Array] | None = None
) -> None:
    """Write the graph from tokens (B, T) to what is known of each: its last two states, joined (B T, 2 W), or scores.

    ``head`` are a weight (K, 2 W) and a bias (K,), for scores (B T, K); tensors as for :func:`write_transformer`.
    """
    graph = _TransformerGraph(network, tensors)
    graph.add("Concat", graph.last_two(), "states", axis=1)
    if head is None:
        graph.write(path, 2 * network.width, "states")
        return
    weight, bias = head
    graph.add("Gemm", ["states", graph.keep("head.weight", weight), graph.keep("head.bias", bias)], "scores", transB=1)
    graph.write(path, len(bias), "scores")


class _TransformerGraph(GraphNodes):
    """A transformer that grows; hidden states are matrices of tokens (B T, W)."""

    def __init__(self, network: Transformer, tensors: Mapping[str, Array]) -> None:
        super().__init__()
        self.network, self.tensors = network, tensors
        head = network.width // network.heads
        sides = self.add("Shape", ["input_ids"], "sides")
        ends = [self.keep("heads", np.array([network.heads, head])), self.keep("width", np.array([network.width]))]
        self.by_heads = self.add("Concat", [sides, ends[0]], "by_heads", axis=0)
        self.by_tokens = self.add("Concat", [sides, ends[1]], "by_tokens", axis=0)
        self.all_tokens = self.keep("all_tokens", np.array([-1, network.width]))
        self.count = self.add("Gather", [sides, self.keep("second", np.array([1]))], "count")
        seen = self.add("Cast", ["attention_mask"], "seen", to=1)
        self.weights = self.add("Unsqueeze", [seen, self.keep("axis_1", np.array([1]))], "weights")
        hidden = self.add("Sub", [self.keep("whole", np.float32(1)), seen], "hidden")
        far = self.add("Mul", [hidden, self.keep("far", np.float32(-1e9))], "hidden_scores")
        self.bias = self.add("Unsqueeze", [far, self.keep("axes_12", np.array([1, 2]))], "bias")
        if network.distances:
            self.bias = self.add("Add", [self.bias, self.distance_scores()], "bias_and_distances")

    def last_two(self) -> list[str]:
        hidden = [self.embed()]
        for number in range(self.network.depth):
            hidden.append(self.layer(hidden[-1], f"encoder.layer.{number}"))
        return hidden[:-3:-1]

    def embed(self) -> str:
        table = self.tensors[PLACES][self.network.first_place :]
        if self.network.types:
            table = table + self.tensors[TYPES][0]  # every token is of the first type
        inputs = [self.keep("places", table), self.keep("axis_0", np.array([0])), self.count, "axis_0"]
        places = self.add("Slice", inputs, "place_vectors")
        words = self.add("Add", [self.words(), places], "embedded")
        flat = self.add("Reshape", [words, self.all_tokens], "tokens")
        return self.normalise(flat, "embeddings.LayerNorm")

    def words(self) -> str:
        table = self.tensors[WORDS]
        if table.dtype != np.uint8:
            return self.add("Gather", [self.keep(WORDS, table), "input_ids"], "words")
        scales, numbers = split_blocks(table)
        found = self.add("Gather", [self.keep(f"{WORDS}.bits", numbers), "input_ids"], "word_bits")
        # Not a shift of bits: OpenVINO would divide, and keep the fraction.
        low, high = (
            self.add("Cast", [self.add("BitwiseAnd", [found, self.keep(f"{half}_bits", bits)], half)], f"{half}s", to=1)
            for half, bits in (("low", np.uint8(15)), ("high", np.uint8(240)))
        )
        small = self.add("Mul", [high, self.keep("sixteenth", np.float32(1 / 16))], "high_small")
        joined = self.add("Concat", [low, small], "word_numbers", axis=-1)
        centred = self.add("Sub", [joined, self.keep("middle", np.float32(8))], "word_centred")
        scale = self.add("Gather", [self.keep(f"{WORDS}.scales", scales), "input_ids"], "word_scales")
        scaled = self.add("Mul", [centred, self.add("Cast", [scale], "word_scale_floats", to=1)], "word_blocks")
        return self.add("Reshape", [scaled, self.by_tokens], "words")

    def layer(self, states: str, name: str) -> str:
        query, key, value = (self.linear(states, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        root = math.sqrt(self.network.width // self.network.heads)
        scaled = self.add("Div", [query, self.keep("root", np.float32(root))], f"{query}.scaled")
        scores = self.add("MatMul", [self.split(scaled, [0, 2, 1, 3]), self.split(key, [0, 2, 3, 1])], f"{name}.scores")
        biased = self.add("Add", [scores, self.bias], f"{name}.biased")
        shares = self.add("Softmax", [biased], f"{name}.shares", axis=-1)
        mixed = self.add("MatMul", [shares, self.split(value, [0, 2, 1, 3])], f"{name}.mixed")
        turned = self.add("Transpose", [mixed], f"{name}.turned", perm=[0, 2, 1, 3])
        flat = self.add("Reshape", [turned, self.all_tokens], f"{name}.flat")
        attended = self.residual(flat, states, f"{name}.attention.output")
        inner = self.linear(attended, f"{name}.intermediate.dense")
        active = self.add("Gelu", [inner], f"{inner}.active", approximate=self.network.activation)
        return self.residual(active, attended, f"{name}.output")

    def residual(self, changed: str, states: str, name: str) -> str:
        added = self.add("Add", [self.linear(changed, f"{name}.dense"), states], f"{name}.added")
        return self.normalise(added, f"{name}.LayerNorm")

    def normalise(self, states: str, name: str) -> str:
        parts = [self.keep(f"{name}.{part}", self.tensors[f"{name}.{part}"]) for part in ("weight", "bias")]
        return self.add("LayerNormalization", [states, *parts], name, epsilon=self.network.epsilon)

    def linear(self, states: str, name: str) -> str:
        weight, bias = self.tensors[f"{name}.weight"], self.keep(f"{name}.bias", self.tensors[f"{name}.bias"])
        if weight.dtype != np.uint8:
            return self.add("Gemm", [states, self.keep(f"{name}.weight", weight), bias], name, transB=1)
        scales, numbers = split_blocks(weight)
        rows, blocks, _ = weight.shape
        kept = [
            self.keep(f"{name}.bits", pack_pairs(numbers)),
            self.keep(f"{name}.scales", scales[:, :, 0].astype(np.float32)),
        ]
        narrow = [one for one in reversed(narrow_names(f"{name}.weight")) if one in self.tensors]
        product = self.add(
            "MatMulNBits",
            [states, *kept, "", "", bias],
            f"{name}.whole" if narrow else name,
            domain=MICROSOFT,
            K=blocks * BLOCK,
            N=rows,
            bits=4,
            block_size=BLOCK,
            accuracy_level=1,  # products in single precision
        )
        for part in narrow:
            states = self.add("MatMul", [states, self.keep(part, self.tensors[part].T)], f"{part}.product")
        return self.add("Add", [product, states], name) if narrow else product

    def split(self, states: str, order: list[int]) -> str:
        """Split the numbers of tokens among the heads: (B, H, T, W / H) in the order of axes that is asked for."""
        shaped = self.add("Reshape", [states, self.by_heads], f"{states}.by_heads")
        return self.add("Transpose", [shaped], f"{states}.turned", perm=order)

    def unit_mean(self, states: str) -> str:
        rows = self.add("Reshape", [states, self.by_tokens], f"{states}.rows")
        summed = self.add("MatMul", [self.weights, rows], f"{states}.summed")
        flat = self.add("Reshape", [summed, self.all_tokens], f"{states}.sum")
        return self.add("LpNormalization", [flat], f"{states}.unit", axis=1, p=2)

    def distance_scores(self) -> str:
        """Return scores for the distance of two tokens, the same in every layer: shape (1, H, T, T)."""
        reach = self.network.positions
        classes = distance_classes(np.arange(1 - reach, reach), self.network.distances)
        table = self.keep("distances", self.tensors[DISTANCES][classes])
        count = self.add("Squeeze", [self.count], "count_alone")
        along = self.add("Range", [self.keep("zero", np.array(0)), count, self.keep("one", np.array(1))], "along")
        down = self.add("Unsqueeze", [along, self.keep("axis_1", np.array([1]))], "down")
        apart = self.add("Sub", [along, down], "apart")
        rows = self.add("Add", [apart, self.keep("reach", np.array(reach - 1))], "distance_rows")
        scores = self.add("Gather", [table, rows], "distance_scores")
        turned = self.add("Transpose", [scores], "distance_scores.turned", perm=[2, 0, 1])
        return self.add("Unsqueeze", [turned, self.keep("axis_0", np.array([0]))], "distance_scores.all")


def narrow_names(name: str) -> tuple[str, str]:
    """Name the two narrow matrices whose product is added to a matrix of blocks.

    Examples
    --------
    >>> narrow_names("dense.weight")
    ('dense.weight.left', 'dense.weight.right')
    """
    return f"{name}.left", f"{name}.right"


def distance_classes(distances: Array, count: int) -> Array:
    """Return the class of each distance, as T5 and MPNet count: half of them for each direction, far ones together.

    Examples
    --------
    >>> distance_classes(np.array([-300, -2, 0, 2, 8, 300]), 32).tolist()
    [15, 2, 0, 18, 24, 31]
    """
    half = count // 2
    exact = half // 2  # distances up to here have a class of their own; behind it classes grow as the logarithm
    far = np.abs(distances)
    grown = np.log(np.maximum(far, 1).astype(np.float32) / np.float32(exact)) / math.log(FARTHEST / exact)
    classes = np.where(far < exact, far, np.minimum(exact + (grown * (half - exact)).astype(np.int64), half - 1))
    return np.where(distances > 0, half, 0) + classes
