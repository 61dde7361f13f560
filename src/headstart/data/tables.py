"""Tables of examples: CSV, TSV, JSONL or Parquet with a path, a label and perhaps a split and a group."""

import csv
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from headstart.data.columns import Columns, cell_text, find_columns, missing_column, parse_splits, require_cells
from headstart.data.example import Dataset, Example, SplitName, known_label
from headstart.data.name_bytes import find_path
from headstart.data.name_checks import printable
from headstart.data.readers.base import one_modality, row_readers
from headstart.errors import DataError
from headstart.runtime.findings import Finding


def read_table(table: Path, group_by: str = "") -> Dataset:
    """Read a dataset from a .csv, .tsv, .jsonl (one JSON object per line) or .parquet file; text must be UTF-8.

    Paths in it are relative to its folder. ``group_by`` is the column with the name of the patient, video or site; by
    default ``group`` if there is one.

    Raises
    ------
    DataError
        When the table cannot be read, has no rows, lacks a column, has empty cells, or names files that do not exist.
    """
    where = the_table(table)
    cells = read_cells(table, where)
    columns = find_columns(where, list(cells), group_by)
    if not _names_files(columns, cells, table.parent):
        dataset = read_rows(printable(table.stem), where, cells, columns)
        if dataset is not None:
            return dataset
    if not columns.path:
        raise missing_column(where, "path", cells)
    # What an editor shows: in a table with a header the first row is line 2.
    first_row = 2 if table.suffix.lower() in (".csv", ".tsv") else 1
    paths = require_cells(where, columns.path, cells[columns.path], first_row)
    if not paths:
        raise DataError("data.no_rows", where=where)
    count = len(paths)
    labels = require_cells(where, columns.label, cells[columns.label], first_row) if columns.label else [None] * count
    words = require_cells(where, columns.split, cells[columns.split], first_row) if columns.split else []
    splits = parse_splits(where, words) if columns.split else [None] * count
    groups = [cell_text(value) for value in cells[columns.group]] if columns.group else [None] * count
    sources = _find_files(where, paths, table.parent)
    return Dataset(
        name=printable(table.stem),
        examples=tuple(map(Example, sources, map(printable, paths), map(known_label, labels), splits, groups)),
        root=table.parent,
        notices=tuple(columns.notices()),
        modality=one_modality(paths, where),
    )


def the_table(path: object) -> Finding:
    """Name a table, for the beginning of a sentence."""
    return Finding("data.the_table", {"path": printable(str(path))})


def read_cells(table: Path, where: Finding) -> dict[str, Any]:
    """Read the columns of a table; ``where`` begins the sentence of an error."""
    suffix = table.suffix.lower()
    if suffix in _READERS:
        return _READERS[suffix](_read_bytes(table, where), where)
    reader = next(reader for reader in row_readers().values() if suffix in reader.SUFFIXES)
    beside = next((found for known in _READERS if (found := table.with_suffix(known)).is_file()), None)
    words = read_cells(beside, the_table(beside)) if beside else {}
    return {**words, **reader.read_cells(table, where)}


def parse_rows(name: str, data: bytes) -> Dataset:
    """Read a dataset of the rows in the bytes of a table; the end of its name says what it is. Raises DataError."""
    where = the_table(name)
    cells = _READERS[Path(name).suffix.lower()](data, where)
    dataset = read_rows(name, where, cells, find_columns(where, list(cells)))
    if dataset is None or not len(dataset):
        raise DataError("data.no_numbers", where=where)
    return dataset


def is_table(path: Path) -> bool:
    """Determine by its suffix whether a file is a table, or one of rows alone that belongs to a table."""
    suffix = path.suffix.lower()
    return suffix in _READERS or any(suffix in reader.SUFFIXES for reader in row_readers().values())


