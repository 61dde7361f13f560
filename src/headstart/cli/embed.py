"""``headstart embed``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.runtime.context import RunContext


def embed(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Folder, table, picture or pattern; labels are optional.")
    ],
    out: Annotated[Path, typer.Option(help="File to write: .parquet or .csv.")],
    encoder: options.EncoderName = None,
    strict: options.Strict = None,
    device: options.Device = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Turn pictures into feature vectors, one row each.

    Example: headstart embed flowers/ --out flowers.parquet

    A row has the path, the sha256 of the file, the label and the vector.
    """
    with explained(debug, keeps=not no_cache) as steps:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.embed import write_features

        given = {"encoder": encoder, "device": device, "strict": strict}
        recipe = read_recipe(None, {key: value for key, value in given.items() if value is not None})
        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps)
        written = write_features(data, out, recipe, context)
        steps.close()
        if as_json:
            print_json(written.to_json())
        else:
            print_lines(written.lines())
