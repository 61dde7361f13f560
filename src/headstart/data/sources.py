"""Whatever the user gives becomes a dataset."""

import glob
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.example import Dataset, Example
from headstart.data.folders import read_folder, walk_folder
from headstart.data.huggingface import is_hub_dataset, read_hub_dataset
from headstart.data.in_memory import as_picture, read_items, read_pairs
from headstart.data.name_checks import natural_key, plural, printable, twin_notices
from headstart.data.readers.image_formats import is_picture_name
from headstart.data.tables import TABLE_SUFFIXES, read_table
from headstart.errors import DataError
from headstart.registry import nearest
from headstart.runtime.hashing import sha256_of_parts


def read_dataset(
    source: Any,  # noqa: ANN401 - many kinds, checked inside
    *,
    group_by: str = "",
    group_pattern: str = "",
    name: str | None = None,
) -> Dataset:
    """Make a dataset from whatever holds pictures.

    Parameters
    ----------
    source
        A folder, a table (.csv, .tsv, .jsonl, .parquet), a picture or a pattern such as ``"a/*.jpg"``; a list of
        (picture, label) pairs or of pictures, or a tuple of a list of pictures and a list of labels; an object with
        ``__len__`` and ``__getitem__`` that yields such; a ``datasets.Dataset`` or ``datasets.DatasetDict``; a
        :class:`Dataset`, which is returned with its groups set.
    group_by
        Column with the name of the patient, video or site, for tables and Hugging Face datasets.
    group_pattern
        Regular expression on the name of an example instead; its first group, or all that it matches, is the name.
    name
        Short name for the run folder; by default that of the folder or file.

    Raises
    ------
    DataError
        When no dataset can be made of it.

    Examples
    --------
    >>> read_dataset([("cat-1.png", "cat"), ("dog-1.png", "dog")], name="pets").classes
    ('cat', 'dog')
    """
    if group_by and group_pattern:
        problem = "Both a group column and a group pattern are given."
        raise DataError(problem, "One of them must name the groups.", "Leave one out.")
    dataset = _read(source, group_by)
    if group_pattern:
        dataset = _group_by_pattern(dataset, group_pattern)
    notices = dict.fromkeys((*dataset.notices, *twin_notices(dataset.classes)))  # each once
    return replace(dataset, name=name or dataset.name, notices=tuple(notices))


def list_pictures(inputs: Any) -> tuple[Example, ...]:  # noqa: ANN401 - as read_dataset
    """List the pictures to predict: a path, a folder, a pattern, a picture in memory, or a list of such.

    Of a folder all pictures are taken, however deep. Names are the paths as given. A file
    that is named itself is taken whatever its suffix.

    Raises
    ------
    DataError
        When a path does not exist, or a folder or a pattern holds no pictures.

    Examples
    --------
    >>> list_pictures(b"not a picture, but that shows later")[0].name
    '#0'
    """
    sources = list(inputs) if _is_several(inputs) else [inputs]
    examples: list[Example] = []
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            examples += [Example(path, printable(path)) for path in _expand(os.fspath(source))]
        else:
            label = f"#{len(examples)}"
            examples.append(Example(as_picture(source, label), label))
    if not examples:
        raise DataError("There are no pictures.", "The list is empty.", "Give at least one picture.")
    return tuple(examples)


def is_one_picture(inputs: Any) -> bool:  # noqa: ANN401 - as read_dataset
    """Tell whether :func:`list_pictures` was given one picture rather than a list, a folder or a pattern.

    Examples
    --------
    >>> is_one_picture("rose.jpg"), is_one_picture("*.jpg"), is_one_picture(["rose.jpg"])
    (True, False, False)
    """
    if not isinstance(inputs, (str, os.PathLike)):
        return not _is_several(inputs)
    path = os.path.expanduser(os.fspath(inputs))
    return not os.path.isdir(path) and (os.path.exists(path) or not glob.has_magic(path))


def fingerprint(dataset: Dataset, keys: Sequence[bytes]) -> str:
    """Digest what decides a run: content, label, split and group of every example, in order; SHA-256, hexadecimal.

    Examples
    --------
    >>> fingerprint(Dataset("toy", (Example("a.png", "a.png", {"label": "cat"}),)), [bytes(32)])[:8]
    'f9093a1a'
    """
    # JSON, so that no label can pretend to be another field.
    rows = ([key.hex(), one.label, one.split, one.group] for one, key in zip(dataset.examples, keys, strict=True))
    return sha256_of_parts(json.dumps(row).encode() + b"\n" for row in rows)


