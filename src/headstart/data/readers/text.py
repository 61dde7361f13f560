"""Documents: files of text, cells of a table, strings."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from headstart.data.encodings import GUESSED, decode
from headstart.data.readers.base import NO_KEY, Deferred, Facts, Rows, name_of
from headstart.data.readers.text_sentences import split_sentences
from headstart.errors import DataError, ExampleError
from headstart.modalities.base import modalities_by_suffix
from headstart.runtime.findings import NOTE, Finding

SIZES = ("characters",)
SUFFIXES = ()  # of files that hold rows: tables do
# What a column of documents may be called, in any case; of several the first in this list is taken.
COLUMNS = (
    "text", "sentence", "document", "content", "review", "comment", "message", "question", "query", "title", "body",
    "tweet", "utterance", "文本", "内容", "评论", "句子", "正文", "标题", "问题",
)  # fmt: skip
LONGEST = 5_000_000  # characters of one document
_BROKEN = re.compile("[\x00\ud800-\udfff]")  # NUL, and surrogates without the other half


@dataclass(frozen=True, slots=True)
class Document:
    """One document in memory."""

    text: str

    @property
    def size(self) -> int:
        """How many characters it has."""
        return len(self.text)


def is_one(source: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Distinguish a document in memory: a string that is the path of nothing, or a :class:`Document`."""
    return isinstance(source, Document) or (isinstance(source, str) and not _is_path(source))


def are_documents(sources: Sequence[Any]) -> bool:
    """Determine whether strings are documents rather than paths: some hold several words, none is a file's name."""
    sources = [source for source in sources if not _is_missing(source)]
    if not all(isinstance(source, Document | str) for source in sources):
        return False
    strings = [source for source in sources if isinstance(source, str)]
    return not any(map(_is_path, strings[:1000])) and any(
        isinstance(source, Document) or " " in source.strip() or not source.isascii() for source in sources
    )


