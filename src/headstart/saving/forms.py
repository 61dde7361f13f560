"""The forms a model can leave in: what each is called, how it is written and how it is opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headstart.encoders.onnx_engine import EncoderFiles
from headstart.errors import ExportError
from headstart.saving.proof_pictures import Pool
from headstart.saving.raw_graph import raw_obstacle, write_raw_graph
from headstart.saving.roads import Ask, onnx_road
from headstart.saving.values import SavedModel

Target = Literal["onnx"]
Precision = Literal["fp32"]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a model.

    Attributes
    ----------
    to
        Who opens it.
    precision
        The numbers it computes with.
    batched
        Whether it takes several pictures of one size at once.

    Examples
    --------
    >>> Form("onnx", batched=True).file
    'model.batched.onnx'
    """

    to: Target = "onnx"
    precision: Precision = "fp32"
    batched: bool = False

    @property
    def file(self) -> str:
        """Name of the file that is opened."""
        return f"model{'.batched' if self.batched else ''}.onnx"

    @property
    def title(self) -> str:
        """What it is, for people."""
        given = "pictures of one size" if self.batched else "one picture"
        return f"ONNX graph from {given} to probabilities ({self.precision})"

    @property
    def is_saved(self) -> bool:
        """Whether every saved model has it already."""
        return self == Form()

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user of the file should know."""
        return ()

    def companions(self, name: str) -> tuple[str, ...]:
        """Name the files that lie beside the one that is opened, when that is called ``name``."""
        return (f"{Path(name).stem}.proof.json",)

    def open(self, file: Path, threads: int = 1) -> Ask:
        """Open a file of this form."""
        return onnx_road(file, threads)


def write_form(file: Path, form: Form, model: SavedModel, files: EncoderFiles, pool: Pool) -> None:
    """Write a model in a form: ``file`` and its companions.

    ``pool`` gives the training pictures that int8 is calibrated on. Raises ExportError when the form cannot be made.
    """
    why_not = raw_obstacle(model, files)
    if why_not:
        raise ExportError("The model cannot be exported to ONNX.", why_not, "Export it with --to torch.")
    assert files.graph is not None
    write_raw_graph(file, model, files.graph, batched=form.batched)
