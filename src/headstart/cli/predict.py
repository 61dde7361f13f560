"""``headstart predict``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_lines
from headstart.places import Place


class Form(StrEnum):
    """How predictions can be written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def predict(
    model: options.ModelFolder,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATHS...", help="Pictures, folders, or patterns such as '*.jpg'.")
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to list for each picture.")] = 3,
    form: Annotated[Form, typer.Option("--format", help="How the predictions are written.")] = Form.TABLE,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    strict: options.Strict = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    debug: options.Debug = False,
) -> None:
    """Say what is on pictures, with probabilities.

    Example: headstart predict runs/flowers-1 rose.jpg
    """
    with explained(debug) as steps:
        from headstart import pipeline

        place = Place(progress=steps)
        answers = pipeline.answer(pipeline.load(model), paths, place, top=top, strict=bool(strict))
        steps.close()
        chosen = "json" if as_json else form.value
        if out is None:
            typer.echo(answers.to_text(chosen), nl=False)
        else:
            pipeline.write_answers(answers, chosen, out)
            typer.echo(f"{len(answers.predictions)} predictions written to {out}", err=True)
        print_lines(answers.lines(), to_error=True)
