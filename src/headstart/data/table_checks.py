"""What is refused as a table: another file of its name, rows without a header, names of files that nothing divides."""

import re
from collections.abc import Iterable
from pathlib import Path

from headstart.data.example import Dataset
from headstart.data.name_checks import printable
from headstart.data.readers.base import name_other, row_readers, suffix_of
from headstart.data.table_files import FileFinder
from headstart.errors import DataError
from headstart.modalities.base import modalities_by_suffix
from headstart.runtime.findings import Finding

_TRIED = 20  # rows that tell whether they name files


def require_table(table: Path, where: Finding) -> None:
    """Require that a file is not known to be something else; raises DataError."""
    content = name_other(table)
    if content is not None and not (content.code == "data.content.answer" and suffix_of(table.name) == ".jsonl"):
        raise DataError("data.no_table", where=where, content=content)


def require_header(where: Finding, names: Iterable[str], finder: FileFinder) -> None:
    """Require that the first line names columns and no example; raises DataError."""
    for name in names:
        if suffix_of(name) in finder.suffixes and finder.find(name) is not None:
            raise DataError("data.no_header", where=where, name=printable(name))


def refuse_file_names(where: Finding, names: Iterable[str], dataset: Dataset) -> None:
    """Refuse examples made of cells that name files of another modality: what divides the cells is not known.

    Raises
    ------
    DataError
        When most of the first rows hold the name of such a file.
    """
    others = [suffix for suffix, modality in modalities_by_suffix().items() if modality != dataset.modality]
    named = re.compile(rf"[^\s.]({'|'.join(map(re.escape, others))})\b", re.IGNORECASE)
    cells_of = row_readers()[dataset.modality].cells_of
    rows = [[*cells_of(example.source).values()] for example in dataset.examples[:_TRIED]]
    naming = [any(isinstance(cell, str) and named.search(cell) for cell in row) for row in rows]
    if sum(naming) > len(rows) / 2:
        first = next(str(cell) for row, names_one in zip(rows, naming, strict=True) if names_one for cell in row)
        raise DataError("data.names_not_divided", where=where, columns=list(names), text=printable(first)[:60])
