"""What a reader of examples is, and the values it takes and gives."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from headstart.errors import DataError
from headstart.modalities.base import DEFAULT, load_modality, modalities_by_suffix
from headstart.registry import names
from headstart.runtime.findings import Finding
from headstart.settings.recipe import Recipe

_HEAD = 2**16  # bytes of a file that tell what it is, also where a directory lies behind a first page
NO_KEY = bytes(32)  # stands for the digest of an example that could not be read at all


@dataclass(frozen=True, slots=True)
class Deferred:
    """An example that is fetched each time it is needed: ``fetch()`` returns any other kind of source.

    It must give the same example each time, and may be called from several threads.
    """

    fetch: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an example without decoding it.

    Attributes
    ----------
    key
        SHA-256 of its content, 32 bytes; :data:`NO_KEY` when it could not be read at all.
    sizes
        As the reader's ``SIZES`` names them; 0 where unknown.
    problem
        Why it cannot be used, or None.
    notices
        What is odd about it although it can be used; the code of each says the same of several, with ``count`` and
        ``names``.
    look_closer
        Whether decoding a few of such examples tells more of all: see :class:`Surveyor`.
    """

    key: bytes
    sizes: tuple[int, ...]
    problem: Finding | None = None
    notices: tuple[Finding, ...] = ()
    look_closer: bool = False


class InMemory(Protocol):
    """One example in memory: an array, or an object such as Pillow's that says how large it is as an array does."""

    @property
    def size(self) -> Any:  # noqa: ANN401 - a number, or a number for each side
        """How large it is."""


class Reader(Protocol):
    """A module that finds and opens the examples of one modality; ``source`` is what :class:`Example` holds."""

    SIZES: tuple[str, ...]  # what an example is measured by

    def is_one(self, source: Any, /) -> bool:  # noqa: ANN401 - whatever the user gives
        """Distinguish an example in memory from a list of such."""

    def adopt(self, value: Any, where: str, /) -> Any:  # noqa: ANN401 - whatever the user gives
        """Create a source of an object in memory; raises DataError."""

    def inspect_example(self, source: Any, name: str = "") -> Facts:  # noqa: ANN401
        """Inspect an example once, without decoding it."""

    def open_example(self, source: Any, name: str = "") -> Any:  # noqa: ANN401
        """Open an example; raises ExampleError, and nothing else."""

    def content_key(self, source: Any) -> bytes:  # noqa: ANN401
        """Digest an example's content, 32 bytes; raises ExampleError."""

    def size_line(self, summary: dict[str, list[int]], /) -> Finding:
        """Return a sentence on how large examples are: smallest, median and largest of each of ``SIZES``."""


class Surveyor(Protocol):
    """What the reader of files of many formats has besides."""

    def survey(self, sources: Sequence[Any], /) -> tuple[Finding, ...]:
        """Decode a few examples that are to be looked at closer, and return what was found of the data set."""

    def set_reading(self, settings: Any, /) -> None:  # noqa: ANN401 - of the modality
        """Take the settings that decide what can be read, for the whole process."""

    def holds_example(self, head: bytes, /) -> bool:
        """Return whether a file that begins with these bytes is an example, whatever it is called."""

    def name_other(self, head: bytes, /) -> Finding | None:
        """Name what begins with these bytes and is no example, with what to do; None for what is unknown."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples that are the rows of a table, the names of columns that are no part of them, and what else is to say."""

    sources: list[Any]
    left_out: list[str]
    notices: tuple[Finding, ...] = ()


class RowReader(Protocol):
    """A module that makes examples of the rows of a table."""

    SUFFIXES: tuple[str, ...]  # of files that hold rows and are no tables of their own

    def read_cells(self, path: Path, where: Finding, /) -> dict[str, Any]:
        """Read such a file as columns; raises DataError. ``where`` begins a sentence."""

    def find_rows(self, where: object, cells: Mapping[str, Any], /, *, named: bool, text_column: str) -> Rows | None:
        """Create a source of each row of cells; None for a table that is none of such.

        ``named``: it names files; ``text_column``: the one with the texts, where the user says so.
        """

    def cells_of(self, source: Any, /) -> Mapping[str, object]:  # noqa: ANN401 - of an Example
        """Return the cells of a row by column, as :meth:`find_rows` reads them again."""


