"""Objects that hold examples, listed item by item: data sets of torch and what wraps them, loaders, series, generators.

All of them are known by their shape: the libraries they come from are never imported here.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from headstart.data.label_values import class_of
from headstart.data.name_checks import natural_key
from headstart.data.reading import reading_from
from headstart.errors import DataError

_WRAPPED = ("dataset", "subset")  # where a data set that wraps another one usually keeps it


@dataclass(frozen=True, slots=True)
class _Indexed:
    """Items that are fetched by their number."""

    count: int
    fetch: Callable[[int], Any]


def holds_items(source: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Return whether :func:`list_items` may find items in it, rather than it being an item itself."""
    if isinstance(source, (str, bytes, bytearray, memoryview, Number, type)) or is_file(source):
        return False
    return isinstance(source, Iterable) or hasattr(source, "__getitem__") or _is_loader(source)


def is_file(source: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Return whether this is an open file, or an upload that can be read as one.

    Examples
    --------
    >>> import io
    >>> is_file(io.BytesIO()), is_file("a.png")
    (True, False)
    """
    return callable(getattr(source, "read", None)) and not hasattr(source, "shape")


def list_items(source: Any) -> list[Any]:  # noqa: ANN401 - whatever the user gives
    """List the items of an object, each fetched once; labels that are numbers become the class names it knows.

    Data sets of torchvision that list their files give these, unread and without transforms, also through ``Subset``,
    ``ConcatDataset`` and loaders.

    Raises
    ------
    DataError
        When the object raises anything while it is read, or an item is a bare number or nothing.

    Examples
    --------
    >>> list_items(zip(["a.png", "b.png"], ["cat", "dog"]))
    [('a.png', 'cat'), ('b.png', 'dog')]
    """
    with reading_from(source):
        return list(_items_of(source))


def _items_of(source: Any) -> Iterable[Any]:  # noqa: ANN401 - whatever the user gives
    found = _open(source)
    if found is not None:
        items: Iterable[Any] = (found.fetch(number) for number in range(found.count))
    else:
        items = source.dataset if _is_loader(source) else source
        items = sorted(items, key=lambda item: natural_key(str(item))) if isinstance(items, Set) else items
    for number, item in enumerate(items):
        if item is None or (isinstance(item, (Number, np.generic)) and not isinstance(item, (np.str_, np.bytes_))):
            raise DataError("data.odd_item", name=f"#{number}", kind=type(item).__name__)
        yield item


def _open(source: Any) -> _Indexed | None:  # noqa: ANN401 - whatever the user gives
    """Find items that have numbers; None for what can only be walked through."""
    if _is_loader(source):
        return _chosen(source.dataset, getattr(getattr(source, "sampler", None), "indices", None))
    if hasattr(source, "dataset") and hasattr(source, "indices"):
        return _chosen(source.dataset, source.indices)
    if hasattr(source, "datasets") and hasattr(source, "cumulative_sizes"):
        return _chained(source.datasets)
    if not hasattr(source, "__len__") or not hasattr(source, "__getitem__") or hasattr(source, "iloc"):
        return None  # the items of a series have names of their own, which need not be their places
    samples = getattr(source, "samples", None)
    listed = isinstance(samples, Sequence) and len(samples) == len(source)
    fetch = samples.__getitem__ if listed and samples is not None else source.__getitem__
    names = _class_names(source)
    if names is None:
        return _Indexed(len(source), fetch)
    known = names
    return _Indexed(len(source), lambda number: _named(fetch(number), known, number))


def _chosen(source: Any, indices: Iterable[Any] | None) -> _Indexed | None:  # noqa: ANN401 - as _open
    found = _open(source)
    if indices is None or found is None:
        return found
    places, fetch = [int(index) for index in indices], found.fetch
    return _Indexed(len(places), lambda number: fetch(places[number]))


def _chained(sources: Iterable[Any]) -> _Indexed | None:
    parts = [part for part in map(_open, sources) if part is not None]
    places = [(part, number) for part in parts for number in range(part.count)]
    return _Indexed(len(places), lambda number: places[number][0].fetch(places[number][1]))


def _is_loader(source: Any) -> bool:  # noqa: ANN401 - as _open
    return hasattr(source, "dataset") and hasattr(source, "batch_size") and not hasattr(source, "__getitem__")


def _class_names(source: Any, depth: int = 8) -> list[Any] | None:  # noqa: ANN401 - as _open
    """Find the names of classes that a data set, or one that it wraps, brings; None where there are none."""
    names = getattr(source, "classes", None)
    if isinstance(names, (list, tuple, np.ndarray)) and len(names):
        return list(names)
    inner = next((getattr(source, name) for name in _WRAPPED if hasattr(source, name)), None)
    return None if inner is None or not depth else _class_names(inner, depth - 1)


def _named(item: Any, names: Sequence[Any], number: int) -> Any:  # noqa: ANN401 - an item of the user's object
    if is_pair(item):
        return item[0], class_of(item[1], names, f"#{number}")
    return item


def is_pair(item: Any) -> bool:  # noqa: ANN401 - an item of the user's object
    """Return whether an item may be an example and its label."""
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        return False
    missing = isinstance(item[0], float) and math.isnan(item[0])  # pandas' way to write that nothing is there
    return not isinstance(item[0], Number) or (missing and isinstance(item[1], str))


def is_columns(source: Any, is_example: Callable[[Any], bool]) -> bool:  # noqa: ANN401 - whatever the user gives
    """Return whether this is (examples, labels), as scikit-learn calls them, rather than two examples or two pairs.

    ``is_example`` tells an example for sure: where that settles nothing, two lists are taken for examples and labels,
    two tuples for pairs.
    """
    if not isinstance(source, (tuple, list)) or len(source) != 2 or not all(map(_is_column, source)):
        return False
    examples, labels = source
    if getattr(labels, "ndim", 1) > 2 or (isinstance(source, list) and any(map(is_example, source))):
        return False
    if hasattr(examples, "ndim") or not all(map(is_pair, source)):
        return isinstance(source, tuple) or len(examples) == len(labels)
    pairs = all(is_example(part[0]) and not is_example(part[1]) for part in source)
    columns = all(map(is_example, examples)) and not any(map(is_example, labels))
    return columns or (not pairs and isinstance(source, tuple) and isinstance(examples, list))


def _is_column(part: Any) -> bool:  # noqa: ANN401 - as is_columns
    return holds_items(part) and not isinstance(part, Mapping) and getattr(part, "ndim", 1) > 0
