"""The ONNX form: the graph from raw examples in each precision, as other forms take it too."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headstart.encoders.quantised import prepared_batches, quantise_graph
from headstart.encoders.spec import EncoderFiles
from headstart.errors import ExportError
from headstart.export.end_to_end_graph import RAW_GRAPH, raw_graph, raw_input, raw_obstacle
from headstart.export.formats import Exporter, ExportFormat, Source
from headstart.export.fp16 import halve_weights
from headstart.export.predictors import open_onnx
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_file
from headstart.runtime.progress import Progress
from headstart.saving.values import SavedModel


def form_graph(form: ExportFormat, source: Source, progress: Progress) -> Any:  # noqa: ANN401 - an onnx.ModelProto
    """Build the graph of a form; the weights of one in fp16 are still float32.

    Raises ExportError when there are no training examples to calibrate int8 on.
    """
    assert source.files.graph is not None
    if form.precision != "int8":
        return raw_graph(source.model, source.files, batched=form.batched)
    training = source.pool.trained_on().examples
    if not training:
        raise ExportError("export.nothing_to_calibrate_on", source=source.pool.source)
    with TemporaryDirectory() as scratch:
        quantised = Path(scratch, "encoder.onnx")
        quantise_graph(source.files.graph, quantised, prepared_batches(source.encoder, training), progress)
        spec = replace(source.model.spec, precision="int8", weights_digest=sha256_of_file(quantised))
        files = replace(source.files, graph=quantised)
        return raw_graph(replace(source.model, spec=spec), files, batched=form.batched)


def write_onnx(file: Path, form: ExportFormat, source: Source, progress: Progress) -> None:
    """Write the graph of a form."""
    graph = form_graph(form, source, progress)
    write_beside(file.parent, source)
    _write(file, halve_weights(graph) if form.precision == "fp16" else graph)


def write_beside(folder: Path, source: Source) -> None:
    """Write the files that a graph needs beside it."""
    for name, content in raw_input(source.model.spec.modality).beside(source.model, source.files).items():
        (folder / name).write_bytes(content)


def save_onnx(folder: Path, model: SavedModel, files: EncoderFiles) -> Finding | None:
    """Write ``model.onnx`` into the folder of a model, or return why that cannot be.

    It is not written where it needs other files beside it, too: ``encoder.onnx`` has the same network there already.
    """
    why_not = raw_obstacle(model, files)
    if why_not is None and raw_input(model.spec.modality).ONE:
        _write(folder / RAW_GRAPH, raw_graph(model, files))
    return why_not


def _write(file: Path, graph: Any) -> None:  # noqa: ANN401 - an onnx.ModelProto
    file.write_bytes(graph.SerializeToString(deterministic=True))


ONNX = Exporter("onnx", Finding("export.kind_onnx"), ".onnx", raw_obstacle, write_onnx, open_onnx, save=save_onnx)
