"""Documents for a graph: the network's own inputs stay, for a document is taken apart into tokens outside of it.

The graph takes the pieces of documents, one a row, and says itself which document each belongs to: behind the network
it takes the mean of the pieces by their lengths. Where the head scores words, too, it takes the numbers of the terms
of each document, as often as they occur, and weighs them.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.arrays import Integers
from headstart.data.readers.text import Document
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.encoders.simple.text import read_terms
from headstart.encoders.spec import EncoderFiles
from headstart.encoders.text.tokenizer import FILE
from headstart.errors import ExampleError
from headstart.export.graph_parts import FLOAT, INT64, GraphParts, Joined
from headstart.runtime.findings import Finding
from headstart.saving.values import SavedModel

ONE, TYPE, SHAPE = "", INT64, ("tokens",)
PRECISIONS, SAMPLE = ("fp32", "fp16"), Finding("studies.sample_text")
ABOUT = "model.json"  # what whoever asks a graph has to know, as a library in a browser reads no metadata
MOST_PIECES = 64  # of a document of the proof: all pieces go through the graph at once
USE = """\
`headstart export path/to/this/folder --out exported` writes `model.onnx`, `model.json` and `tokenizer.json`, and proves
that they answer as this model does. Then, without Headstart, with ONNX Runtime and tokenizers alone:

