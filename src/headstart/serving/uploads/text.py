"""Documents from strangers: a text file, or a table with a column of texts."""

from headstart.data.readers.text import Document, open_example
from headstart.data.tables import TABLE_SUFFIXES, parse_rows
from headstart.errors import DataError, ExampleError
from headstart.serving.http_errors import Refusal, refused, too_large
from headstart.serving.multipart import Upload
from headstart.settings.serving import ServerLimits


def expand(upload: Upload, limits: ServerLimits) -> list[Upload]:
    """Return the document of a file, or those of a table.

    Raises
    ------
    Refusal
        413 when it has too many bytes or rows, 422 when a table is damaged or has no column of texts.
    """
    if len(upload.data) > limits.file_bytes:
        raise too_large(limits.file_bytes, "The file")
    if not upload.name.lower().endswith(TABLE_SUFFIXES):
        return [upload]
    try:
        dataset = parse_rows(upload.name, upload.data)
    except DataError as error:
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error
    if len(dataset) > limits.waiting:
        raise refused(413, "serving.too_many_rows", count=len(dataset), limit=limits.waiting)
    return [Upload(f"{upload.name} {one.name}", one.source) for one in dataset.examples]


def check(data: Document | bytes, limits: ServerLimits) -> None:
    """Check the length of a document; raises Refusal 413."""
    length = len(data.text if isinstance(data, Document) else data)
    if length > limits.file_bytes:
        raise too_large(limits.file_bytes, "The text")


def decode(data: Document | bytes) -> str:
    """Return the document as a string; raises Refusal 422 for an empty one."""
    try:
        return open_example(data)
    except ExampleError as error:
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error


def blank() -> str:
    """Return a short document."""
    return "text"
