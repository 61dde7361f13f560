"""Datasets in memory: pairs of example and label, objects that yield such pairs, lists of examples."""

import inspect
import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np

from headstart.data.containers import is_file, is_pair
from headstart.data.example import Dataset, Example, known_label
from headstart.data.label_values import label_texts
from headstart.data.name_checks import printable
from headstart.data.readers.base import one_modality, reader_of, suffix_of
from headstart.errors import DataError, HeadstartError
from headstart.modalities.base import modalities_by_suffix
from headstart.registry import names
from headstart.runtime.findings import Finding


def read_pairs(sources: Iterable[Any], labels: Any, name: str = "data") -> Dataset:  # noqa: ANN401 - as label_texts
    """Read a dataset from examples and their labels.

    Parameters
    ----------
    sources
        Paths, bytes, open files, arrays, tensors or whatever else a reader opens, in any mixture of one modality.
    labels
        A label for each: text, numbers, one-hot codes; None for examples without labels.

    Raises
    ------
    DataError
        When there are no examples, when lengths differ, or when some labels are missing.

    Examples
    --------
    >>> read_pairs(["a.png", "b.png"], [10, 9]).classes
    ('9', '10')
    """
    given = [to_source(source, f"#{number}") for number, source in enumerate(sources)]
    if not given:
        raise DataError("data.empty_list")
    modality = one_modality(given, Finding("data.the_list"))
    adopted = [adopt(source, f"#{number}", modality) for number, source in enumerate(given)]
    called = [printable(one) if isinstance(one, str) else f"#{number}" for number, one in enumerate(adopted)]
    texts = [None] * len(adopted) if labels is None else label_texts(labels, len(adopted))
    return Dataset(
        name,
        tuple(
            Example(os.path.abspath(source) if isinstance(source, str) else source, shown, known_label(text))
            for source, shown, text in zip(adopted, called, texts, strict=True)
        ),
        modality=modality,
    )


def read_items(items: Sequence[Any], name: str = "data") -> Dataset:
    """Read a dataset from items that are examples, or pairs of an example and its label.

    Raises
    ------
    DataError
        When there are none, when only some are pairs, or when a label is missing.
    """
    if not items:
        raise DataError("data.empty_dataset")
    pairs = [is_pair(item) for item in items]
    if all(pairs):
        return read_pairs([source for source, _ in items], [label for _, label in items], name)
    odd = next((number for number, item in enumerate(items) if not pairs[number] and _is_odd(item)), None)
    if odd is not None or any(pairs):
        number = pairs.index(False) if odd is None else odd
        parts = len(items[number]) if isinstance(items[number], (list, tuple)) else 1
        raise DataError("data.odd_pair", name=f"#{number}", count=parts)
    return read_pairs(items, None, name)


def adopt(value: Any, where: str, modality: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Create a source of what the user gave: paths stay paths, objects become what the modality's reader opens.

    Raises
    ------
    DataError
        When no source can be made of it.
    """
    value = to_source(value, where)
    try:
        return reader_of(modality).adopt(value, where)
    except HeadstartError:
        raise
    except Exception as error:  # tensors of a strange kind or place raise nearly anything
        raise DataError(
            "data.not_adopted", name=where, kind=type(value).__name__, error=str(error).strip().rstrip(".")
        ) from error


def to_source(value: Any, where: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Turn what stands for an example into the example: an open file into its bytes, a list of numbers into an array.

    Raises
    ------
    DataError
        When a file cannot be read, or was opened as text.

    Examples
    --------
    >>> import io
    >>> to_source(io.BytesIO(b"GIF89a"), "#0"), to_source(np.array("a.png"), "#1")
    (b'GIF89a', 'a.png')
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (str, os.PathLike)):
        return os.path.expanduser(os.fsdecode(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if is_file(value):
        return _read_file(value, where)
    if is_stored_file(value) or (isinstance(value, Mapping) and {*value} == {"path"}):
        held = value.get("bytes")
        return to_source(value.get("path") if held is None else held, where)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (Number, list, tuple)):
        return _to_array(value)
    return value


def is_example(value: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Return whether a value is an example for sure: a path with a known suffix or of a file, bytes, an object.

    Examples
    --------
    >>> is_example("a.png"), is_example("cat"), is_example(7)
    (True, False, False)
    """
    if isinstance(value, (str, os.PathLike)):
        path = os.path.expanduser(os.fsdecode(value))
        return suffix_of(path) in modalities_by_suffix() or os.path.isfile(path)
    return (
        isinstance(value, bytes) or is_file(value) or any(reader_of(one).is_one(value) for one in names("modalities"))
    )


def is_stored_file(value: Any) -> bool:  # noqa: ANN401 - whatever the user gives
    """Return whether a value is a file as Hugging Face stores it: a mapping of its bytes and its path alone."""
    return isinstance(value, Mapping) and "bytes" in value and {*value} <= {"bytes", "path"}


def _read_file(file: Any, where: str) -> bytes:  # noqa: ANN401 - an open file, or an upload of a web framework
    file = getattr(file, "file", file)  # an upload whose own methods wait for a loop of asyncio
    try:
        if callable(getattr(file, "seek", None)):
            file.seek(0)
        content = file.read()
    except Exception as error:  # a stream of any origin
        raise DataError("data.file_not_given", name=where, error=str(error).strip().rstrip(".")) from error
    if inspect.iscoroutine(content):
        content.close()
    if not isinstance(content, (bytes, bytearray)):
        raise DataError("data.text_file", name=where, kind=type(content).__name__)
    return bytes(content)


def _to_array(value: Any) -> Any:  # noqa: ANN401 - nested lists
    try:
        array = np.asarray(value)
    except Exception:  # jagged, or what is in it raises anything
        return value
    return array if np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_ else value


def _is_odd(item: Any) -> bool:  # noqa: ANN401 - as read_items
    """Return whether an item is a list or a tuple that is no row of numbers."""
    return isinstance(item, (list, tuple)) and isinstance(to_source(item, ""), (list, tuple))
