"""``headstart export``."""

from pathlib import Path
from typing import Annotated, Literal

import click

from headstart.cli import options
from headstart.cli.language import translate
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb
from headstart.registry import TABLES


@verb("json")
def export(
    model: options.ModelFolder,
    to: Annotated[str, option(metavar=f"[{'|'.join(TABLES['exporters'])}]", help="Who opens it.")] = "onnx",
    out: Annotated[Path | None, option(help="New file or folder.  [default: into the model's own folder]")] = None,
    data: Annotated[
        str | None, option(help="Labelled examples for the proof.  [default: those that the model's run set apart]")
    ] = None,
    half: Annotated[
        bool, option("--half", help="Keep the weights as 16-bit numbers: half the size, computed with as float32.")
    ] = False,
    int8: Annotated[
        bool, option("--int8", help="Compute in 8-bit whole numbers, calibrated on training pictures.")
    ] = False,
    batched: Annotated[bool, option("--batched", help="Take several pictures of one size at once.")] = False,
    force: Annotated[
        bool, option("--force", help="Keep it although it does not answer as the model does; the manifest says so.")
    ] = False,
    *,
    call: Call,
) -> None:
    """Write a model as one file that answers the same, and prove it.

    Example: headstart export runs/flowers --to onnx

    The file takes the bytes of an RGB picture of any size, or the tokens of texts, and gives probabilities. Real
    pictures or texts go through the library and through the file; the export is refused when the answers differ.
    """
    if half and int8:
        raise click.BadParameter(translate("Use one of --half and --int8."))
    precision: Literal["fp32", "fp16", "int8"] = "int8" if int8 else "fp16" if half else "fp32"
    from headstart.workflows.model import load

    report = load(model).export(
        to, out=out, data=data, precision=precision, batched=batched, force=force, progress=call.steps
    )
    call.show(report)
