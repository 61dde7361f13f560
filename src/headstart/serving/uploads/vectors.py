"""Tables from strangers: each of their rows is an example."""

from headstart.data.readers.vectors import VectorRow, open_example
from headstart.data.tables import TABLE_SUFFIXES, parse_rows
from headstart.errors import DataError, ExampleError
from headstart.serving.http_errors import Refusal, too_large
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
        raise too_large(limits.file_bytes, "The file")
    if not upload.name.lower().endswith(TABLE_SUFFIXES):
        known = ", ".join(TABLE_SUFFIXES)
        raise Refusal(415, "not_a_table", "This is not a table.", f"Its name ends in none of {known}.", "Send a table.")
    try:
        dataset = parse_rows(upload.name, upload.data)
    except DataError as error:
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error
    if len(dataset) > limits.waiting:
        problem = f"It has {len(dataset)}; the limit is {limits.waiting}."
        raise Refusal(413, "too_many_rows", "The table has too many rows.", problem, "Send it in parts.")
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
