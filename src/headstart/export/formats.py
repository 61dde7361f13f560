"""The forms a model can leave in: what each is called, how it is written and how it is opened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

from headstart.encoders.onnx_engine import EncoderFiles
from headstart.encoders.quantised import prepared_batches, quantise_graph
from headstart.encoders.spec import Encoder
from headstart.encoders.weights import sha256_of
from headstart.errors import ExportError
from headstart.export.end_to_end_graph import raw_graph, raw_obstacle
from headstart.export.fp16 import halve_weights
from headstart.export.openvino import openvino_road, require_openvino, write_openvino
from headstart.export.parity_data import ParityData
from headstart.export.predictors import Ask, onnx_road
from headstart.export.torch_script import SCRIPT, torch_road, write_torch
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress
from headstart.saving.timm_layout import obstacle
from headstart.saving.values import SavedModel

Target = Literal["onnx", "openvino", "torch"]
Precision = Literal["fp32", "fp16", "int8"]
_SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "torch": ".safetensors"}
_WORDS = {"fp32": "", "fp16": ".half", "int8": ".int8"}


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A form of a model.

    Attributes
    ----------
    to
        Who opens it.
    precision
        The numbers it holds: float32; float16, computed with as float32; or whole numbers of 8 bits.
    batched
        Whether it takes several pictures of one size at once.

    Raises
    ------
    ExportError
        When there is no such form.

    Examples
    --------
    >>> ExportFormat("onnx", "int8").file, ExportFormat("openvino", batched=True).companions("a.xml")
    ('model.int8.onnx', ('a.bin', 'a.proof.json'))
    """

    to: Target = "onnx"
    precision: Precision = "fp32"
    batched: bool = False

    def __post_init__(self) -> None:
        """Refuse what there is not."""
        for value, known in ((self.to, get_args(Target)), (self.precision, get_args(Precision))):
            if value not in known:
                raise ExportError("export.unknown_precision", name=value, known=known)
        if self.to == "torch" and (self.precision != "fp32" or self.batched):
            raise ExportError("export.no_torch_form")

    @property
    def file(self) -> str:
        """Name of the file that is opened."""
        return f"model{_WORDS[self.precision]}{'.batched' if self.batched else ''}{_SUFFIXES[self.to]}"

    @property
    def title(self) -> Finding:
        """What it is, for people."""
        values = {"kind": Finding(f"export.kind_{self.to}"), "precision": self.precision}
        return Finding("export.form_batched" if self.batched else "export.form", values)

    @property
    def is_saved(self) -> bool:
        """Whether every saved model has it already, in one file."""
        return self == ExportFormat()

    def companions(self, name: str) -> tuple[str, ...]:
        """Name the files that lie beside the one that is opened, when that is called ``name``."""
        stem = Path(name).stem
        beside = {"onnx": (), "openvino": (f"{stem}.bin",), "torch": ("config.json", SCRIPT)}
        return (*beside[self.to], f"{stem}.proof.json")

    def open(self, file: Path, threads: int = 1) -> Ask:
        """Open a file of this form."""
        if self.to == "torch":
            return torch_road(file)
        return openvino_road(file, threads) if self.to == "openvino" else onnx_road(file, threads)


@dataclass(frozen=True, slots=True)
class Source:
    """What a form is made of: a model, its encoder with files, and pictures at hand."""

    model: SavedModel
    encoder: Encoder
    files: EncoderFiles
    pool: ParityData


def require_form(form: ExportFormat, model: SavedModel, files: EncoderFiles) -> None:
    """Refuse a form that cannot be made of a model: raises ExportError, and MissingExtraError for a missing package."""
    why_not = obstacle(model, files) if form.to == "torch" else raw_obstacle(model, files)
    if why_not:
        other = "onnx" if form.to == "torch" else "torch"
        raise ExportError("export.impossible", to=form.to, reason=why_not, other=other)
    if model.spec.precision == "int8" and form.precision != "fp32":
        raise ExportError("export.int8_already", precision=form.precision)
    if form.to == "openvino":
        require_openvino()


def write_form(file: Path, form: ExportFormat, source: Source, progress: Progress) -> None:
    """Write a model in a form, ``file`` and its companions; :func:`require_form` must have passed.

    Raises ExportError when there are no training pictures to calibrate int8 on.
    """
    if form.to == "torch":
        write_torch(file, source.model, source.files)
        return
    graph = _graph(form, source, progress)
    if form.to == "openvino":
        write_openvino(file, graph, half=form.precision == "fp16")
        return
    if form.precision == "fp16":
        graph = halve_weights(graph)
    file.write_bytes(graph.SerializeToString(deterministic=True))


def _graph(form: ExportFormat, source: Source, progress: Progress) -> Any:  # noqa: ANN401 - an onnx.ModelProto
    assert source.files.graph is not None
    if form.precision != "int8":
        return raw_graph(source.model, source.files.graph, batched=form.batched)
    training: Sequence[Any] = source.pool.trained_on().examples
    if not training:
        raise ExportError("export.nothing_to_calibrate_on", source=source.pool.source)
    with TemporaryDirectory() as scratch:
        quantised = Path(scratch, "encoder.onnx")
        quantise_graph(source.files.graph, quantised, prepared_batches(source.encoder, training), progress)
        spec = replace(source.model.spec, precision="int8", weights_digest=sha256_of(quantised))
        return raw_graph(replace(source.model, spec=spec), quantised, batched=form.batched)
