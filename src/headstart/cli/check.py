"""``headstart check``."""

from pathlib import Path
from typing import Annotated

from headstart.cli import options
from headstart.cli.console import print_lines
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb


@verb(
    *(
        "encoder",
        "head",
        "path_column",
        "text_column",
        "encoding",
        "label_column",
        "images",
        "test",
        "group_by",
        "group_pattern",
        "strict",
        "max_megapixels",
        "seed",
        "device",
        "cache",
        "no_cache",
        "json",
    ),
    head="That judges the labels.  [default: logistic]",
)
def check(
    data: options.DataSource,
    call: Call,
    out: Annotated[
        Path | None,
        option(help="Folder for check.json, report.html, a table and sheets of pictures: a new one, or a run's."),
    ] = None,
    export: Annotated[
        Path | None, option(help="Folder for the list of likely label errors and a cleaned table.")
    ] = None,
) -> None:
    """Look for near copies, label errors, outliers, shortcuts and poor pictures.

    Example: headstart check flowers/ --out flowers-check

    Nothing is deleted; the pictures are there to be looked at. It also says what leaving the suspect ones out would
    change in the score.
    """
    from headstart.workflows.check import run_check

    recipe = call.recipe(head="logistic")
    report = run_check(data, recipe, call.context, out=out, export=export, language=call.page_language(out))
    call.show(report)
    if call.as_json:
        print_lines(report.page, to_error=True)