```python
import json
import re
from itertools import pairwise

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

session = onnxruntime.InferenceSession("exported/model.onnx", providers=["CPUExecutionProvider"])
tokenizer = Tokenizer.from_file("exported/tokenizer.json")
with open("exported/model.json", encoding="utf-8") as file:
    about = json.load(file)
how, words = about["preprocessing"], about["terms"]
text = re.sub("[\\0\\ud800-\\udfff]", "\\ufffd", "Is the service good?")

tokens = tokenizer.encode(how["prefix"] + text, add_special_tokens=False).ids
starts = range(0, max(len(tokens), 1), how["piece"])
pieces = [[*how["before"], *tokens[start : start + how["piece"]], *how["after"]] for start in starts]
longest = max(map(len, pieces))
given = {
    "input_ids": [piece + [0] * (longest - len(piece)) for piece in pieces],
    "attention_mask": [[1] * len(piece) + [0] * (longest - len(piece)) for piece in pieces],
    "document": [[0]] * len(pieces),
}
if words:  # the head scores words, too
    small = text.lower()
    found = re.findall(r"\\w+|[!?]", small)
    found += [f"{one} {two}" for one, two in pairwise(found)]
    if words["by_characters"]:
        line = " ".join(small.split())
        found = [line[start : start + length] for length in (1, 2, 3) for start in range(len(line) - length + 1)]
    places = {term: place for place, term in enumerate(words["vocabulary"])}
    given["terms"] = [[places[term] for term in found if term in places]]
asked = {one.name: np.array(given[one.name], dtype=np.int64) for one in session.get_inputs()}
(probabilities,) = session.run(None, asked)
print(max(zip(probabilities[0].tolist(), about["classes"])))
```
"""


def obstacle(preprocessing: TextPreprocessing) -> Finding | None:
    """Return None: tokens are what a network takes."""
    return None


def add_preparation(parts: GraphParts, given: str, preprocessing: TextPreprocessing, output: str) -> None:
    """Add nothing: the inputs of the network stay."""


def join(parts: GraphParts, features: str, model: SavedModel, files: EncoderFiles) -> Joined:
    """Add the way from features of pieces to those of documents, and from the numbers of terms to their weights."""
    preprocessing = model.spec.preprocessing
    assert isinstance(preprocessing, TextPreprocessing), "a network of text reads tokens"
    joined = _join_pieces(parts, features, preprocessing)
    inputs = [("document", INT64, ("pieces", 1))]
    if not model.head.needs_terms:
        return Joined(joined, None, inputs)
    weights = _weigh_terms(parts, np.array(read_terms(files).rarity, dtype=np.float32))
    return Joined(joined, weights, [*inputs, ("terms", INT64, ("count", "found"))])


def _join_pieces(parts: GraphParts, features: str, preprocessing: TextPreprocessing) -> str:
    frame = parts.whole(len(preprocessing.before) + len(preprocessing.after))
    lengths = parts.add("ReduceSum", "attention_mask", parts.whole(1), attributes={"keepdims": 1})
    counted = parts.add("Max", parts.add("Sub", lengths, frame), parts.whole(1))
    zero, one = (parts.constant(np.int64(number)) for number in (0, 1))
    last = parts.add("ReduceMax", "document", attributes={"keepdims": 0})
    numbers = parts.add("Range", zero, parts.add("Add", last, one), one)
    belongs = parts.add("Cast", parts.add("Equal", "document", numbers), attributes={"to": FLOAT})
    shares = parts.add("Mul", belongs, parts.add("Cast", counted, attributes={"to": FLOAT}))
    summed = parts.add("MatMul", parts.add("Transpose", shares, attributes={"perm": [1, 0]}), features)
    width = parts.add("Shape", features, attributes={"start": 1})
    layers = parts.add("Div", width, parts.whole(preprocessing.layers))
    split = parts.add("Reshape", summed, parts.add("Concat", parts.whole(-1), layers, attributes={"axis": 0}))
    unit = parts.add("LpNormalization", split, attributes={"axis": 1, "p": 2})
    return parts.add("Reshape", unit, parts.add("Concat", parts.whole(-1), width, attributes={"axis": 0}))


def _weigh_terms(parts: GraphParts, rarity: Any) -> str:  # noqa: ANN401 - an array (V,)
    """Add the weights (N, V) of terms; -1 among their numbers fills a row up, and is counted in a column that goes."""
    count = parts.add("Shape", "terms", attributes={"end": 1})
    sides = parts.add("Concat", count, parts.whole(len(rarity) + 1), attributes={"axis": 0})
    empty = parts.add("Expand", parts.constant(np.zeros(1, np.float32)), sides)
    ones = parts.add("Expand", parts.constant(np.ones(1, np.float32)), parts.add("Shape", "terms"))
    counted = parts.add("ScatterElements", empty, "terms", ones, attributes={"axis": 1, "reduction": "add"})
    counts = parts.add("Slice", counted, parts.whole(0), parts.whole(len(rarity)), parts.whole(1))
    once = parts.add("Max", counts, parts.constant(np.float32(1)))
    logarithm = parts.add("Add", parts.add("Log", once), parts.constant(np.float32(1)))
    occurs = parts.add("Min", counts, parts.constant(np.float32(1)))
    weights = parts.add("Mul", parts.add("Mul", logarithm, occurs), parts.constant(rarity))
    return parts.add("LpNormalization", weights, attributes={"axis": 1, "p": 2})


def beside(model: SavedModel, files: EncoderFiles) -> dict[str, bytes]:
    """Return the files without which the graph is of no use: the tokenizer, and what whoever asks has to know."""
    terms = None
    if model.head.needs_terms:
        found = read_terms(files)
        terms = {"by_characters": found.by_characters, "vocabulary": list(found.vocabulary)}
    preprocessing = model.spec.preprocessing.to_json()
    about = {"classes": list(model.target.names), "preprocessing": preprocessing, "terms": terms}
    return {FILE: files.read(FILE), ABOUT: json.dumps(about, ensure_ascii=False).encode()}


def take(document: str, encoder: Any) -> dict[str, Integers]:  # noqa: ANN401 - an Encoder
    """Return what the graph takes of one document; raises ExampleError as :func:`take_several`."""
    return take_several([Document(document)], encoder)


def take_several(raw: Sequence[Document], encoder: Any) -> dict[str, Integers]:  # noqa: ANN401 - an Encoder
    """Return what the graph takes of documents, by the names of its inputs.

    Raises
    ------
    ExampleError
        When one has so many pieces that they do not go through the graph at once.
    """
    documents = [document.text for document in raw]
    preprocessing = encoder.spec.preprocessing
    cut = [preprocessing.pieces(encoder.preprocess(document)) for document in documents]
    most = max(map(len, cut))
    if most > MOST_PIECES:
        raise ExampleError("export.several_pieces", limit=MOST_PIECES * preprocessing.piece)
    pieces = [piece for own in cut for piece in own]
    numbers = [[number] for number, own in enumerate(cut) for _ in own]
    given = {"input_ids": _fill(pieces, 0), "attention_mask": _fill([np.ones_like(piece) for piece in pieces], 0)}
    if terms := getattr(encoder, "terms", None):
        given["terms"] = _fill([np.array([*terms.places_in(document)], np.int64) for document in documents], -1)
    return {**given, "document": np.array(numbers)}


def _fill(rows: Sequence[Integers], filler: int) -> Integers:
    longest = max(map(len, rows))
    return np.stack([np.pad(row, (0, longest - len(row)), constant_values=filler) for row in rows])


def samples(count: int) -> list[Document]:
    """Return different texts of a usual length, to time files with."""
    return [Document(" ".join([f"text {number} of a usual length is short"] * 3)) for number in range(count)]


def describe_input(batched: bool) -> str:
    """Describe what the graph takes."""
    return (
        "pieces of texts, int64: input_ids and attention_mask (pieces, tokens) with the tokens that frame them, "
        "document (pieces, 1), the number of the text of each; terms (count, found) where the head scores words"
    )
