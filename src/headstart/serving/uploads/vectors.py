"""Tables from strangers: each of their rows is an example."""

from headstart.data.readers.vectors import VectorRow, open_example
from headstart.data.tables import TABLE_SUFFIXES, parse_rows
from headstart.errors import DataError, ExampleError
from headstart.serving.http_errors import Refusal, refused, too_large
from headstart.serving.multipart import Upload
from headstart.settings.serving import ServerLimits


def expand(upload: Upload, limits: ServerLimits) -> list[Upload]:
    """Read the rows of a table.

    Raises
    ------
    Refusal
        413 when it has too many bytes or rows, 415 when it is no table, 422 when it is damaged or holds no numbers.
    """
    if len(upload.data) > limits.file_bytes:
        raise too_large(limits.file_bytes, "the_file")
    if not upload.name.lower().endswith(TABLE_SUFFIXES):
        raise refused(415, "serving.not_a_table", suffixes=", ".join(TABLE_SUFFIXES))
    try:
        dataset = parse_rows(upload.name, upload.data)
    except DataError as error:
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error
    if len(dataset) > limits.waiting:
        raise refused(413, "serving.too_many_rows", count=len(dataset), limit=limits.waiting)
    return [Upload(f"{upload.name} {one.name}", one.source) for one in dataset.examples]


def check(data: VectorRow, limits: ServerLimits) -> None:
    """Nothing is left to look at: the rows were read with their table."""


def decode(data: VectorRow) -> VectorRow:
    """Return a row; raises Refusal 422 for an infinite number."""
    try:
        return open_example(data)
    except ExampleError as error:
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error


def blank() -> None:
    """Nothing is to be warmed up."""
