"""Tables of examples: CSV, TSV, JSONL or Parquet with a path, a label and perhaps a split and a group."""

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from headstart.data.columns import cell_text, find_columns, missing_column, parse_splits, require_cells
from headstart.data.example import Dataset, Example, known_label
from headstart.data.name_checks import join_names, plural, printable
from headstart.data.readers.base import one_modality
from headstart.errors import DataError


def read_table(table: Path, group_by: str = "") -> Dataset:
    """Make a dataset from a .csv, .tsv, .jsonl (one JSON object per line) or .parquet file; text must be UTF-8.

    Paths in it are relative to its folder. ``group_by`` is the column with the name of the patient, video or site; by
    default ``group`` if there is one.

    Raises
    ------
    DataError
        When the table cannot be read, has no rows, lacks a column, has empty cells, or names files that do not exist.
    """
    where = f"The table '{printable(str(table))}'"
    cells = _READERS[table.suffix.lower()](table, where)
    columns = find_columns(where, list(cells), group_by)
    if not columns.path:
        raise missing_column(where, "path", cells)
    # What an editor shows: in a table with a header the first row is line 2.
    first_row = 2 if table.suffix.lower() in (".csv", ".tsv") else 1
    paths = require_cells(where, columns.path, cells[columns.path], first_row)
    if not paths:
        raise DataError(f"{where} has no rows.", "It names no picture.", "Add one row per picture.")
    count = len(paths)
    labels = require_cells(where, columns.label, cells[columns.label], first_row) if columns.label else [None] * count
    words = require_cells(where, columns.split, cells[columns.split], first_row) if columns.split else []
    splits = parse_splits(where, words) if columns.split else [None] * count
    groups = [cell_text(value) for value in cells[columns.group]] if columns.group else [None] * count
    sources = [os.path.join(table.parent, path) for path in paths]
    _refuse_missing_files(where, paths, sources)
    return Dataset(
        name=printable(table.stem),
        examples=tuple(
            Example(source, printable(path), known_label(label), split, group)
            for source, path, label, split, group in zip(sources, paths, labels, splits, groups, strict=True)
        ),
        root=table.parent,
        notices=tuple(columns.notices()),
        modality=one_modality(paths, where),
    )


def _refuse_missing_files(where: str, paths: Sequence[str], sources: Sequence[str]) -> None:
    missing = [path for path, source in zip(paths, sources, strict=True) if not os.path.exists(source)]
    if missing:
        raise DataError(
            f"{where} names {plural(len(missing), 'file')} that {'does' if len(missing) == 1 else 'do'} not exist.",
            f"Missing: {join_names(printable(path) for path in missing)}.",
            "Paths must be absolute, or relative to the folder of the table.",
        )


def _read_text(table: Path, where: str) -> str:
    data = _read_bytes(table, where)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        guess = " It looks like UTF-16." if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
        raise DataError(
            f"{where} is not UTF-8 text.",
            f"The first wrong byte stands in line {line}.{guess}",
            "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
        ) from error


def _read_bytes(table: Path, where: str) -> bytes:
    try:
        return table.read_bytes()
    except OSError as error:
        raise DataError(f"{where} cannot be opened.", f"{error.strerror}.", "Check its permissions.") from error


def _read_delimited(table: Path, where: str) -> dict[str, list[Any]]:
    text = _read_text(table, where)
    header = text.split("\n", 1)[0]
    # Spreadsheets write semicolons where the comma is the decimal mark.
    comma = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if table.suffix.lower() == ".tsv" else comma)
    try:
        names = next(reader, [])
        rows = []
        for row in reader:
            if len(row) > len(names):
                raise DataError(
                    f"{where} has {len(row)} cells in line {reader.line_num}.",
                    f"Its header has {plural(len(names), 'column')}.",
                    "Put a cell that contains the separator into double quotes.",
                )
            if row:
                rows.append(row + [""] * (len(names) - len(row)))
    except csv.Error as error:
        raise DataError(
            f"{where} cannot be read.", f"Line {reader.line_num}: {error}.", "Save it again as plain CSV in UTF-8."
        ) from error
    return {name: [row[position] for row in rows] for position, name in enumerate(names)}


def _read_lines(table: Path, where: str) -> dict[str, list[Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_read_text(table, where).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise DataError(
                f"{where} has no JSON object in line {number}.",
                f"The line begins with {line[:40]!r}.",
                'Write one object per line, such as {"path": "a.jpg", "label": "rose"}.',
            )
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _read_parquet(table: Path, where: str) -> dict[str, list[Any]]:
    # Loaded here because it costs time at start and few tables are Parquet.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_table(io.BytesIO(_read_bytes(table, where)))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{where} is not a Parquet file.", f"{error}.", "Write it again.") from error
    # Lists, structures and bytes are neither a path nor a name; to turn them into Python objects would cost memory.
    return {
        field.name: columns.column(position).to_pylist()
        for position, field in enumerate(columns.schema)
        if not (
            pa.types.is_nested(field.type) or pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)
        )
    }


_READERS: dict[str, Callable[[Path, str], dict[str, list[Any]]]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".jsonl": _read_lines,
    ".parquet": _read_parquet,
}
TABLE_SUFFIXES = tuple(_READERS)
