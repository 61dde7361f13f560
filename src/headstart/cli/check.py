"""``headstart check``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import chosen, explained, print_json, print_lines
from headstart.runtime.context import RunContext


def check(
    data: options.DataSource,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for check.json, report.html, a table and sheets of pictures: a new one, or a run's."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Folder for the list of likely label errors and a cleaned table.")
    ] = None,
    encoder: options.EncoderName = None,
    head: Annotated[str | None, typer.Option(help="That judges the labels.  [default: logistic]")] = None,
    group_by: options.GroupBy = None,
    group_pattern: options.GroupPattern = None,
    strict: options.Strict = None,
    seed: options.Seed = None,
    device: options.Device = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    lang: options.PageLanguage = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Look for near copies, likely label errors, outliers and poor pictures.

    Example: headstart check flowers/ --out flowers-check

    Nothing is deleted; the pictures are there to be looked at. It also says what leaving the suspect ones out would
    change in the score.
    """
    given = chosen(locals())  # first of all, while there is nothing else among them
    with explained(debug, keeps=not no_cache) as steps:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows import check as checking

        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps)
        recipe = read_recipe(None, {"head": "logistic", **given})
        report = checking.run_check(data, recipe, context, out=out, export=export, language=lang)
        steps.close()
        if as_json:
            print_json(report.to_json())
            print_lines(report.page, to_error=True)
        else:
            print_lines(report.lines())
