"""``headstart explain``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.places import Place


def explain(
    model: options.ModelFolder,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATHS", help="Pictures, folders, or patterns such as '*.jpg'.")
    ],
    method: Annotated[
        str,
        typer.Option(
            help="auto, cam, gradcam, gradcam++, layercam, gradients or occlusion; auto: exact where that is possible."
        ),
    ] = "auto",
    target: Annotated[str | None, typer.Option(help="Class to explain.  [default: the predicted one]")] = None,
    neighbours: Annotated[int, typer.Option(min=0, help="How many training examples to show.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Folder for the pictures.  [default: a new runs/explain-N]")] = None,
    cache: options.Cache = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Say why a model answers as it does: heat maps, nearest examples.

    Example: headstart explain runs/flowers-1 rose.jpg

    Each picture gets a sheet with its heat map and the training examples that are most like it.
    """
    with explained(debug) as steps:
        from headstart.explaining import explain_files, read_wish
        from headstart.model import load

        wish = read_wish(method, target, neighbours)
        report = explain_files(load(model), paths, wish, Place(cache=cache, progress=steps), out=out)
        steps.close()
        if as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())
