"""``headstart encoders``."""

from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.runtime.context import RunContext


def encoders(
    action: Annotated[str, typer.Argument(metavar="[list|get]", help="List the encoders, or bring one here.")] = "list",
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="For get: a name from the list, or timm:NAME.")
    ] = None,
    cache: options.Cache = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """List pretrained networks, or bring one here.

    Example: headstart encoders get efficientnet_lite1
    """
    if action not in ("list", "get") or (action == "get") != (name is not None):
        raise typer.BadParameter("Use 'headstart encoders', or 'headstart encoders get NAME'.")
    with explained(debug) as steps:
        from headstart.workflows.encoders import get_encoder, show_encoders

        context = RunContext(cache=cache, progress=steps)
        table = show_encoders(context) if name is None else get_encoder(name, context)
        steps.close()
        if as_json:
            print_json(table.to_json())
        else:
            print_lines(table.lines())
