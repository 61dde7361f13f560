"""Rows of numbers: a table, one example a row. Columns of words are kept as words; vectors are several columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Singles
from headstart.data.readers.base import NO_KEY, Facts, Rows
from headstart.errors import DataError, ExampleError
from headstart.runtime.findings import NOTE, Finding

Numbers = Singles

SIZES = ("columns", "missing")
SUFFIXES = (".npy",)  # of files of numbers alone: the words about them stand in a table of the same name
TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
NOT_NUMBERS = {"", "id", "index", "unnamed: 0", "sha256", "part"}  # columns that number the rows, or were for people
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
MOST_WORDS = 50  # different words of a column that is taken for a category
FEW_WORDS = 10  # so many are always: of a few new rows each may have another
_FILE = re.compile(r"[/\\]|\.\w{2,5}$")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_PART = re.compile(r"(.*?)[._]?(\d+)")


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Rows of numbers (N, M), NaN where one is missing, with the names of their columns; and columns of words."""

    numbers: Numbers
    names: tuple[str, ...]
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Columns of numbers by the vector they are part of; one that is part of none stands for itself.

        Examples
        --------
        >>> VectorTable(np.zeros((1, 3), np.float32), ("age", "clip_0", "clip_1")).groups
        {'age': ('age',), 'clip': ('clip_0', 'clip_1')}
        """
        found: dict[str, list[str]] = {}
        for name in self.names:
            part = _PART.fullmatch(name)
            found.setdefault((part[1] or "vector") if part else name, []).append(name)
        whole = {vector: tuple(names) for vector, names in found.items() if len(names) > 1 or vector in names}
        return {group: names for group, names in whole.items()} | {
            names[0]: tuple(names) for vector, names in found.items() if vector not in whole
        }


@dataclass(frozen=True, slots=True)
class VectorRow:
    """One row of a table."""

    table: VectorTable
    number: int

    @property
    def numbers(self) -> Numbers:
        """The numbers of the row, (M,)."""
        row: Numbers = self.table.numbers[self.number]
        return row

    @property
    def words(self) -> dict[str, str]:
        """The words of the row, by column; "" where one is missing."""
        return {name: column[self.number] for name, column in self.table.words.items()}


def is_one(source: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Distinguish a row in memory: an array of one dimension, a mapping from columns to cells, or a row of a table."""
    return isinstance(source, (VectorRow, Mapping)) or getattr(source, "ndim", 0) == 1


def adopt(value: Any, where: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Create a row of an array of one dimension or of a mapping from columns to cells; raises DataError."""
    if isinstance(value, VectorRow):
        return value
    if isinstance(value, Mapping):
        rows = find_rows(where, {str(name): [cell] for name, cell in value.items()}, named=False, strict=True)
        if rows is not None:
            return rows.sources[0]
    array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.number):
        raise DataError("data.no_vector", name=where)
    return VectorRow(VectorTable(array.astype(np.float32)[None], places(len(array))), 0)


def places(count: int) -> tuple[str, ...]:
    """Name columns that have no names by their places."""
    return tuple(map(str, range(count)))


def read_cells(path: Path, where: Finding) -> dict[str, Any]:
    """Read a file of numbers (N, D) as a column of vectors; raises DataError."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError("data.no_array", where=where, reason=str(error)) from error
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.number):
        raise DataError("data.vectors_shape", where=where, shape=str(array.shape), kind=str(array.dtype))
    return {"vector": array}


