"""``headstart evaluate``."""

from pathlib import Path
from typing import Annotated

from headstart.cli import options
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb


@verb(
    "path_column",
    "text_column",
    "encoding",
    "label_column",
    "images",
    "group_by",
    "group_pattern",
    "strict",
    "max_megapixels",
    "seed",
    "cache",
    "no_cache",
    "json",
)
def evaluate(
    model: options.ModelFolder,
    data: options.DataSource,
    unfamiliar: Annotated[
        Path | None, option(help="Pictures of another kind, to see how well the model tells them apart.")
    ] = None,
    *,
    call: Call,
) -> None:
    """Score a saved model on labelled pictures or texts.

    Example: headstart evaluate runs/flowers-1 flowers/test
    """
    from headstart.workflows.evaluate import score
    from headstart.workflows.model import load
    from headstart.workflows.text_parts.recognise import has_parts

    if has_parts(model):
        from headstart.workflows.text_parts.answering import score_parts
        from headstart.workflows.text_parts.model import load_parts

        call.show(score_parts(load_parts(model), data, call.recipe()))
        return
    call.show(score(load(model), data, call.recipe(), call.context, unfamiliar))
