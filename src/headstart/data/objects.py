"""Whatever holds examples in memory: which of the many kinds it is."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from headstart.data.columns import TableOptions
from headstart.data.containers import holds_items, is_columns, is_file, is_pair, list_items
from headstart.data.example import Dataset, Example
from headstart.data.frames import frame_cells, is_frame, read_cells_in_memory, read_mapping, read_rows_in_memory
from headstart.data.huggingface import is_hub_dataset
from headstart.data.in_memory import is_example, is_stored_file, read_items, read_pairs
from headstart.data.readers.base import reader_of
from headstart.data.reading import reading_from
from headstart.data.table_options import refuse_table_options
from headstart.errors import DataError
from headstart.modalities.base import DEFAULT

Read = Callable[..., Dataset]  # reads paths, lists of paths, and what is read here


def read_object(source: Any, options: TableOptions, read: Read) -> Dataset:  # noqa: ANN401 - whatever the user gives
    """Read a dataset from an object in memory; raises DataError when none can be made of it."""
    path = path_of(source)
    if path is not None:
        return read(path)
    if is_frame(source):
        return read_cells_in_memory(frame_cells(source), options)
    if isinstance(source, Mapping):
        return read_mapping(source, options, read)
    if not _holds_examples(source):
        raise DataError("data.no_dataset", kind=type(source).__name__)
    if isinstance(source, tuple) and len(source) == 2 and all(is_columns(part, is_example) for part in source):
        return read_mapping({"train": source[0], "test": source[1]}, options, read)
    if is_columns(source, is_example):
        return read_pairs(list_each(source[0]), source[1])
    items = list_items(source)
    if items and all(isinstance(item, Mapping) and not is_stored_file(item) for item in items):
        return read_rows_in_memory(items, options)
    if items and all(isinstance(item, (str, os.PathLike)) for item in items):
        return read(items)
    refuse_table_options(options)
    return read_items(items)


def path_of(source: Any) -> str | None:  # noqa: ANN401 - as read_object
    """Return the path that an object stands for: an open file that has a name, or an array that holds one text alone.

    Examples
    --------
    >>> path_of(np.array("flowers/")), path_of(b"bytes")
    ('flowers/', None)
    """
    if isinstance(source, np.ndarray) and source.ndim == 0 and isinstance(source.item(), str):
        return str(source.item())
    name = getattr(source, "name", None) if is_file(source) else None
    return name if isinstance(name, str) and os.path.isfile(name) else None


def list_objects(inputs: Any, modality: str, read: Read) -> Iterable[Any]:  # noqa: ANN401 - as read_object
    """List what was given to predict: examples, or what stands for one or several; labels are left out.

    Raises
    ------
    DataError
        When the object cannot be read, or holds examples of another kind.
    """
    with reading_from(inputs):
        return _list_given(inputs, modality, read)


def _list_given(inputs: Any, modality: str, read: Read) -> Iterable[Any]:  # noqa: ANN401 - as read_object
    if isinstance(inputs, str) or not holds_several(inputs, modality):
        return [inputs]
    if isinstance(inputs, (Dataset, Mapping)) or is_frame(inputs) or is_hub_dataset(inputs):
        return examples_of(read(inputs), modality)
    if is_columns(inputs, is_example):
        return _list_given(inputs[0], modality, read)
    items = list_items(inputs)
    if items and all(isinstance(item, Mapping) and not _is_one(item, modality) for item in items):
        return examples_of(read(items), modality)
    labelled = bool(items) and all(is_pair(item) for item in items)
    return [item[0] for item in items] if labelled else items


def examples_of(dataset: Dataset, modality: str) -> tuple[Example, ...]:
    """Return the examples of a dataset; raises DataError when they are of another kind."""
    if dataset.modality != modality:
        raise DataError("data.other_modality", found=dataset.modality, wanted=modality)
    return dataset.examples


def holds_several(inputs: Any, modality: str) -> bool:  # noqa: ANN401 - as read_object
    """Return whether an object in memory is a list of examples, or another object that holds some, and not just one."""
    if is_frame(inputs) or is_hub_dataset(inputs):
        return True  # though their shape is that of an array
    if isinstance(inputs, os.PathLike) or not _holds_examples(inputs):
        return False
    return not _is_one(inputs, modality)


def is_single(source: Any) -> bool:  # noqa: ANN401 - as read_object
    """Return whether this is one example for sure: its bytes, an open file, or an object that is no array.

    Examples
    --------
    >>> is_single(b"GIF89a"), is_single(["a.png"]), is_single(np.zeros((2, 2)))
    (True, False, False)
    """
    if path_of(source) is not None or isinstance(source, (str, os.PathLike)):
        return False
    if isinstance(source, (bytes, bytearray, memoryview)) or is_file(source):
        return True
    return not hasattr(source, "shape") and reader_of(DEFAULT).is_one(source)


def list_each(several: Any) -> list[Any]:  # noqa: ANN401 - as read_object
    """List examples, one for each item or row: no path is a folder or a pattern here.

    Raises
    ------
    DataError
        When there is no list of examples.

    Examples
    --------
    >>> list_each(("a.png", "b.png"))
    ['a.png', 'b.png']
    """
    with reading_from(several):
        if is_frame(several):
            cells = frame_cells(several)
            if len(cells) == 1 and all(map(is_example, *cells.values())):
                return next(iter(cells.values()))
            return [example.source for example in read_cells_in_memory(cells).examples]
    if isinstance(several, Mapping) or not _holds_examples(several):
        raise DataError("data.no_list", kind=type(several).__name__)
    return list_items(several)


def _holds_examples(source: Any) -> bool:  # noqa: ANN401 - as read_object
    return isinstance(source, Dataset) or (holds_items(source) and getattr(source, "ndim", 1) != 0)


def _is_one(source: Any, modality: str) -> bool:  # noqa: ANN401 - as read_object
    return is_stored_file(source) or reader_of(modality).is_one(source)
