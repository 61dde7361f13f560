"""``headstart embed``."""

from pathlib import Path
from typing import Annotated

from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb


@verb(
    "encoder",
    "path_column",
    "text_column",
    "encoding",
    "label_column",
    "images",
    "strict",
    "max_megapixels",
    "device",
    "cache",
    "no_cache",
    "json",
)
def embed(
    data: Annotated[str, Argument(metavar="DATA", help="Folder, table, picture or pattern; labels are optional.")],
    out: Annotated[Path, option(help="File to write: .parquet or .csv.")],
    call: Call,
) -> None:
    """Turn pictures or texts into feature vectors, one row each.

    Example: headstart embed flowers/ --out flowers.parquet

    A row has the path, the sha256 of the file, the label and the vector.
    """
    from headstart.workflows.embed import write_features

    call.show(write_features(data, out, call.recipe(), call.context))
