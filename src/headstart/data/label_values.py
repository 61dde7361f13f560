"""Labels as people have them in memory: names, numbers, rows of one-hot codes, tensors, categories."""

import operator
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from headstart.data.columns import cell_text
from headstart.data.reading import reading_from
from headstart.errors import DataError
from headstart.modalities.base import load_modality
from headstart.registry import names as names_in
from headstart.runtime.findings import Finding


def label_texts(labels: Any, count: int) -> list[str]:  # noqa: ANN401 - whatever the user gives
    """Turn the labels of ``count`` examples into text.

    Raises
    ------
    DataError
        When their number is another, or one is missing, or is no single class.

    Examples
    --------
    >>> label_texts([[0, 1], [1, 0]], 2), label_texts([b"cat", 7], 2)
    (['1', '0'], ['cat', '7'])
    """
    values = list_labels(labels)
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


def list_labels(labels: Any) -> list[Any]:  # noqa: ANN401 - whatever the user gives
    """List labels as single values: a row of a one-hot code becomes the name of its column, or its number.

    Raises
    ------
    DataError
        When they are no list, or one of them is no single class.
    """
    if isinstance(labels, (str, bytes, Mapping)) or not isinstance(labels, Iterable):
        raise DataError("data.no_labels_list", kind=type(labels).__name__)
    with reading_from(labels):
        return _single_classes(labels)


def _single_classes(labels: Any) -> list[Any]:  # noqa: ANN401 - as list_labels
    framed = hasattr(labels, "columns") and hasattr(labels, "to_numpy")
    values = [_plain(label) for label in (labels.to_numpy() if framed else labels)]
    names = [*labels.columns] if framed else None
    wrong = [number for number, value in enumerate(values) if _is_no_label(value)]
    if wrong:
        where = [f"#{number}" for number in wrong]
        raise DataError("data.no_label_value", names=where, kind=type(values[wrong[0]]).__name__)
    if not any(isinstance(value, list) for value in values):
        return values
    if all(isinstance(value, list) and len(value) == 1 for value in values):
        return [value[0] for value in values]  # one column
    places = [hot_place(value) for value in values]
    widths = {len(value) for value in values if isinstance(value, list)}
    wrong = [number for number, place in enumerate(places) if place is None]
    if wrong or len(widths) > 1:
        raise DataError("data.no_one_hot", names=[f"#{number}" for number in wrong or range(len(values))])
    return [place if names is None or place is None else names[place] for place in places]


def hot_place(label: Any) -> int | None:  # noqa: ANN401 - whatever the user gives
    """Return where the only 1 of a one-hot code stands; None for what is no such code.

    Examples
    --------
    >>> hot_place([0, 0, 1]), hot_place([0, 1, 1]), hot_place([0, 0]), hot_place("cat")
    (2, None, None, None)
    """
    row = _plain(label)
    if not isinstance(row, list) or not all(one in (0, 1) for one in row if not isinstance(one, list)):
        return None
    return (
        row.index(1) if row.count(1) == 1 and len(row) > 1 and not any(isinstance(one, list) for one in row) else None
    )


def class_of(label: Any, names: Sequence[Any], where: str) -> Any:  # noqa: ANN401 - whatever the user's object gives
    """Turn a class number, or its one-hot code, into the class name; anything else stays as it is.

    Raises
    ------
    DataError
        When there is no class of that number.

    Examples
    --------
    >>> class_of(1, ["cat", "dog"], "#7"), class_of([1, 0], ["cat", "dog"], "#7")
    ('dog', 'cat')
    """
    place = hot_place(label)
    try:
        number = operator.index(label) if place is None else place
    except (TypeError, ValueError, RuntimeError):  # torch's tensors of several numbers raise the last two
        return label
    if not 0 <= number < len(names):
        raise DataError("data.label_without_name", number=number, example=where, count=len(names), names=list(names))
    return names[number]


def _plain(label: Any) -> Any:  # noqa: ANN401 - one label
    """Turn a label of NumPy, torch or Arrow into Python's own: a number, text, or a list of these."""
    if isinstance(label, bytes):
        return label.decode("utf-8", "surrogateescape")  # read with the other names: see headstart.data.name_bytes
    if hasattr(label, "as_py"):
        return label.as_py()
    if hasattr(label, "tolist") and not isinstance(label, np.datetime64):
        label = label.detach() if hasattr(label, "detach") else label
        label = label.tolist()
    return [_plain(one) for one in label] if isinstance(label, (list, tuple)) else label


def _is_no_label(value: Any) -> bool:  # noqa: ANN401 - as _plain returns it
    """Return whether a value has no name: a container, an example, an object that only shows its address."""
    if isinstance(value, (str, list)):
        return False
    if isinstance(value, Set) or hasattr(value, "__getitem__") or callable(value):
        return True
    if any(load_modality(name).reader.is_one(value) for name in names_in("modalities")):
        return True
    return repr(value) == object.__repr__(value) == str(value)
