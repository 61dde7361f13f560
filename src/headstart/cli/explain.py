"""``headstart explain``."""

import sys
from pathlib import Path
from typing import Annotated

import click

from headstart.cli import options
from headstart.cli.language import translate
from headstart.cli.parameters import option
from headstart.cli.verb import Call, Shown, verb


@verb("seed", "cache", "json")
def explain(
    model: options.ModelFolder,
    paths: options.SomePaths = None,
    method: Annotated[
        str,
        option(
            help="auto, cam, gradcam, gradcam++, layercam, gradients, occlusion or words; auto: exact where possible."
        ),
    ] = "auto",
    target: Annotated[str | None, option(help="Class to explain.  [default: the predicted one]")] = None,
    neighbours: Annotated[int, option(min=0, help="How many training examples to show.")] = 5,
    average: Annotated[
        bool, option("--average", help="PATHS is labelled data: average the heat of each class over it.")
    ] = False,
    quick: Annotated[bool, option("--quick", help="Do not test the heat maps; tests take seconds each.")] = False,
    fill: Annotated[str, option(help="Of the tests, behind what is hidden: blur or mean.")] = "blur",
    text: options.TypedTexts = None,
    *,
    call: Call,
    out: Annotated[Path | None, option(help="Folder for the pictures.  [default: a new runs/explain-N]")] = None,
) -> None:
    """Say why a model answers as it does: heat maps, nearest examples.

    Example: headstart explain runs/flowers-1 rose.jpg

    Each picture gets a sheet with its heat map and the training examples that are most like it. With --average, the
    maps of a whole validation set show what each class is recognised by, and warn of watermarks and borders.

    Each text gets a page with its words in colours: what they add to the score where the head weighs words (words),
    else how far the score falls without each of them (occlusion).
    """
    from headstart.workflows.explain import average_files, explain_files, read_wish
    from headstart.workflows.model import load
    from headstart.workflows.predict import list_typed

    if not paths and not text:
        raise click.MissingParameter(param_hint="'PATHS'", param_type="argument")
    opened = load(model)
    wish = read_wish(method, target, neighbours, checks=not quick, fill=fill, seed=call.given.get("seed"))
    inputs = list_typed(paths or (), text or (), sys.stdin.buffer.read, opened.modality)
    report: Shown = (
        average_files(opened, one_of(paths or []), wish, call.context, out=out)
        if average
        else explain_files(opened, inputs, wish, call.context, out=out)
    )
    call.show(report)


def one_of(paths: list[str]) -> str:
    """Take the one path there is; a usage error for several."""
    if len(paths) != 1:
        raise click.BadParameter(translate("--average takes one folder or table of labelled pictures."))
    return paths[0]