def read_rows(name: str, where: Finding, cells: Mapping[str, Any], columns: Columns) -> Dataset | None:
    """Read a dataset whose examples are the rows of the table itself; None where they are not."""
    known = {column for column in (columns.path, columns.label, columns.split, columns.group) if column}
    others = {column: found for column, found in cells.items() if column not in known}
    tried = ((kind, one.find_rows(where, others, named=bool(columns.path))) for kind, one in row_readers().items())
    modality, rows = next(((kind, rows) for kind, rows in tried if rows is not None), ("", None))
    if rows is None:
        return None
    count = len(rows.sources)
    names = [f"#{row}" if text is None else text for row, text in enumerate(_texts(cells, columns.path, count))]
    labels, groups = _texts(cells, columns.label, count), _texts(cells, columns.group, count)
    splits: list[SplitName | None] = [None] * count
    if columns.split:
        splits = [*parse_splits(where, require_cells(where, columns.split, cells[columns.split]))]
    left = [Finding("data.columns_left_out", {"names": rows.left_out})] if rows.left_out else []
    return Dataset(
        name,
        tuple(map(Example, rows.sources, map(printable, names), map(known_label, labels), splits, groups)),
        notices=(*columns.notices(), *left),
        modality=modality,
    )


def _texts(cells: Mapping[str, Any], column: str, count: int) -> list[str | None]:
    return [cell_text(value) for value in cells[column]] if column else [None] * count


def _names_files(columns: Columns, cells: Mapping[str, Any], folder: Path) -> bool:
    """Return whether the first row names a file that is there."""
    first = next(iter(cells[columns.path]), None) if columns.path else None
    return first is not None and os.path.exists(os.path.join(folder, str(first)))


def _find_files(where: Finding, paths: Sequence[str], folder: Path) -> list[str]:
    plain = [os.path.join(folder, path) for path in paths]
    sources = [one if os.path.exists(one) else find_path(folder, path) for path, one in zip(paths, plain, strict=True)]
    missing = [path for path, source in zip(paths, sources, strict=True) if not os.path.exists(source)]
    if missing:
        raise DataError(
            "data.files_missing", where=where, count=len(missing), names=[printable(path) for path in missing]
        )
    return sources


def _decode(data: bytes, where: Finding) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        raise DataError("data.utf16" if utf16 else "data.not_utf8", where=where, line=line) from error


def _read_bytes(table: Path, where: Finding) -> bytes:
    try:
        return table.read_bytes()
    except OSError as error:
        raise DataError("data.table_not_opened", where=where, error=error.strerror) from error


def _read_delimited(data: bytes, where: Finding, tab: bool = False) -> dict[str, list[Any]]:
    text = _decode(data, where)
    header = text.split("\n", 1)[0]
    # Spreadsheets write semicolons where the comma is the decimal mark.
    comma = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tab else comma)
    try:
        names = next(reader, [])
        rows = []
        for row in reader:
            if len(row) > len(names):
                raise DataError(
                    "data.too_many_cells", where=where, cells=len(row), line=reader.line_num, count=len(names)
                )
            if row:
                rows.append(row + [""] * (len(names) - len(row)))
    except csv.Error as error:
        raise DataError("data.table_not_read", where=where, line=reader.line_num, error=error) from error
    return {name: [row[position] for row in rows] for position, name in enumerate(names)}


def _read_lines(data: bytes, where: Finding) -> dict[str, list[Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_decode(data, where).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise DataError("data.no_object", where=where, line=number, text=line[:40])
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _read_parquet(data: bytes, where: Finding) -> dict[str, list[Any]]:
    # Loaded here because it costs time at start and few tables are Parquet.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise DataError("data.not_parquet", where=where, error=error) from error
    read = {field.name: _read_column(columns.column(position)) for position, field in enumerate(columns.schema)}
    return {name: column for name, column in read.items() if column is not None}


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


_READERS: dict[str, Callable[[bytes, Finding], dict[str, list[Any]]]] = {
    ".csv": _read_delimited,
    ".tsv": partial(_read_delimited, tab=True),
    ".jsonl": _read_lines,
    ".parquet": _read_parquet,
}
TABLE_SUFFIXES = tuple(_READERS)
