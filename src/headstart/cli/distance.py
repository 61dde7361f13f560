"""``headstart distance``."""

from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import chosen, explained, print_json, print_lines
from headstart.runtime.context import RunContext


def distance(
    one: Annotated[str, typer.Argument(metavar="A", help="A set of pictures, with or without labels.")],
    other: Annotated[str | None, typer.Argument(metavar="B", help="Another one; none with --encoders.")] = None,
    encoders: Annotated[
        list[str] | None,
        typer.Option(help="How alike several encoders (a run is one, too) see the pictures of A."),
    ] = None,
    encoder: options.EncoderName = None,
    strict: options.Strict = None,
    seed: options.Seed = None,
    device: options.Device = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Say how far apart two sets of pictures lie for an encoder.

    Example: headstart distance studio/ street/

    Where both have labels, it also says what a model of the first loses on the second. With --encoders it says how
    alike these see one set: headstart distance flowers/ --encoders efficientnet_lite0 runs/balanced
    """
    given = chosen(locals())  # first of all, while there is nothing else among them
    with explained(debug, keeps=not no_cache) as steps:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.distance import run_either_distance

        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps)
        report = run_either_distance(one, other, encoders or [], read_recipe(None, {"head": "ridge", **given}), context)
        steps.close()
        if as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())
