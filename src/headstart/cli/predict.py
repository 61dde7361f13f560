"""``headstart predict``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_lines
from headstart.runtime.context import RunContext


class OutputFormat(StrEnum):
    """How predictions can be written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"

    @classmethod
    def of(cls, file: Path | None) -> "OutputFormat":
        """Read the form off the suffix of a file; a table when it tells nothing."""
        suffix = file.suffix.lower().removeprefix(".") if file else ""
        return cls(suffix) if suffix in list(cls) else cls.TABLE


def predict(
    model: options.ModelFolder,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATHS", help="Pictures, folders, or patterns such as '*.jpg'.")
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to list for each picture.")] = 3,
    form: Annotated[
        OutputFormat | None,
        typer.Option("--format", help="How they are written.  [default: by the suffix of --out, else table]"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    coverage: options.Coverage = None,
    abstain: options.Abstain = None,
    false_alarms: options.FalseAlarms = None,
    reject_unlike: options.RejectUnlike = None,
    strict: options.Strict = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    debug: options.Debug = False,
) -> None:
    """Say what is on pictures, with probabilities.

    Example: headstart predict runs/flowers-1 rose.jpg --abstain 0.95
    """
    with explained(debug) as steps:
        from headstart.workflows.model import ask_guard, load
        from headstart.workflows.predict import answer, write_answers

        context = RunContext(progress=steps)
        asked = {"coverage": coverage, "abstain": abstain, "false_alarms": false_alarms, "reject_unlike": reject_unlike}
        given = {name: value for name, value in asked.items() if value is not None}
        opened = load(model)
        opened = ask_guard(opened, given) if given else opened
        answers = answer(opened.encoder, opened.saved, paths, context, top=top, strict=bool(strict))
        steps.close()
        chosen = "json" if as_json else (form or OutputFormat.of(out)).value
        if out is None:
            typer.echo(answers.to_text(chosen), nl=False)
        else:
            write_answers(answers, chosen, out)
            typer.echo(f"{len(answers.predictions)} predictions written to {out}", err=True)
        print_lines(answers.lines(), to_error=True)
