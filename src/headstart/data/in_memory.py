"""Datasets in memory: pairs of example and label, objects that yield such pairs, lists of examples."""

import operator
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from headstart.data.columns import cell_text
from headstart.data.example import Dataset, Example, known_label
from headstart.data.name_checks import printable
from headstart.data.readers.base import one_modality, reader_of
from headstart.errors import DataError
from headstart.runtime.findings import Finding


def read_pairs(sources: Iterable[Any], labels: Iterable[Any] | None, name: str = "data") -> Dataset:
    """Read a dataset from examples and their labels.

    Parameters
    ----------
    sources
        Paths, bytes, arrays, tensors or whatever else a reader opens, in any mixture of one modality.
    labels
        One for each example: text, or numbers, which become text; or None when they are not known.

    Raises
    ------
    DataError
        When there are no examples, or of several modalities, the lengths differ, or a label is missing.

    Examples
    --------
    >>> read_pairs(["a.png", "b.png"], [10, 9]).classes
    ('9', '10')
    """
    given = list(sources)
    if not given:
        raise DataError("data.empty_list")
    modality = one_modality(given, Finding("data.the_list"))
    adopted = [adopt(source, f"#{number}", modality) for number, source in enumerate(given)]
    names = [
        printable(os.fspath(source)) if isinstance(source, (str, os.PathLike)) else f"#{number}"
        for number, source in enumerate(adopted)
    ]
    texts = [None] * len(adopted) if labels is None else _label_texts(labels, len(adopted))
    return Dataset(name, tuple(map(Example, adopted, names, map(known_label, texts))), modality=modality)


def read_items(items: Any, name: str = "data") -> Dataset:  # noqa: ANN401 - any object with __len__ and __getitem__
    """Read a dataset from an object whose items are examples, or pairs of an example and its label.

    Numbers become class names through the object's ``classes``, as in torchvision. An object that lists its files in
    ``samples``, as torchvision's folders do, is read file by file when needed, without its own transforms. Any other
    object is read once, here, item after item, and its examples are kept in memory.

    Raises
    ------
    DataError
        When it is empty, its items are no examples, or a label is missing or has no name.
    """
    samples = getattr(items, "samples", None)
    if isinstance(samples, list) and len(samples) == len(items):
        items_read: list[Any] = samples
    else:
        items_read = [items[number] for number in range(len(items))]
    if not items_read:
        raise DataError("data.empty_dataset")
    if not all(isinstance(item, (tuple, list)) and len(item) == 2 for item in items_read):
        return read_pairs(items_read, None, name)
    names = getattr(items, "classes", None)
    labels = [label for _, label in items_read]
    if names is not None:
        labels = [class_of(label, names, f"#{number}") for number, label in enumerate(labels)]
    return read_pairs([source for source, _ in items_read], labels, name)


def class_of(label: Any, names: Sequence[Any], where: str) -> Any:  # noqa: ANN401 - whatever the user's object gives
    """Turn a class number into the class name; anything but a whole number stays as it is.

    Raises
    ------
    DataError
        When there is no class of that number.

    Examples
    --------
    >>> class_of(1, ["cat", "dog"], "#7")
    'dog'
    """
    try:
        number = operator.index(label)
    except TypeError:
        return label
    if not 0 <= number < len(names):
        raise DataError("data.label_without_name", number=number, example=where, count=len(names), names=list(names))
    return names[number]


def adopt(value: Any, where: str, modality: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Create a source of what the user gave: paths stay paths, objects become what the modality's reader opens."""
    return str(value) if isinstance(value, np.str_) else reader_of(modality).adopt(value, where)


def _label_texts(labels: Iterable[Any], count: int) -> list[str]:
    values = [label.item() if hasattr(label, "item") else label for label in labels]
    if len(values) != count:
        raise DataError(
            "data.other_lengths",
            examples=Finding("data.picture_count", {"count": count}),
            labels=Finding("data.label_count", {"count": len(values)}),
        )
    texts = [cell_text(value) for value in values]
    missing = [f"#{number}" for number, text in enumerate(texts) if text is None]
    if missing:
        raise DataError("data.items_without_label", count=len(missing), names=missing)
    return [text for text in texts if text is not None]
