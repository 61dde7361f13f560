"""Columns that are one class each: a one in the column of the class, zeros in the others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

YES, NO = {"true", "yes", "1", "1.0", "1,0"}, {"false", "no", "0", "0.0", "0,0"}


def find_one_hot(cells: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the columns of which each row has a one in exactly one, and zeros in the others; [] where none are such.

    Examples
    --------
    >>> find_one_hot({"disc": ["1", "0"], "square": ["0", "1"], "note": ["", ""]}, ["disc", "square", "note"])
    ['disc', 'square']
    """
    flags = {name: [_flag(cell) for cell in cells[name]] for name in names if getattr(cells[name], "ndim", 1) == 1}
    found = {name: column for name, column in flags.items() if column and None not in column}
    for columns in (found, {name: column for name, column in found.items() if not all(column)}):
        ones = {sum(map(bool, row)) for row in zip(*columns.values(), strict=True)}
        if len(columns) > 1 and ones == {1}:
            return list(columns)
    return []


def one_hot_labels(cells: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """Return for each row the name of the column with its one."""
    rows = zip(*(map(_flag, cells[name]) for name in columns), strict=True)
    return [columns[row.index(True)] for row in rows]


def _flag(cell: object) -> bool | None:
    text = str(cell).strip().casefold()
    return True if text in YES else False if text in NO else None
