"""Datasets of the Hugging Face library, known by their shape: that library is never imported here."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from headstart.data.columns import Columns, TableOptions, cell_text, find_columns, missing_column
from headstart.data.example import Dataset, Example, SplitName, known_label
from headstart.data.label_values import class_of
from headstart.data.part_names import plain_splits
from headstart.data.readers.base import Deferred
from headstart.data.tables import TableCells, read_rows
from headstart.errors import DataError
from headstart.runtime.findings import Finding

_WHERE = Finding("data.the_dataset")


def is_hub_dataset(source: object) -> bool:
    """Return whether this is a ``datasets.Dataset`` or a ``datasets.DatasetDict``."""
    if isinstance(source, Mapping):
        return bool(source) and all(is_hub_dataset(part) for part in source.values())
    return all(hasattr(source, name) for name in ("features", "column_names", "cast_column"))


def read_hub_dataset(
    source: Any,  # noqa: ANN401 - duck-typed
    options: TableOptions = TableOptions(),  # noqa: B008 - frozen
    name: str = "data",
) -> Dataset:
    """Read a dataset from a ``datasets.Dataset``, or from a ``datasets.DatasetDict``, whose keys become the splits.

    The column of type ``Image`` holds the pictures (otherwise one with a usual name for paths); a ``ClassLabel`` brings
    the class names. Pictures are fetched when they are needed, as the stored bytes. Without either, rows are examples
    as those of any table.

    Raises
    ------
    DataError
        When a column is missing, a label is missing, or the dataset is empty or streamed.
    """
    parts: dict[str, Any] = dict(source) if isinstance(source, Mapping) else {"": source}
    splits = plain_splits(parts)
    known = {key: part for key, part in parts.items() if not key or key in splits}
    notices = []
    if len(known) < len(parts):
        others = [key for key in parts if key not in known]
        if not known:
            raise DataError("data.no_known_split", names=others)
        notices.append(Finding("data.hub_splits", {"names": others, "count": len(others)}))
    read = [_read_part(part, _find(part, options), key, splits.get(key)) for key, part in known.items()]
    examples = tuple(example for part in read for example in part.examples)
    if not examples:
        raise DataError("data.empty_dataset")
    notices += dict.fromkeys(notice for part in read for notice in part.notices)
    return Dataset(name, examples, notices=tuple(notices), modality=read[0].modality)


def _find(part: Any, options: TableOptions) -> Columns:  # noqa: ANN401 - duck-typed
    """Find the columns, by type before name."""
    if not hasattr(part, "__len__"):
        raise DataError("data.streamed")
    names = list(part.column_names)
    columns = find_columns(_WHERE, names, options)
    typed = [name for name in names if type(part.features[name]).__name__ == "Image"]
    path = typed[0] if typed and columns.path not in typed and not options.path_column else columns.path
    labels = [name for name in names if type(part.features[name]).__name__ == "ClassLabel" and name != options.group_by]
    label = columns.label or (labels[0] if len(labels) == 1 else "")
    if not label and labels:
        raise DataError("data.several_labels", names=labels)
    used = (path, label, columns.group)
    unused = tuple(name for name in names if name not in used)
    return replace(columns, path=path, label=label, split="", unused=unused)


def _read_part(part: Any, columns: Columns, key: str, split: SplitName | None) -> Dataset:  # noqa: ANN401
    dataset = _read_files(part, columns, key) if columns.path and not columns.text else _read_rows(part, columns, key)
    named = (replace(one, name=f"{key}/{one.name}" if key else one.name, split=split) for one in dataset.examples)
    return replace(dataset, examples=tuple(named))


def _read_rows(part: Any, columns: Columns, key: str) -> Dataset:  # noqa: ANN401 - duck-typed
    cells = {name: list(part[name]) for name in part.column_names}
    if columns.label:
        cells[columns.label] = list(_labels(part, columns.label, key))
    dataset = read_rows("", _WHERE, TableCells(cells), columns)
    if dataset is None:
        raise missing_column(_WHERE, "image", part.column_names)
    return dataset


def _read_files(part: Any, columns: Columns, key: str) -> Dataset:  # noqa: ANN401 - duck-typed
    labels = _labels(part, columns.label, key) if columns.label else [None] * len(part)
    groups = [cell_text(value) for value in part[columns.group]] if columns.group else [None] * len(part)
    kind = part.features[columns.path]
    stored = part.cast_column(columns.path, type(kind)(decode=False)) if type(kind).__name__ == "Image" else part
    lock = threading.Lock()
    examples = (
        Example(
            Deferred(partial(_fetch, stored, columns.path, number, lock)),
            f"#{number}",
            known_label(label),
            group=group,
        )
        for number, (label, group) in enumerate(zip(labels, groups, strict=True))
    )
    return Dataset("", tuple(examples), notices=tuple(columns.notices()))


def _labels(part: Any, column: str, key: str) -> Sequence[str]:  # noqa: ANN401 - duck-typed
    names = getattr(part.features[column], "names", None)
    values = list(part[column])
    # -1 is how published test sets say that the label is kept secret.
    missing = [number for number, value in enumerate(values) if cell_text(value) is None or value == -1]
    if missing:
        raise DataError(
            "data.hub_without_labels",
            missing=len(missing),
            values=len(values),
            part=Finding("data.in_part", {"name": key}) if key else "",
            names=[f"#{number}" for number in missing],
        )
    return [
        str(value if names is None else class_of(value, names, f"#{number}")) for number, value in enumerate(values)
    ]


def _fetch(stored: Any, column: str, number: int, lock: threading.Lock) -> Any:  # noqa: ANN401 - duck-typed
    """Return the bytes or the path of one picture; one thread at a time, because the library does not promise more."""
    with lock:
        value = stored[number][column]
    if isinstance(value, dict):
        return value["path"] if value.get("bytes") is None else value["bytes"]
    return value