def _read(source: Any, group_by: str) -> Dataset:  # noqa: ANN401 - as read_dataset
    if is_hub_dataset(source):
        return read_hub_dataset(source, group_by)
    if isinstance(source, Dataset):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _read_path(source, group_by)
    _refuse_group_column(group_by)
    if isinstance(source, tuple) and len(source) == 2 and all(isinstance(part, (list, np.ndarray)) for part in source):
        return read_pairs(*source)
    if isinstance(source, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in source):
        return Dataset("data", list_pictures(source))
    if hasattr(source, "__len__") and hasattr(source, "__getitem__") and not isinstance(source, (bytes, dict)):
        return read_items(source)
    raise DataError(
        "This cannot become a dataset.",
        f"It is of the type {type(source).__name__}.",
        "Give a folder, a table, a list of (picture, label) pairs, or an object with __len__ and __getitem__.",
    )


def _read_path(source: str | os.PathLike[str], group_by: str) -> Dataset:
    path = Path(os.path.expanduser(source))
    if path.suffix.lower() in TABLE_SUFFIXES and path.is_file():
        return read_table(path, group_by)
    _refuse_group_column(group_by)
    if path.is_dir():
        return read_folder(path)
    if path.is_file() and not is_picture_name(path.name):
        raise DataError(
            f"'{printable(str(path))}' is neither a table nor a picture.",
            f"Tables end in {', '.join(TABLE_SUFFIXES)}.",
            "Give a folder of pictures or a table; unpack an archive first.",
        )
    # One picture, or a pattern: a dataset without labels.
    return Dataset(printable(path.stem).strip("*?[]") or "data", list_pictures(path))


def _refuse_group_column(group_by: str) -> None:
    if group_by:
        raise DataError(
            f"The group column '{group_by}' cannot be used here.",
            "Only tables and Hugging Face datasets have columns.",
            "Use a group pattern on the path instead, such as --group-pattern '(patient[0-9]+)'.",
        )


def _group_by_pattern(dataset: Dataset, pattern: str) -> Dataset:
    """Set the group of each example from its name; one that does not match stays on its own."""
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DataError(
            f"The group pattern '{pattern}' is not a regular expression.",
            f"{str(error).capitalize()}.",
            "Write for instance '(patient[0-9]+)'.",
        ) from error
    groups: list[str | None] = []
    for example in dataset.examples:
        found = expression.search(example.name)
        groups.append((found[1] if expression.groups else found[0]) if found else None)
    matched = [group for group in groups if group is not None]
    if not matched:
        raise DataError(
            f"The group pattern '{pattern}' matches no picture.",
            f"The first one is called '{dataset.examples[0].name}'.",
            "Change the pattern; it is searched in names like this one.",
        )
    notice = f"The pattern '{pattern}' makes {plural(len(set(matched)), 'group')} of {plural(len(matched), 'picture')}."
    alone = len(groups) - len(matched)
    if alone:
        notice += f" {plural(alone, 'picture')} without a match {'forms' if alone == 1 else 'each form'} a group alone."
    examples = tuple(replace(example, group=group) for example, group in zip(dataset.examples, groups, strict=True))
    return replace(dataset, examples=examples, notices=(*dataset.notices, notice))


def _is_several(inputs: Any) -> bool:  # noqa: ANN401 - as read_dataset
    return (
        isinstance(inputs, Iterable) and not isinstance(inputs, (str, bytes, os.PathLike)) and not _is_picture(inputs)
    )


def _is_picture(source: Any) -> bool:  # noqa: ANN401 - as read_dataset
    """Tell a picture in memory from a list of such: an array of two dimensions, or of three that end in channels."""
    if not hasattr(source, "shape"):
        return hasattr(source, "getexif")  # a PIL image
    return len(source.shape) == 2 or (
        len(source.shape) == 3 and (source.shape[2] in (1, 3, 4) or source.shape[0] in (1, 3, 4))
    )


def _expand(path: str) -> list[str]:
    """Make files of a path: a folder gives all pictures below it, a pattern those it matches."""
    path = os.path.expanduser(path)
    if os.path.isdir(path):
        found = [os.path.join(path, *inside.split("/")) for inside in walk_folder(Path(path)).pictures]
        if not found:
            raise DataError(f"There are no pictures in '{printable(path)}'.", "", "Give a folder with pictures.")
        return found
    if os.path.exists(path):
        return [path]
    if glob.has_magic(path):
        matches = (
            match for match in glob.glob(path, recursive=True) if is_picture_name(match) and os.path.isfile(match)
        )
        found = sorted(matches, key=natural_key)
        if not found:
            raise DataError(f"The pattern '{printable(path)}' matches no picture.", "", "Check the path.")
        return found
    raise _missing(path)


def _missing(path: str) -> DataError:
    """Make the error for a path that does not exist; it says how far the path goes and what has a similar name."""
    parent = os.path.dirname(path.rstrip(os.sep)) or "."
    names = os.listdir(parent) if os.access(parent, os.R_OK | os.X_OK) and os.path.isdir(parent) else []
    near = nearest(os.path.basename(path.rstrip(os.sep)), names)
    return DataError(
        f"'{printable(path)}' does not exist.",
        "" if os.path.isdir(parent) else f"Nor does the folder '{printable(parent)}'.",
        f"Did you mean '{printable(os.path.join(os.path.dirname(path), near))}'?" if near else "Check the path.",
    )
