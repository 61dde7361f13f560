"""Documents for a graph: the network's own inputs stay, for a document is taken apart into tokens outside of it."""

from typing import Any

import numpy as np

from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.encoders.text.tokenizer import FILE
from headstart.errors import ExampleError
from headstart.export.graph_parts import INT64, GraphParts
from headstart.runtime.findings import Finding

ONE, TYPE, SHAPE = "", INT64, ("tokens",)
BESIDE, PRECISIONS = (FILE,), ("fp32", "fp16")
USE = """\
Without Headstart, with ONNX Runtime and tokenizers alone. `model.onnx` takes the numbers of the tokens of texts, each
of one piece (`piece` in the code says of how many tokens): there it answers as Headstart does. Longer texts Headstart
reads in pieces and takes the mean of their features, which this file does not.

```python
import json
import onnxruntime
from tokenizers import Tokenizer
session = onnxruntime.InferenceSession("path/to/this/folder/model.onnx", providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
classes, how = json.loads(about["classes"]), json.loads(about["preprocessing"])
tokenizer = Tokenizer.from_file("path/to/this/folder/tokenizer.json")
tokenizer.encode_special_tokens = True  # what special tokens are called is ordinary text
tokenizer.no_truncation()
tokens = tokenizer.encode(how["prefix"] + "a text", add_special_tokens=False).ids
assert len(tokens) <= how["piece"], "this text needs Headstart: it is longer than a piece"
ids = [[*how["before"], *tokens, *how["after"]]]
(probabilities,) = session.run(None, {"input_ids": ids, "attention_mask": [[1] * len(ids[0])]})
print(max(zip(probabilities[0].tolist(), classes)))
```
"""


def obstacle(preprocessing: TextPreprocessing) -> Finding | None:
    """Return None: tokens are what a network takes."""
    return None


def add_preparation(parts: GraphParts, given: str, preprocessing: TextPreprocessing, output: str) -> None:
    """Add nothing: the inputs of the network stay."""


def take(document: str, encoder: Any) -> tuple[Any, ...]:  # noqa: ANN401 - an Encoder; arrays
    """Return the numbers of the tokens of a document and which of them count, each of shape (T,), int64.

    Raises
    ------
    ExampleError
        When it is longer than a piece, so that the graph alone cannot answer.
    """
    pieces = encoder.spec.preprocessing.pieces(encoder.preprocess(document))
    if len(pieces) > 1:
        raise ExampleError("export.several_pieces", limit=encoder.spec.preprocessing.piece)
    return pieces[0], np.ones_like(pieces[0])


def sample() -> Any:  # noqa: ANN401 - an array
    """Return a text of a usual length, to time files with."""
    return np.array(" ".join(["a text of a usual length is short"] * 3))


def describe_input(batched: bool) -> str:
    """Describe what the graph takes."""
    return "input_ids and attention_mask, int64, (count, tokens): texts of one piece, with the tokens that frame it"
