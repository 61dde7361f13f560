"""Datasets in memory: pairs of picture and label, objects that yield such pairs, lists of pictures."""

import operator
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from headstart.data.columns import cell_text
from headstart.data.example import Dataset, Example, known_label
from headstart.data.name_checks import join_names, plural, printable
from headstart.errors import DataError


def read_pairs(images: Iterable[Any], labels: Iterable[Any] | None, name: str = "data") -> Dataset:
    """Make a dataset from pictures and their labels.

    Parameters
    ----------
    images
        Paths, bytes, PIL images, arrays or tensors, in any mixture.
    labels
        One for each picture: text, or numbers, which become text; or None when they are not known.

    Raises
    ------
    DataError
        When there are no pictures, the lengths differ, or a label is missing.

    Examples
    --------
    >>> read_pairs(["a.png", "b.png"], [10, 9]).classes
    ('9', '10')
    """
    pictures = [as_picture(image, f"#{number}") for number, image in enumerate(images)]
    if not pictures:
        raise DataError("There are no pictures.", "The list is empty.", "Give at least one picture.")
    names = [
        printable(os.fspath(picture)) if isinstance(picture, (str, os.PathLike)) else f"#{number}"
        for number, picture in enumerate(pictures)
    ]
    texts = [None] * len(pictures) if labels is None else _label_texts(labels, len(pictures))
    return Dataset(name, tuple(map(Example, pictures, names, map(known_label, texts))))


def read_items(items: Any, name: str = "data") -> Dataset:  # noqa: ANN401 - any object with __len__ and __getitem__
    """Make a dataset from an object whose items are pictures, or pairs of a picture and its label.

    Numbers become class names through the object's ``classes``, as in torchvision. An object that lists its files in
    ``samples``, as torchvision's folders do, is read file by file when needed, without its own transforms. Any other
    object is read once, here, item after item, and its pictures are kept in memory.

    Raises
    ------
    DataError
        When it is empty, its items are no pictures, or a label is missing or has no name.
    """
    samples = getattr(items, "samples", None)
    if isinstance(samples, list) and len(samples) == len(items):
        items_read: list[Any] = samples
    else:
        items_read = [items[number] for number in range(len(items))]
    if not items_read:
        raise DataError("There are no pictures.", "The dataset is empty.", "Give at least one picture.")
    if not all(isinstance(item, (tuple, list)) and len(item) == 2 for item in items_read):
        return read_pairs(items_read, None, name)
    names = getattr(items, "classes", None)
    labels = [label for _, label in items_read]
    if names is not None:
        labels = [class_of(label, names, f"#{number}") for number, label in enumerate(labels)]
    return read_pairs([image for image, _ in items_read], labels, name)


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
        raise DataError(
            f"The label {number} of picture '{where}' has no name.",
            f"The dataset names {plural(len(names), 'class', 'classes')}: {join_names(map(str, names))}.",
            "Correct the label, or leave the picture out.",
        )
    return names[number]


def as_picture(value: Any, where: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Make a picture of a tensor: (channels, height, width) is turned round, floating point becomes uint8.

    Everything that has no ``numpy`` method stays as it is.

    Raises
    ------
    DataError
        When the values are floating point outside 0 to 1.
    """
    if isinstance(value, np.str_):
        return str(value)
    if not hasattr(value, "numpy"):
        return value
    array = np.asarray((value.detach().cpu() if hasattr(value, "detach") else value).numpy())
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    elif array.ndim == 3 and array.shape[0] in (1, 3, 4) and hasattr(value, "detach"):
        array = array.transpose(1, 2, 0)  # torch's order, where the shape alone does not tell
    if not np.issubdtype(array.dtype, np.floating):
        return array
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):
        raise DataError(
            f"The values of picture '{where}' lie outside 0 to 1.",
            f"They go from {low:g} to {high:g}.",
            "Leave normalisation out of the dataset's transforms; the encoder brings its own.",
        )
    return np.rint(array * 255).astype(np.uint8)


def _label_texts(labels: Iterable[Any], count: int) -> list[str]:
    values = [label.item() if hasattr(label, "item") else label for label in labels]
    if len(values) != count:
        raise DataError(
            f"There are {plural(count, 'picture')} but {plural(len(values), 'label')}.",
            "Every picture needs one label.",
            "Give two lists of the same length.",
        )
    texts = [cell_text(value) for value in values]
    missing = [f"#{number}" for number, text in enumerate(texts) if text is None]
    if missing:
        raise DataError(
            f"{plural(len(missing), 'picture has', 'pictures have')} no label.",
            f"Missing: {join_names(missing)}.",
            "Give a label, or leave these pictures out.",
        )
    return [text for text in texts if text is not None]
