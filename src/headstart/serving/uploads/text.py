"""Documents from strangers: strings, a text file, or a table with a column of texts."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from headstart.audit.similarity.text import sketch_document
from headstart.data.readers.text import Document, clean_document, open_example
from headstart.data.tables import TABLE_SUFFIXES, parse_rows
from headstart.errors import DataError, ExampleError
from headstart.runtime.text import beginning
from headstart.serving.http_errors import Refusal, megabytes, refused, too_large
from headstart.serving.interactive import ExampleView
from headstart.serving.multipart import MultipartForm, Upload
from headstart.settings.serving import ServerLimits

LONGEST = 20_000  # characters of one document, some ten pages: a slow encoder takes ten seconds for them
MOST_BYTES = 8_000_000  # of a body of JSON
_ONE, _SEVERAL = "text", "texts"
_WITHOUT = {
    "data.empty_document": "serving.empty_text",
    "data.blank_document": "serving.empty_text",
    "data.no_letters": "serving.no_letters",
}
_STRING = {"type": "string", "maxLength": LONGEST}
BODY: Mapping[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {_ONE: _STRING, _SEVERAL: {"type": "array", "minItems": 1, "items": _STRING}},
    "examples": [{_ONE: "..."}, {_SEVERAL: ["...", "..."]}],
}


def from_json(content: bytes, limits: ServerLimits, fields: Collection[str] = ()) -> MultipartForm:
    """Read the documents of a body of JSON: one as ``text``, or several as ``texts``; ``fields`` may stand beside them.

    Raises
    ------
    Refusal
        400 when it is no JSON, 413 for too many of them, 422 when it is anything else.
    """
    if len(content) > MOST_BYTES:
        raise refused(413, "serving.too_large_json", limit=megabytes(MOST_BYTES))
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise refused(400, "serving.bad_json") from error
    texts, beside = None, dict[str, str]()
    if isinstance(body, dict):
        beside = {name: body.pop(name) for name in fields if isinstance(body.get(name), str)}
    if isinstance(body, dict) and len(body) == 1:
        texts = [body[_ONE]] if _ONE in body else body.get(_SEVERAL)
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise refused(422, "serving.no_texts")
    if len(texts) > limits.waiting:
        raise refused(413, "serving.too_many_texts", count=len(texts), limit=limits.waiting)
    return MultipartForm(tuple(Upload(beginning(text), Document(text)) for text in map(clean_document, texts)), beside)


def expand(upload: Upload, limits: ServerLimits) -> list[Upload]:
    """Return the document of a file, or those of a table.

    Raises
    ------
    Refusal
        413 when it has too many bytes or rows, 422 when a table is damaged or has no column of texts.
    """
    if len(upload.data) > limits.file_bytes:
        raise too_large(limits.file_bytes, "the_file")
    if not upload.name.lower().endswith(TABLE_SUFFIXES):
        return [upload]
    try:
        dataset = parse_rows(upload.name, upload.data)
    except DataError as error:
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error
    if dataset.modality != "text":
        raise refused(422, "serving.no_text_column", name=upload.name)
    if len(dataset) > limits.waiting:
        raise refused(413, "serving.too_many_rows", count=len(dataset), limit=limits.waiting)
    rows = [(one.name, clean_document(one.source.text)) for one in dataset.examples]
    return [Upload(f"{name}: {beginning(text)}", Document(text), {_ONE: text}) for name, text in rows]


def check(data: Document | bytes, limits: ServerLimits) -> None:
    """Check the length of a document; raises Refusal 413. A file of this many bytes has no more characters."""
    length = len(data.text if isinstance(data, Document) else data)
    if isinstance(data, bytes) and length > LONGEST:
        length = len(decode(data))
    if length > LONGEST:
        raise refused(413, "serving.too_long_text", count=length, limit=LONGEST)


def decode(data: Document | bytes) -> str:
    """Return the document as a string; raises Refusal 422 for one without letters."""
    try:
        return open_example(data)
    except ExampleError as error:
        if code := _WITHOUT.get(error.why.code):
            raise refused(422, code, cause=error.why) from error
        raise Refusal(422, "damaged", error.problem, error.reason, error.remedy) from error


def blank() -> str:
    """Return a short document."""
    return "text"


def view(document: str) -> ExampleView:
    """Compute what a desk keeps of a document: the document itself, and what its near copies are found by."""
    return ExampleView(None, sketch_document(document), Document(document))


def shown(preview: Document) -> dict[str, str]:
    """Return a document for the page."""
    return {_ONE: preview.text}