def _is_missing(value: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Whether nothing is there, as pandas writes it, too."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def adopt(value: Any, where: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Create a document of a string that is no path; raises DataError for what is neither text nor a path."""
    if isinstance(value, str) and not _is_path(value):
        return Document(value)
    if _is_missing(value):  # as an empty cell of a table: the document is listed, and left out
        return Document("")
    if isinstance(value, Document | Deferred | bytes | str | os.PathLike):
        return value
    raise DataError("data.no_document", name=where, kind=type(value).__name__)


def read_cells(path: Path, where: Finding) -> dict[str, Any]:
    """Raise DataError: no file but tables holds rows of documents."""
    raise DataError("data.no_rows", where=where)


def find_rows(where: object, cells: Mapping[str, Any], *, named: bool, text_column: str = "") -> Rows | None:
    """Create a document of each row of a table; None for a table without a column of documents.

    It is found by its name, or, in a table without numbers, as the only column of long and different strings.
    """
    if named and not text_column:
        return None
    column = text_column or _find_column(cells)
    if column is None:
        return None
    sources = [Document("" if cell is None or cell != cell else str(cell)) for cell in cells[column]]
    others = [name for name in cells if name != column]
    code = "data.text_column" if others else "data.text_column_alone"
    said = Finding(code, {"name": column, "others": others}, NOTE)
    return Rows(sources, others, () if column == COLUMNS[0] and not others else (said,))


def cells_of(source: Any) -> dict[str, object]:  # noqa: ANN401 - a document
    """Return the text of a document in memory as a cell; nothing for a file, which its path names."""
    return {COLUMNS[0]: text_of(source)} if isinstance(source, Document) else {}


def of_lines(content: bytes) -> list[Document]:
    r"""Create a document of each line; a blank one is an empty document, so that answers keep the order of lines.

    Examples
    --------
    >>> of_lines(b"one\r\n\ntwo\n")
    [Document(text='one'), Document(text=''), Document(text='two')]
    """
    lines = decode(content)[0].removesuffix("\n").split("\n") if content else []
    return [Document(line.removesuffix("\r")) for line in lines]


def text_of(source: Any) -> str:  # noqa: ANN401 - a document
    """Return the text of a document in memory; nothing for a file, which has a name."""
    return source.text if isinstance(source, Document) else ""


def inspect_example(source: Any, name: str = "") -> Facts:  # noqa: ANN401 - a document
    """Read a document once: digest it, count its characters."""
    named = name or name_of(source)
    try:
        given, encoding = _read(source, named)
        text = _require_document(clean_document(given), named)
    except ExampleError as error:
        return Facts(NO_KEY, (0,), error.why)
    guessed = [f"data.read_as_{encoding}"] if encoding in GUESSED else []
    codes = [*guessed, "data.broken_characters"] if text != given else guessed
    notices = tuple(Finding(code, {"count": 1, "names": [named]}) for code in codes)
    return Facts(_key(text), (len(text),), notices=notices)


def open_example(source: Any, name: str = "") -> str:  # noqa: ANN401 - a document
    """Open a document as a string without NUL and lone surrogates, which become U+FFFD; raises ExampleError."""
    named = name or name_of(source)
    return _require_document(clean_document(_read(source, named)[0]), named)


def _require_document(text: str, name: str) -> str:
    reason = None
    if not text.strip():
        reason = Finding("data.blank_document" if text else "data.empty_document")
    elif not any(map(str.isalnum, text)):
        reason = Finding("data.no_letters")
    elif len(text) > LONGEST:
        reason = Finding("data.document_too_long", {"count": len(text), "limit": LONGEST})
    if reason is not None:
        raise ExampleError("data.unreadable_picture", name=name, reason=reason)
    return text


def clean_document(document: str) -> str:
    r"""Put U+FFFD in the place of what no tokenizer takes: NUL, and surrogates without the other half.

    Examples
    --------
    >>> ascii(clean_document("a\x00b\ud800"))
    "'a\\ufffdb\\ufffd'"
    """
    return _BROKEN.sub("\ufffd", document)


def divide(source: Any, name: str = "") -> list[tuple[Document, int]]:  # noqa: ANN401 - a document
    r"""Divide a document into the sentences that say something, and say where each begins; raises ExampleError.

    Examples
    --------
    >>> divide(Document("One. \n\n Two!"))
    [(Document(text='One.'), 0), (Document(text='Two!'), 8)]
    """
    found, start = list[tuple[Document, int]](), 0
    for piece in split_sentences(open_example(source, name)):
        if any(map(str.isalnum, piece)):
            found.append((Document(piece.strip()), start + len(piece) - len(piece.lstrip())))
        start += len(piece)
    return found


def content_key(source: Any, name: str = "") -> bytes:  # noqa: ANN401 - a document
    """Digest a document, 32 bytes: SHA-256 of its UTF-8; raises ExampleError."""
    return _key(open_example(source, name))


def size_line(summary: dict[str, list[int]]) -> Finding:
    """Return how long documents are: the shortest, the median and the longest."""
    low, middle, high = summary["characters"]
    return Finding("data.characters", {"low": low, "middle": middle, "high": high}, NOTE)


def _key(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _read(source: Any, name: str) -> tuple[str, str]:  # noqa: ANN401 - a document
    """Return what stands in a document, and the encoding of its file."""
    try:
        given = source.fetch() if isinstance(source, Deferred) else source
        if isinstance(given, Document):
            return given.text, ""
        return decode(given if isinstance(given, bytes) else Path(given).read_bytes())
    except (OSError, ValueError, TypeError) as error:
        reason = Finding("data.no_file" if isinstance(error, FileNotFoundError) else "data.damaged", {"error": error})
        raise ExampleError("data.unreadable_picture", name=name, reason=reason) from error


def _is_path(text: str) -> bool:
    """Determine whether a string names a file or a folder that is there, or one with the suffix of an example or table.

    A name with a mistake in it is no document.
    """
    from headstart.data.tables import TABLE_SUFFIXES  # tables read documents, too

    if len(text) > 4096 or "\n" in text or "\0" in text:
        return False
    suffix = os.path.splitext(text)[1].lower()
    known = suffix in modalities_by_suffix() or suffix in TABLE_SUFFIXES
    return (known and " " not in suffix) or os.path.exists(os.path.expanduser(text))


def _find_column(cells: Mapping[str, Any]) -> str | None:
    words = {name: column for name, column in cells.items() if _is_words(column)}
    folded = {name.strip().casefold(): name for name in reversed([*words])}
    named = next((folded[name] for name in COLUMNS if name in folded), None)
    if named is not None or len(words) < len(cells):
        return named
    different = [name for name, column in words.items() if _are_sentences(column)]
    return different[0] if len(different) == 1 else None


def _is_words(column: Any) -> bool:  # noqa: ANN401 - cells of any kind
    """Determine whether cells are strings, and not numbers written as such."""
    sample = [cell for cell in (column[:200] if getattr(column, "ndim", 1) == 1 else ()) if cell is not None]
    return any(isinstance(cell, str) and any(map(str.isalpha, cell)) for cell in sample)


def _are_sentences(column: Any) -> bool:  # noqa: ANN401 - cells of any kind
    """Determine whether cells are mostly different, and mostly of several words."""
    cells = [str(cell).strip() for cell in column]
    several = sum(" " in cell or not cell.isascii() for cell in cells)
    return len({*cells}) > len(cells) / 2 and several > len(cells) / 2
