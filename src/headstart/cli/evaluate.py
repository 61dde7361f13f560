"""``headstart evaluate``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.runtime.context import RunContext


def evaluate(
    model: options.ModelFolder,
    data: options.DataSource,
    unfamiliar: Annotated[
        Path | None, typer.Option(help="Pictures of another kind, to see how well the model tells them apart.")
    ] = None,
    group_by: options.GroupBy = None,
    group_pattern: options.GroupPattern = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    strict: options.Strict = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Score a saved model on labelled pictures.

    Example: headstart evaluate runs/flowers-1 flowers/test
    """
    with explained(debug, keeps=not no_cache) as steps:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.evaluate import score
        from headstart.workflows.model import load

        given = {"strict": strict, "seed": seed, "group_by": group_by, "group_pattern": group_pattern}
        recipe = read_recipe(None, {key: value for key, value in given.items() if value is not None})
        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps)
        scored = score(load(model), data, recipe, context, unfamiliar)
        steps.close()
        if as_json:
            print_json(scored.to_json())
        else:
            print_lines(scored.lines())
