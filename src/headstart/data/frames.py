"""Columns in memory: data frames of any library, mappings of columns, lists of rows, mappings from classes or parts."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.data.columns import (
    Columns,
    TableOptions,
    cell_text,
    find_columns,
    missing_column,
    parse_splits,
    require_cells,
)
from headstart.data.containers import holds_items
from headstart.data.example import Dataset, Example, SplitName, known_label
from headstart.data.in_memory import is_example, read_pairs
from headstart.data.one_hot import find_one_hot, one_hot_labels
from headstart.data.part_names import plain_splits
from headstart.data.readers.base import suffix_of
from headstart.data.reading import is_missing, reading_from
from headstart.data.tables import TableCells, read_rows
from headstart.errors import DataError
from headstart.modalities.base import modalities_by_suffix
from headstart.runtime.findings import Finding

_THE_FRAME = Finding("data.the_frame")


def is_frame(source: object) -> bool:
    """Return whether this is a data frame of pandas or polars, or a table of Arrow."""
    named = hasattr(source, "columns") or hasattr(source, "column_names")
    return named and hasattr(source, "shape") and hasattr(source, "__getitem__")


def frame_cells(frame: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - duck-typed
    """Return the columns of a data frame by name, None where a cell is empty; raises DataError for two of one name."""
    names = [str(name) for name in getattr(frame, "column_names", None) or frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError("data.frame_columns_twice", names=twice)
    if hasattr(frame, "iloc"):
        columns = [frame.iloc[:, place] for place in range(len(names))]
    else:
        columns = [frame[place] if hasattr(frame, "column_names") else frame[name] for place, name in enumerate(names)]
    return {name: _cells(column) for name, column in zip(names, columns, strict=True)}


def read_cells_in_memory(
    cells: Mapping[str, Sequence[Any]],
    options: TableOptions = TableOptions(),  # noqa: B008 - frozen
    name: str = "data",
) -> Dataset:
    """Read a dataset from columns: those of paths, or of examples, of labels, splits and groups; or rows of numbers.

    Raises
    ------
    DataError
        When a column is missing, or has empty cells.

    Examples
    --------
    >>> read_cells_in_memory({"path": ["a.png", "b.png"], "label": ["cat", "dog"]}).classes
    ('cat', 'dog')
    """
    lengths = {len(column) for column in cells.values()}
    if len(lengths) > 1:
        raise DataError("data.frame_lengths", lengths=[len(column) for column in cells.values()])
    if not cells or not max(lengths):
        raise DataError("data.empty_dataset")
    columns = find_columns(_THE_FRAME, cells, options, lambda path: os.path.isfile(_in(options.folder, path)))
    if columns.text or (not options.path_column and not _names_examples(columns, cells, options.folder)):
        vectors = {column: _as_vectors(values) for column, values in cells.items()}
        dataset = read_rows(name, _THE_FRAME, TableCells(vectors), columns)
        if dataset is not None:
            return dataset
    if not columns.path:
        raise missing_column(_THE_FRAME, "path", cells)
    paths = cells[columns.path]
    empty = [str(row) for row, value in enumerate(paths) if is_missing(value)]
    if empty:
        raise DataError("data.empty_cells", where=_THE_FRAME, count=len(empty), column=columns.path, rows=empty)
    paths = [_in(options.folder, path) if isinstance(path, (str, os.PathLike)) else path for path in paths]
    hot = [] if columns.label else find_one_hot(cells, columns.unused)
    labels = cells[columns.label] if columns.label else one_hot_labels(cells, hot) if hot else None
    return _with_columns(read_pairs(paths, labels, name), columns, cells)


def read_rows_in_memory(
    rows: Sequence[Mapping[Any, Any]],
    options: TableOptions = TableOptions(),  # noqa: B008 - frozen
    name: str = "data",
) -> Dataset:
    """Read a dataset from rows that are mappings from columns to cells; raises as :func:`read_cells_in_memory`."""
    names = dict.fromkeys(key for row in rows for key in row)
    return read_cells_in_memory({str(key): [row.get(key) for row in rows] for key in names}, options, name)


def read_mapping(source: Mapping[Any, Any], options: TableOptions, read: Callable[[Any], Dataset]) -> Dataset:
    """Read a dataset from a mapping: of parts, of columns, from classes to their examples, or from paths to labels.

    ``read`` reads whatever holds examples. Raises DataError when it is none of these.
    """
    parts = {str(key): part for key, part in source.items()}
    if parts and len(plain_splits(parts)) == len(parts):
        return read_parts({key: read(part) for key, part in parts.items()})
    if parts and all(suffix_of(key) in modalities_by_suffix() for key in parts):
        return read_pairs(list(source), list(parts.values()))
    if any(getattr(part, "ndim", 0) > 2 and is_example(part) for part in parts.values()):
        raise DataError("data.no_dataset", kind=type(source).__name__)
    if parts and all(map(holds_items, parts.values())):
        cells = {key: _cells(part) for key, part in parts.items()}
        found = find_columns(_THE_FRAME, list(cells), options)
        if found.path or found.label or not all(is_example(cell) for column in cells.values() for cell in column[:1]):
            return read_cells_in_memory(cells, options)
    if parts and all(holds_items(part) or isinstance(part, (str, os.PathLike)) for part in parts.values()):
        return _labelled({key: read(part) for key, part in parts.items()})
    raise DataError("data.no_dataset", kind=type(source).__name__)


def read_parts(parts: Mapping[str, Dataset]) -> Dataset:
    """Join the parts of a dataset, by the words for them; raises DataError for parts of several kinds."""
    splits = plain_splits(parts)
    return _joined(
        {key: tuple(replace(one, split=splits[key]) for one in part.examples) for key, part in parts.items()}, parts
    )


def _labelled(parts: Mapping[str, Dataset]) -> Dataset:
    """Join datasets that are named by their class."""
    return _joined(
        {key: tuple(replace(one, targets=known_label(key)) for one in part.examples) for key, part in parts.items()},
        parts,
    )


def _joined(examples: Mapping[str, tuple[Example, ...]], parts: Mapping[str, Dataset]) -> Dataset:
    kinds = dict.fromkeys(part.modality for part in parts.values())
    if len(kinds) > 1:
        counts = [Finding("data.kind_count", {"number": len(part), "kind": part.modality}) for part in parts.values()]
        raise DataError("data.several_kinds", where=Finding("data.the_list"), counts=counts)
    # An example is called by its number, or by its path below its folder: two of the parts may have the same.
    named = (
        replace(one, name=f"{key}/{one.name}") if one.name.startswith("#") or parts[key].root is not None else one
        for key, several in examples.items()
        for one in several
    )
    notices = tuple(dict.fromkeys(notice for part in parts.values() for notice in part.notices))
    return Dataset("data", tuple(named), notices=notices, modality=next(iter(kinds)))


def _with_columns(dataset: Dataset, columns: Columns, cells: Mapping[str, Sequence[Any]]) -> Dataset:
    """Set splits and groups from their columns."""
    splits: Sequence[SplitName | None] = [None] * len(dataset)
    if columns.split:
        words = require_cells(_THE_FRAME, columns.split, cells[columns.split], range(len(dataset)))
        splits = parse_splits(_THE_FRAME, words, columns.split)
    groups = [cell_text(cell) for cell in cells[columns.group]] if columns.group else [None] * len(dataset)
    examples = tuple(
        replace(example, split=split, group=group)
        for example, split, group in zip(dataset.examples, splits, groups, strict=True)
    )
    return replace(dataset, examples=examples, notices=(*dataset.notices, *columns.notices()))


def _cells(column: Any) -> list[Any]:  # noqa: ANN401 - a column of any library
    """List the cells of a column; None for what a library puts for an empty one."""
    with reading_from(column):
        method = next((name for name in ("to_pylist", "to_list") if hasattr(column, name)), None)
        return [None if is_missing(cell) else cell for cell in (getattr(column, method)() if method else column)]


def _names_examples(columns: Columns, cells: Mapping[str, Sequence[Any]], folder: str) -> bool:
    """Return whether the first row has an example, or the path of one that is there."""
    first = cells[columns.path][0] if columns.path else None
    return os.path.exists(_in(folder, first)) if isinstance(first, (str, os.PathLike)) else first is not None


def _in(folder: str, path: str | os.PathLike[str]) -> str:
    return os.path.join(os.path.expanduser(folder), os.path.expanduser(os.fsdecode(path)))


def _as_vectors(column: Sequence[Any]) -> Any:  # noqa: ANN401 - cells, or an array of vectors
    """Return a column of lists of numbers as an array, as tables of files do; any other as it is."""
    if not all(isinstance(cell, (list, tuple, np.ndarray)) for cell in column):
        return column
    try:
        array = np.asarray(column, dtype=np.float32)
    except (TypeError, ValueError):
        return column
    return array if array.ndim == 2 else column
