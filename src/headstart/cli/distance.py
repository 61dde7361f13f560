"""``headstart distance``."""

from typing import Annotated

from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb
from headstart.settings.recipe import quick_head


@verb("encoder", "strict", "seed", "device", "cache", "no_cache", "json")
def distance(
    one: Annotated[str, Argument(metavar="A", help="A set of pictures, with or without labels.")],
    other: Annotated[str | None, Argument(metavar="B", help="Another one; none with --encoders.")] = None,
    encoders: Annotated[
        list[str] | None, option(help="How alike several encoders (a run is one, too) see the pictures of A.")
    ] = None,
    *,
    call: Call,
) -> None:
    """Say how far apart two sets of pictures lie for an encoder.

    Example: headstart distance studio/ street/

    Where both have labels, it also says what a model of the first loses on the second. With --encoders it says how
    alike these see one set: headstart distance flowers/ --encoders efficientnet_lite0 runs/balanced
    """
    from headstart.workflows.distance import run_either_distance

    call.show(run_either_distance(one, other, encoders or [], call.recipe(head=quick_head(call.given)), call.context))
