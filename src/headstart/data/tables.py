"""Tables of examples: CSV, TSV, JSONL or Parquet with a path, a label and perhaps a split and a group."""

import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from headstart.data.columns import (
    SYNONYMS,
    Columns,
    TableOptions,
    cell_text,
    find_columns,
    missing_column,
    parse_splits,
    require_cells,
)
from headstart.data.delimited import column_names, read_delimited
from headstart.data.encodings import decode, encoding_findings
from headstart.data.example import Dataset, Example, SplitName, known_label
from headstart.data.name_checks import printable
from headstart.data.one_hot import find_one_hot, one_hot_labels
from headstart.data.readers.base import one_modality, row_readers
from headstart.data.table_checks import refuse_file_names, require_header, require_table
from headstart.data.table_files import FileFinder, root_beside
from headstart.errors import DataError
from headstart.modalities.base import modalities_by_suffix
from headstart.runtime.findings import NOTE, Finding

_ROW_NUMBER = re.compile(r"#\d+")
_TRIED = 20  # rows that tell whether a table names files


@dataclass(frozen=True, slots=True)
class TableCells:
    """What stands in a table.

    Attributes
    ----------
    columns
        Cells of each column by its name.
    rows
        The number that a person gives each row: the line it begins in, of a table of text.
    notices
        What was guessed while it was read.
    """

    columns: Mapping[str, Any]
    rows: Sequence[int] | None = None
    notices: tuple[Finding, ...] = ()


def read_table(table: Path, options: TableOptions = TableOptions()) -> Dataset:  # noqa: B008 - frozen
    """Read a dataset from a .csv, .tsv, .jsonl (one JSON object per line) or .parquet file.

    Paths in it are relative to its folder, unless ``options`` names another one. Files that are not there stay among
    the examples, to be listed with those that cannot be read.

    Raises
    ------
    DataError
        When the table cannot be read, has no rows, lacks a column, has empty cells, or names no file that exists.
    """
    where = the_table(table)
    cells = read_cells(table, where)
    finder = FileFinder(_folders(table, options), modalities_by_suffix(), table.stem)
    require_header(where, cells.columns, finder)
    columns = find_columns(where, cells.columns, options, lambda cell: finder.find(cell) is not None)
    if columns.text or (not options.path_column and not _names_files(columns, cells, finder)):
        named = [*_filled(cells.columns[columns.path])] if columns.path else []
        if named and all(map(_ROW_NUMBER.fullmatch, named)):
            # A table that Headstart wrote of rows: they have numbers in place of paths.
            cells = replace(cells, columns={k: v for k, v in cells.columns.items() if k != columns.path})
            columns = replace(columns, path="")
        dataset = read_rows(printable(table.stem), where, cells, columns)
        if dataset is not None:
            refuse_file_names(where, cells.columns, dataset)
            return dataset
    if not columns.path:
        raise missing_column(where, "path", cells.columns)
    paths = require_cells(where, columns.path, cells.columns[columns.path], cells.rows)
    if not paths:
        raise DataError("data.no_rows", where=where)
    labels, notices = _labels(where, cells, columns)
    splits = _splits(where, cells, columns, len(paths))
    groups = _texts(cells.columns, columns.group, len(paths))
    found = finder.find_all(where, paths, labels)
    return Dataset(
        name=printable(table.stem),
        examples=tuple(map(Example, found.sources, found.names, map(known_label, labels), splits, groups)),
        root=finder.root,
        notices=(*cells.notices, *notices, *found.notices),
        modality=one_modality(found.sources, where),
    )


def _folders(table: Path, options: TableOptions) -> list[Path]:
    """List what the paths of a table may be relative to, the likeliest first."""
    if options.folder:
        folder = Path(os.path.expanduser(options.folder))
        if not folder.is_dir():
            raise DataError("data.no_such_folder", folder=printable(options.folder))
        return [folder]
    return [one for one in (root_beside(table), table.parent) if one]


def _labels(where: Finding, cells: TableCells, columns: Columns) -> tuple[list[str | None], list[Finding]]:
    """Return the label of each row, from its column or from one column for each class, and what is to be said."""
    if columns.label:
        return [*require_cells(where, columns.label, cells.columns[columns.label], cells.rows)], columns.notices()
    classes = find_one_hot(cells.columns, columns.unused)
    if not classes:
        return _texts(cells.columns, "", len(cells.columns[columns.path])), columns.notices(labelled=False)
    rest = replace(columns, unused=tuple(name for name in columns.unused if name not in classes))
    told = Finding("data.one_hot", {"names": classes, "count": len(classes)}, NOTE)
    return [*one_hot_labels(cells.columns, classes)], [*rest.notices(), told]


def _splits(where: Finding, cells: TableCells, columns: Columns, count: int) -> list[SplitName | None]:
    if not columns.split:
        return [None] * count
    words = require_cells(where, columns.split, cells.columns[columns.split], cells.rows)
    return [*parse_splits(where, words, columns.split)]


def the_table(path: object) -> Finding:
    """Name a table, for the beginning of a sentence."""
    return Finding("data.the_table", {"path": printable(str(path))})


def read_cells(table: Path, where: Finding) -> TableCells:
    """Read the columns of a table; ``where`` begins the sentence of an error."""
    suffix = table.suffix.lower()
    if suffix in _READERS:
        require_table(table, where)
        return _READERS[suffix](_read_bytes(table, where), where)
    reader = next(reader for reader in row_readers().values() if suffix in reader.SUFFIXES)
    beside = next((found for known in _READERS if (found := table.with_suffix(known)).is_file()), None)
    words = read_cells(beside, the_table(beside)) if beside else TableCells({})
    return replace(words, columns={**words.columns, **reader.read_cells(table, where)})