def row_readers(modality: str = "") -> dict[str, RowReader]:
    """Load the modalities whose examples are rows of tables, by name; or that one, if it is."""
    found = {
        name: getattr(load_modality(name), "rows", None) for name in ([modality] if modality else names("modalities"))
    }
    return {name: reader for name, reader in found.items() if reader is not None}


def reader_of(modality: str) -> Reader:
    """Load the reader of a modality; raises UnknownNameError."""
    reader: Reader = load_modality(modality).reader
    return reader


def set_reading(recipe: Recipe, modality: str) -> None:
    """Have the reader of a modality read as a recipe says, in this process from now on."""
    own = next((section for section in recipe.modalities if section.section == modality), None)
    reader = cast("Surveyor", reader_of(modality))
    if own is not None and hasattr(reader, "set_reading"):
        reader.set_reading(own)


def holds_example(path: str | os.PathLike[str]) -> bool:
    """Return whether a file without a suffix that tells is an example of some modality by what it holds."""
    head = _read_head(path)
    return any(reader.holds_example(head) for reader in _surveyors())


def name_other(path: str | os.PathLike[str]) -> Finding | None:
    """Name what a file is that is no example, with what to do; None for what is unknown."""
    head = _read_head(path)
    return next(filter(None, (reader.name_other(head) for reader in _surveyors())), None)


def _surveyors() -> list[Surveyor]:
    readers = [cast("Surveyor", reader_of(name)) for name in names("modalities")]
    return [reader for reader in readers if hasattr(reader, "holds_example")]


def _read_head(path: str | os.PathLike[str]) -> bytes:
    try:
        if not os.path.isfile(path):  # a link to a pipe, which would keep us waiting
            return b""
        with open(path, "rb") as file:
            return file.read(_HEAD)
    except OSError:  # whoever is to read it says so
        return b""


def text_of(source: Any, modality: str) -> str:  # noqa: ANN401 - of an Example
    """Return the text of an example in memory that is one; nothing for any other."""
    said: str = getattr(reader_of(modality), "text_of", lambda _: "")(source)
    return said


def read_text(source: Any, modality: str) -> str:  # noqa: ANN401 - of an Example
    """Return what an example that is a text says, read from its file where it has one; nothing for any other."""
    reader = reader_of(modality)
    said: str = reader.open_example(source) if hasattr(reader, "text_of") else ""
    return said


def suffix_of(name: str) -> str:
    """Return the suffix in small letters, with its dot.

    Examples
    --------
    >>> suffix_of("a/Rose.JPG")
    '.jpg'
    """
    last = os.path.basename(name)
    dot = last.rfind(".")
    return last[dot:].lower() if 0 < dot < len(last) - 1 else ""


def name_of(source: Any) -> str:  # noqa: ANN401 - of an Example
    """Name a source for an error: its path, or "in memory"."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else "in memory"


def one_modality(sources: Iterable[Any], where: Finding) -> str:
    """Name the modality that all sources are of; the default one where nothing tells.

    Raises
    ------
    DataError
        When they are of several; it gives the counts. ``where`` begins its sentence.

    Examples
    --------
    >>> one_modality(["a.png", "b.JPG", b"in memory"], Finding("data.the_list"))
    'image'
    """
    known, every = modalities_by_suffix(), [*names("modalities")]
    sources = [*sources]
    for name in every:  # strings that are examples themselves, and no paths
        if getattr(reader_of(name), "are_documents", lambda _: False)(sources):
            return name

    def kind_of(source: Any) -> str | None:  # noqa: ANN401
        if isinstance(source, (str, os.PathLike)):
            return known.get(suffix_of(os.fspath(source)))
        return next((name for name in every if reader_of(name).is_one(source)), None)

    found = Counter(kind for kind in map(kind_of, sources) if kind)
    if len(found) > 1:
        counts = [Finding("data.kind_count", {"number": count, "kind": kind}) for kind, count in found.most_common()]
        raise DataError("data.several_kinds", where=where, counts=counts)
    return next(iter(found), DEFAULT)
