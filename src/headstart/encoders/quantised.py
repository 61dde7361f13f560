"""An encoder in whole numbers: weights and activations of 8 bits, calibrated on training examples, run by ONNX Runtime.

Static quantisation in pairs of QuantizeLinear and DequantizeLinear, a scale for each channel of a weight. The first
convolution stays in float: it sees the pixels, costs 2 % of the time, and its rounding goes through every later layer.
"""

import json
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headstart.arrays import Singles
from headstart.data.example import Example
from headstart.data.readers.base import reader_of
from headstart.encoders.folders import new_cache_folder, set_aside
from headstart.encoders.graph_cache import GRAPH
from headstart.encoders.onnx_engine import OnnxEncoder, first_line
from headstart.encoders.silence_output import quiet
from headstart.encoders.spec import Encoder, EncoderFiles
from headstart.encoders.weights import file_name
from headstart.errors import EncoderError, ExampleError
from headstart.runtime.hashing import sha256_of_file, sha256_of_parts
from headstart.runtime.progress import Progress

CALIBRATED_ON = 128  # examples, spread evenly: ranges of activations hardly change beyond
BATCH = 8
DESCRIPTION = "quantised.json"
Batch = Singles


def quantised_encoder(
    encoder: Encoder, files: EncoderFiles, examples: Sequence[Example], cache: Path, progress: Progress
) -> OnnxEncoder:
    """Return the int8 encoder of an encoder; it is made on the first use with these examples and kept in the cache.

    ``examples`` are training examples, class by class or in any order; :data:`CALIBRATED_ON` of them are used. Its spec
    has the precision ``int8`` and the digest of the new graph, so that its features are not taken for the old ones.

    Raises
    ------
    EncoderError
        When the network has no graph, cannot be quantised, or no example can be read.
    """
    if files.graph is None:
        raise EncoderError("encoders.not_quantised_without_graph", name=encoder.spec.name)
    batches = prepared_batches(encoder, examples)
    folder = cache / "quantised" / f"{file_name(encoder.spec.architecture)}-{_identity(encoder, batches)[:16]}"
    graph = folder / GRAPH
    if not _is_whole(folder):
        if folder.exists():
            set_aside(folder)
        with new_cache_folder(folder) as place:
            quantise_graph(files.graph, place / GRAPH, batches, progress)
            (place / DESCRIPTION).write_text(json.dumps({GRAPH: sha256_of_file(place / GRAPH)}), encoding="utf-8")
    spec = replace(
        encoder.spec,
        name=f"{encoder.spec.name}+int8",
        precision="int8",
        engine="onnxruntime",
        weights_digest=sha256_of_file(graph),
        source=f"{encoder.spec.source}; quantised from {encoder.spec.weights_digest}",
    )
    return OnnxEncoder(spec, EncoderFiles(graph, None, files.config))


def quantise_graph(graph: Path, out: Path, batches: Sequence[Batch], progress: Progress) -> None:
    """Write the int8 form of a graph, with ranges from prepared examples, each batch of shape (n, 3, H, W).

    Raises
    ------
    EncoderError
        When ONNX Runtime cannot quantise it.
    """
    from onnxruntime import quantization  # only here: half a second

    step = "Quantising the network"
    progress(step, 0, 1)
    try:
        with _silenced(), TemporaryDirectory() as scratch:
            shaped = Path(scratch, "shaped.onnx")
            first = _with_shapes(graph, shaped)
            quantization.quantize_static(
                str(shaped),
                str(out),
                _reader(quantization.CalibrationDataReader, batches, _input_name(graph)),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                nodes_to_exclude=first,
            )
    except Exception as error:  # its own classes derive from Exception alone
        raise EncoderError("encoders.not_quantised", error=first_line(error)) from error
    progress(step, 1, 1)


def prepared_batches(encoder: Encoder, examples: Sequence[Example]) -> list[Batch]:
    """Prepare examples, spread evenly over the examples, for :func:`quantise_graph`."""
    return list(_prepared(encoder, examples[:: max(1, math.ceil(len(examples) / CALIBRATED_ON))]))


def _prepared(encoder: Encoder, examples: Sequence[Example]) -> Iterator[Batch]:
    rows: list[Batch] = []
    reader = reader_of(encoder.spec.modality)
    for example in examples:
        try:
            rows.append(encoder.preprocess(reader.open_example(example.source, example.name)))
        except ExampleError:
            continue  # it is left out of the training too
    if not rows:
        raise EncoderError("encoders.not_quantised_without_pictures")
    for start in range(0, len(rows), BATCH):
        yield encoder.collate(rows[start : start + BATCH])


def _identity(encoder: Encoder, batches: Sequence[Batch]) -> str:
    identity = f"{encoder.spec.digest} {version('onnxruntime')} 1".encode()
    return sha256_of_parts(chain([identity], (batch.tobytes() for batch in batches)))


def _is_whole(folder: Path) -> bool:
    try:
        expected = json.loads((folder / DESCRIPTION).read_bytes())[GRAPH]
        return bool(sha256_of_file(folder / GRAPH) == expected)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _reader(base: type, batches: Sequence[Batch], name: str) -> Any:  # noqa: ANN401 - a class of ONNX Runtime's
    class Batches(base):  # type: ignore[misc]
        """Hand out the batches, one at a time."""

        def __init__(self) -> None:
            self._left = iter(batches)

        def get_next(self) -> dict[str, Batch] | None:
            batch = next(self._left, None)
            return None if batch is None else {name: batch}

    return Batches()


def _with_shapes(graph: Path, out: Path) -> list[str]:
    """Write the graph with the shapes of what is in between; name the first convolution."""
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(graph))
    onnx.save(model, out)
    return [node.name for node in model.graph.node if node.op_type == "Conv" and node.input[0] == _first_input(model)]


def _first_input(model: Any) -> str:  # noqa: ANN401 - an onnx.ModelProto
    return str(model.graph.input[0].name)


def _input_name(graph: Path) -> str:
    import onnx

    return _first_input(onnx.load(graph, load_external_data=False))


@contextmanager
def _silenced() -> Iterator[None]:
    """Hold back what the quantiser prints and logs through the root logger; errors still pass."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with quiet():
            yield
    finally:
        logging.disable(before)
