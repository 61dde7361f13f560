"""``headstart explain``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.runtime.context import RunContext


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
    average: Annotated[
        bool, typer.Option("--average", help="PATHS is labelled data: average the heat of each class over it.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Do not test the heat maps; tests take seconds each.")] = False,
    fill: Annotated[str, typer.Option(help="Of the tests, behind what is hidden: blur or mean.")] = "blur",
    seed: options.Seed = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the pictures.  [default: a new runs/explain-N]")] = None,
    cache: options.Cache = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Say why a model answers as it does: heat maps, nearest examples.

    Example: headstart explain runs/flowers-1 rose.jpg

    Each picture gets a sheet with its heat map and the training examples that are most like it. With --average, the
    maps of a whole validation set show what each class is recognised by, and warn of watermarks and borders.
    """
    with explained(debug) as steps:
        from headstart.workflows.explain import average_files, explain_files, read_wish
        from headstart.workflows.model import load

        wish = read_wish(method, target, neighbours, checks=not quick, fill=fill, seed=seed)
        context = RunContext(cache=cache, progress=steps)
        report: Any = (
            average_files(load(model), one_of(paths), wish, context, out=out)
            if average
            else explain_files(load(model), paths, wish, context, out=out)
        )
        steps.close()
        if as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())


def one_of(paths: list[str]) -> str:
    """Take the one path there is; a usage error for several."""
    if len(paths) != 1:
        raise typer.BadParameter("--average takes one folder or table of labelled pictures.")
    return paths[0]
