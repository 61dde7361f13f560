"""What is searched for: examples, or texts where examples are texts, and the pairs that a search is measured on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.data.columns import cell_text
from headstart.data.encodings import decode
from headstart.data.example import Example
from headstart.data.name_checks import printable
from headstart.data.readers.base import reader_of, suffix_of, text_of
from headstart.data.sources import list_examples
from headstart.errors import DataError
from headstart.modalities.base import modalities_by_suffix
from headstart.registry import names
from headstart.runtime.findings import Finding

COLUMNS = {  # of a table of pairs, in any case
    "query": ("query", "question", "查询", "问题"),
    "answer": ("answer", "path", "document", "id", "row", "答案", "路径", "文档"),
}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Queries, and what is the right answer to each: the name of an example, its row, or an example itself."""

    queries: list[str]
    answers: list[str]


def read_queries(file: Path) -> list[str]:
    """Read queries from a file: one a line, or the rows of a table. Raises DataError when it cannot be read."""
    from headstart.data.tables import is_table  # only where a file is read

    if file.is_file() and is_table(file):
        return [str(file)]
    try:
        return query_lines(file.read_bytes())
    except (OSError, DataError) as error:
        code = "data.no_file" if isinstance(error, FileNotFoundError) else "data.not_opened"
        reason = Finding(code, {"error": getattr(error, "strerror", None) or error})
        raise DataError("data.queries_not_read", path=printable(str(file)), reason=reason) from error


def query_lines(content: bytes) -> list[str]:
    r"""Return the lines that say something.

    Examples
    --------
    >>> query_lines(b"one\r\n\n two\n")
    ['one', 'two']
    """
    return [line for line in map(str.strip, decode(content)[0].split("\n") if content else ()) if line]


def read_pairs(file: Path) -> Pairs:
    """Read a table of queries and their right answers; raises DataError when it is none."""
    from headstart.data.tables import read_cells, the_table

    if not file.is_file():
        raise DataError("data.queries_not_read", path=printable(str(file)), reason=Finding("data.no_file"))
    cells = read_cells(file, the_table(file)).columns
    known = {name.strip().casefold(): name for name in reversed([*cells])}
    columns = [next((known[one] for one in named if one in known), None) for named in COLUMNS.values()]
    if None in columns or not len(cells[columns[0] or ""]):
        raise DataError("data.no_pairs", path=printable(str(file)), columns=[*cells])
    rows = [[cell_text(cell) or "" for cell in cells[name or ""]] for name in columns]
    return Pairs(*rows)


def list_queries(given: Any, modality: str) -> tuple[Example, ...]:  # noqa: ANN401 - as headstart.search
    """List what is searched for as examples of the modality that is searched; raises DataError for anything else."""
    several = given if isinstance(given, list | tuple) else [given]
    if not several:
        raise DataError("data.no_query")
    for one in several:
        if isinstance(one, str | os.PathLike):
            _require_kind(os.fspath(one), modality)
    return list_examples(given, modality)


def _require_kind(query: str, modality: str) -> None:
    """Refuse an empty query, and one that is of another kind than what is searched."""
    if not query.strip():
        raise DataError("data.no_query")
    if reader_of(modality).is_one(query):
        return
    known = modalities_by_suffix().get(suffix_of(query))
    written = (name for name in names("modalities") if getattr(reader_of(name), "are_documents", _never)([query]))
    kind = known or next(written, modality)
    if kind != modality:
        raise DataError("data.query_of_another_kind", query=printable(query), kind=kind)


def _never(_: Sequence[Any]) -> bool:
    return False


def find_answers(
    answers: Sequence[str], examples: Sequence[Example], keys: Sequence[bytes], modality: str
) -> list[frozenset[int]]:
    """Find the positions of the examples that are right answers.

    An answer is the name of an example, the number of its row, an example with the same content, or what an example
    that is a text contains.

    Raises
    ------
    DataError
        When there are answers that nothing of the data is.

    Examples
    --------
    >>> two = [Example("a.png", "a.png"), Example("b.png", "b.png")]
    >>> find_answers(["b.png"], two, [b"", b""], "image")
    [frozenset({1})]
    """
    places: dict[Any, list[int]] = {}
    for place, (example, key) in enumerate(zip(examples, keys, strict=True)):
        source = {example.source} if isinstance(example.source, str) else set[str]()
        for name in {example.name, example.name.removeprefix("#"), key} | source:
            places.setdefault(name, []).append(place)
    said = [_plain(text_of(one.source, modality)) for one in examples]
    found = [_places_of(answer, places, said, modality) for answer in answers]
    lost = [answer for answer, where in zip(answers, found, strict=True) if not where]
    if lost:
        raise DataError("data.answers_not_there", count=len(lost), total=len(answers), names=lost)
    return found


def _places_of(answer: str, places: Mapping[Any, Sequence[int]], said: Sequence[str], modality: str) -> frozenset[int]:
    if answer in places:
        return frozenset(places[answer])
    try:
        (example,) = list_examples([answer], modality)
        key = reader_of(modality).content_key(example.source)
    except (DataError, ValueError):
        key = b""
    part = _plain(answer)
    return frozenset(places.get(key, ())) or frozenset(n for n, text in enumerate(said) if part and part in text)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
