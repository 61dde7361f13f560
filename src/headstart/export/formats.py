"""The forms a model can leave in: what each is called, how it is written and how it is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from headstart.encoders.spec import Encoder, EncoderFiles
from headstart.errors import ExportError
from headstart.export.parity_data import ParityData
from headstart.export.predictors import Ask
from headstart.modalities.base import load_modality
from headstart.registry import names, resolve
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress
from headstart.saving.values import SavedModel

Precision = Literal["fp32", "fp16", "int8"]
Words = Finding | str  # of the catalogue, or those of another package
_WORDS = {"fp32": "", "fp16": ".half", "int8": ".int8"}


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A form of a model.

    Attributes
    ----------
    to
        Who opens it: a name of the table ``exporters`` of the registry.
    precision
        The numbers it holds: float32; float16, computed with as float32; or whole numbers of 8 bits.
    batched
        Whether it takes several examples of one size at once.

    Raises
    ------
    ExportError
        When there is no such form.

    Examples
    --------
    >>> ExportFormat("onnx", "int8").file, ExportFormat("openvino", batched=True).companions("a.xml")
    ('model.int8.onnx', ('a.bin', 'a.proof.json'))
    """

    to: str = "onnx"
    precision: Precision = "fp32"
    batched: bool = False

    def __post_init__(self) -> None:
        """Refuse what there is not."""
        for value, known in ((self.to, [*names("exporters")]), (self.precision, get_args(Precision))):
            if value not in known:
                raise ExportError("export.unknown_precision", name=value, known=known)
        only = self.exporter.only_form
        if only and (self.precision != "fp32" or self.batched):
            raise ExportError("export.no_other_form", to=self.to, reason=only)

    @property
    def exporter(self) -> "Exporter":
        """How it is made."""
        found: Exporter = resolve("exporters", self.to)
        return found

    @property
    def file(self) -> str:
        """Name of the file that is opened."""
        return f"model{_WORDS[self.precision]}{'.batched' if self.batched else ''}{self.exporter.suffix}"

    def title(self, answers: str) -> Finding:
        """Return what it is, for people; ``answers`` are those of a proof."""
        outputs = Finding(f"export.outputs.{answers}")
        values = {"kind": self.exporter.title, "precision": self.precision, "outputs": outputs}
        return Finding("export.form_batched" if self.batched else "export.form", values)

    @property
    def is_saved(self) -> bool:
        """Whether every saved model has it already, in one file."""
        return self == ExportFormat()

    def companions(self, name: str) -> tuple[str, ...]:
        """Name the files that lie beside the one that is opened, when that is called ``name``."""
        stem = Path(name).stem
        return (*(one.format(stem=stem) for one in self.exporter.companions), f"{stem}.proof.json")


@dataclass(frozen=True, slots=True)
class Source:
    """What a form is made of: a model, its encoder with files, and examples at hand."""

    model: SavedModel
    encoder: Encoder
    files: EncoderFiles
    pool: ParityData


@dataclass(frozen=True, slots=True)
class Exporter:
    """How models are written for one library.

    Attributes
    ----------
    name, title
        In the table ``exporters``, and for people.
    suffix, companions
        Of the file that is opened, and the names of those beside it, where ``{stem}`` stands for its own.
    obstacle
        Returns one sentence why a model with these files cannot be written, or None; raises MissingExtraError for a
        missing package.
    write
        Writes a file and its companions; raises ExportError.
    open
        Opens a file with a number of threads.
    only_form
        One sentence why there is neither another precision nor a batched form; empty where there is.
    save
        Writes the form into the folder of a model that is being saved, or returns one sentence why that cannot be; None
        for a form that is made on demand alone.
    """

    name: str
    title: Words
    suffix: str
    obstacle: Callable[[SavedModel, EncoderFiles], Words | None]
    write: Callable[[Path, ExportFormat, Source, Progress], None]
    open: Callable[[Path, int], Ask]
    companions: tuple[str, ...] = ()
    only_form: Words = ""
    save: Callable[[Path, SavedModel, EncoderFiles], Words | None] | None = None


def require_form(form: ExportFormat, model: SavedModel, files: EncoderFiles) -> None:
    """Refuse a form that cannot be made of a model: raises ExportError, and MissingExtraError for a missing package."""
    why_not = form.exporter.obstacle(model, files)
    if why_not and not model.spec.is_network:
        raise ExportError("export.no_network", to=form.to, reason=why_not)
    if why_not:
        other = "onnx" if form.to == "torch" else "torch"
        raise ExportError("export.impossible", to=form.to, reason=why_not, other=other)
    graph = getattr(load_modality(model.spec.modality), "graph", None)
    if graph is not None and form.precision not in graph.PRECISIONS:
        raise ExportError("export.precision_not_here", precision=form.precision, known=[*graph.PRECISIONS])
    if model.spec.precision == "int8" and form.precision != "fp32":
        raise ExportError("export.int8_already", precision=form.precision)