def find_rows(
    where: object, cells: Mapping[str, Any], *, named: bool, text_column: str = "", strict: bool = False
) -> Rows | None:
    """Create a row of each line of a table's cells; None for a table that is not of rows.

    ``named`` says that the table names files: then only vectors make it one of rows, not any number about the files.
    ``strict`` takes every column for numbers or words, as of a single row.
    """
    if text_column:
        return None
    columns = {name: column for name, column in cells.items() if name.strip().casefold() not in NOT_NUMBERS}
    vectors = [name for name, column in columns.items() if getattr(column, "ndim", 1) == 2 or name == "0"]
    if named and not vectors:
        return None
    blocks, names, words, left = [], list[str](), dict[str, list[str]](), list[str]()
    for name, column in columns.items():
        block = _numbers(column)
        if block is not None:
            blocks.append(block)
            names += [name] if block.shape[1] == 1 else [f"{name}.{place}" for place in range(block.shape[1])]
            continue
        said = ["" if _is_missing(cell) else str(cell) for cell in column]
        if strict or len({*said} - {""}) <= min(MOST_WORDS, max(FEW_WORDS, len(said) // 2)):
            words[name] = said
        else:
            left.append(name)
    if not blocks and (not words or any(_FILE.search(cell) for column in words.values() for cell in column[:1])):
        return None  # names of files, in a column that is not called so
    count = len(next(iter(cells.values())))
    numbers = np.concatenate([*blocks, np.empty((count, 0), np.float32)], axis=1)
    table = VectorTable(np.ascontiguousarray(numbers), tuple(names), words)
    told = (Finding("data.columns_left_out", {"names": left}),) if left else ()
    return Rows([VectorRow(table, number) for number in range(count)], left, told)


def cells_of(source: Any) -> dict[str, object]:  # noqa: ANN401 - a row
    """Return the cells of a row by column, nothing where one is missing; nine digits hold every float32."""
    row: VectorRow = source
    numbers = ("" if np.isnan(number) else f"{number:.9g}" for number in row.numbers)
    return {**dict(zip(row.table.names, numbers, strict=True)), **row.words}


def inspect_example(source: Any, name: str = "") -> Facts:  # noqa: ANN401 - a row
    """Count the columns of a row and the cells that are missing."""
    row: VectorRow = source
    numbers, words = row.numbers, row.words
    missing = int(np.isnan(numbers).sum()) + sum(not word for word in words.values())
    sizes = (len(numbers) + len(words), missing)
    if np.isinf(numbers).any():
        return Facts(NO_KEY, sizes, Finding("data.holds_infinite"))
    if missing == sizes[0]:
        return Facts(NO_KEY, sizes, Finding("data.all_empty"))
    return Facts(content_key(row), sizes)


def open_example(source: Any, name: str = "") -> VectorRow:  # noqa: ANN401 - a row
    """Return the row; raises ExampleError for what is none, or for an infinite number."""
    if not isinstance(source, VectorRow):
        raise ExampleError("data.no_row", name=name, kind=type(source).__name__)
    if np.isinf(source.numbers).any():
        raise ExampleError("data.infinite", name=name)
    return source


def content_key(source: Any) -> bytes:  # noqa: ANN401 - a row
    """Digest names and cells of a row, 32 bytes."""
    row: VectorRow = source
    start = repr((row.table.names, row.words)).encode()
    return sha256(b"headstart vectors " + start + np.ascontiguousarray(row.numbers).tobytes()).digest()


def size_line(summary: dict[str, list[int]]) -> Finding:
    """Return a sentence on how many columns there are, and how many cells of a row are missing."""
    (low, _, high), (_, middle, most) = summary["columns"], summary["missing"]
    values = {"low": low, "high": high, "most": most, "middle": middle}
    code = "data.columns_from" if low != high else "data.columns_all" if most else "data.columns_full"
    return Finding(code, values, NOTE)


def _numbers(column: Any) -> Numbers | None:  # noqa: ANN401 - cells of any kind
    """Turn a column into numbers (N, D), NaN where one is missing; None for one that holds words."""
    if getattr(column, "ndim", 1) == 2:
        return np.asarray(column, dtype=np.float32)
    try:
        return np.array([np.nan if _is_missing(cell) else float(cell) for cell in column], dtype=np.float32)[:, None]
    except (TypeError, ValueError):
        texts = ["" if _is_missing(cell) else str(cell).strip() for cell in column]
    filled = [text for text in texts if text]
    # Where the comma is the decimal mark, the point may divide thousands; three digits behind each comma may be either.
    if not all(map(_DECIMAL_COMMA.fullmatch, filled)) or all(map(_THOUSANDS.fullmatch, filled)):
        return None
    plain = [text.replace(".", "").replace(",", ".") if text else "nan" for text in texts]
    return np.array(plain, dtype=np.float32)[:, None]


def _is_missing(cell: Any) -> bool:  # noqa: ANN401 - a cell of any kind
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in MISSING)
