"""``headstart encoders``."""

from typing import Annotated

import click

from headstart.cli.language import translate
from headstart.cli.parameters import Argument
from headstart.cli.verb import Call, verb


@verb("cache", "json")
def encoders(
    action: Annotated[str, Argument(metavar="[list|get]", help="List the encoders, or bring one here.")] = "list",
    name: Annotated[
        str | None, Argument(metavar="[NAME]", help="For get: a name from the list, timm:NAME, or hf:OWNER/NAME.")
    ] = None,
    *,
    call: Call,
) -> None:
    """List pretrained networks, or bring one here.

    Example: headstart encoders get efficientnet_lite1
    """
    if action not in ("list", "get") or (action == "get") != (name is not None):
        raise click.BadParameter(translate("Use 'headstart encoders', or 'headstart encoders get NAME'."))
    from headstart.workflows.encoders import get_encoder, show_encoders

    call.show(show_encoders(call.context) if name is None else get_encoder(name, call.context))
