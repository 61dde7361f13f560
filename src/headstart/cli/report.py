"""``headstart report``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, or of a study kept with --out.")],
    lang: options.PageLanguage = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write.  [default: report.html in the folder, made anew]")
    ] = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Make report.html of a run: one page with everything it found.

    Example: headstart report runs/flowers --lang zh

    It needs nothing but the plain files in the folder: neither the pictures nor torch, on any machine, at any time.
    """
    with explained(debug):
        from headstart.workflows.report import make_page

        written = make_page(run, lang, out)
        if as_json:
            print_json(written.to_json())
        else:
            print_lines(written.lines())