def parse_rows(name: str, data: bytes) -> Dataset:
    """Read a dataset of the rows in the bytes of a table; the end of its name says what it is. Raises DataError."""
    where = the_table(name)
    cells = _READERS[Path(name).suffix.lower()](data, where)
    dataset = read_rows(name, where, cells, find_columns(where, cells.columns))
    if dataset is None or not len(dataset):
        raise DataError("data.no_numbers", where=where)
    return dataset


def is_table(path: Path) -> bool:
    """Determine by its suffix whether a file is a table, or one of rows alone that belongs to a table."""
    suffix = path.suffix.lower()
    return suffix in _READERS or any(suffix in reader.SUFFIXES for reader in row_readers().values())


def read_rows(name: str, where: Finding, cells: TableCells, columns: Columns) -> Dataset | None:
    """Read a dataset whose examples are the rows of the table itself; None where they are not."""
    # An empty column that is called after its use is no part of the examples.
    known = {*SYNONYMS, columns.path, columns.label, columns.split, columns.group, columns.group_seen}
    others = {column: found for column, found in cells.columns.items() if column not in known}
    named = bool(columns.path)
    tried = (
        (kind, one.find_rows(where, others, named=named, text_column=columns.text))
        for kind, one in row_readers().items()
    )
    modality, rows = next(((kind, rows) for kind, rows in tried if rows is not None), ("", None))
    if rows is None:
        return None
    count = len(rows.sources)
    texts = _texts(cells.columns, columns.path, count)
    names = [f"#{row}" if text is None else text for row, text in enumerate(texts)]
    labels, groups = (_texts(cells.columns, column, count) for column in (columns.label, columns.group))
    splits = _splits(where, cells, columns, count)
    unlabelled = Finding("data.no_label_column", {"names": rows.left_out, "count": len(rows.left_out)})
    left = [unlabelled] if rows.left_out and not columns.label else []
    return Dataset(
        name,
        tuple(map(Example, rows.sources, map(printable, names), map(known_label, labels), splits, groups)),
        notices=(*cells.notices, *columns.notices(of_rows=True), *rows.notices, *left),
        modality=modality,
    )


def _texts(cells: Mapping[str, Any], column: str, count: int) -> list[str | None]:
    return [cell_text(value) for value in cells[column]] if column else [None] * count


def _names_files(columns: Columns, cells: TableCells, finder: FileFinder) -> bool:
    """Return whether one of the first rows names a file that is there."""
    if not columns.path:
        return False
    return any(finder.find(cell) is not None for cell in islice(_filled(cells.columns[columns.path]), _TRIED))


def _filled(cells: Iterable[object]) -> Iterator[str]:
    return filter(None, map(cell_text, cells))


def _decode(data: bytes, where: Finding) -> tuple[str, tuple[Finding, ...]]:
    """Decode a table of text, and say which encoding was guessed."""
    try:
        text, encoding = decode(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError("data.not_utf8", where=where, line=line, encoding=error.encoding.upper()) from error
    return text, tuple(encoding_findings(where, encoding))


def _read_bytes(table: Path, where: Finding) -> bytes:
    try:
        return table.read_bytes()
    except OSError as error:
        raise DataError("data.table_not_opened", where=where, error=error.strerror) from error


def _read_separated(data: bytes, where: Finding) -> TableCells:
    text, notices = _decode(data, where)
    read = read_delimited(text, where)
    columns = {name: [row[place] for row in read.rows] for place, name in enumerate(read.names)}
    return TableCells(columns, read.lines, notices)


def _read_lines(data: bytes, where: Finding) -> TableCells:
    rows: list[dict[str, Any]] = []
    numbers = []
    text, notices = _decode(data, where)
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise DataError("data.no_object", where=where, line=number, text=line[:40])
        rows.append(row)
        numbers.append(number)
    names = dict.fromkeys(name for row in rows for name in row)
    return TableCells({name: [row.get(name) for row in rows] for name in names}, numbers, notices)


def _read_parquet(data: bytes, where: Finding) -> TableCells:
    # Loaded here because it costs time at start and few tables are Parquet.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise DataError("data.not_parquet", where=where, error=error) from error
    names = column_names(where, columns.schema.names)
    read = {name: _read_column(columns.column(position)) for position, name in enumerate(names)}
    return TableCells({name: column for name, column in read.items() if column is not None})


def _read_column(column: Any) -> Any:  # noqa: ANN401 - a pyarrow.ChunkedArray; cells, or an array of vectors
    """Read a column; lists of numbers of one length as an array, other lists, structures and bytes not at all."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        if not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)) or column.null_count:
            return None
        flat, count = column.combine_chunks().flatten().to_numpy(zero_copy_only=False), len(column)
        lengths = set(column.combine_chunks().value_lengths().to_pylist())
        return flat.reshape(count, -1) if len(lengths) == 1 else None
    # Neither a path nor a name; to turn them into Python objects would cost memory.
    skipped = pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return None if skipped else column.to_pylist()


_READERS: dict[str, Callable[[bytes, Finding], TableCells]] = {
    ".csv": _read_separated,
    ".tsv": _read_separated,
    ".jsonl": _read_lines,
    ".parquet": _read_parquet,
}
TABLE_SUFFIXES = tuple(_READERS)
