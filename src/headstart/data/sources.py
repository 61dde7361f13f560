"""Whatever the user gives becomes a dataset."""

import glob
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from headstart.data.columns import TableOptions
from headstart.data.example import DEFAULT_TASK, Dataset, Example, with_absolute_paths
from headstart.data.given import list_sources
from headstart.data.grouping import group_by_field, group_by_pattern, is_field
from headstart.data.labels import unify_names
from headstart.data.name_checks import printable
from headstart.data.patterns import expand, missing_path
from headstart.data.readers.base import one_modality, reader_of, row_readers, suffix_of
from headstart.data.table_options import refuse_table_options
from headstart.errors import MODALITY, DataError
from headstart.modalities.base import DEFAULT, load_modality, modalities_by_suffix
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_parts
from headstart.tasks.base import load_task


def read_dataset(
    source: Any,  # noqa: ANN401 - many kinds, checked inside
    *,
    group_by: str = "",
    group_pattern: str = "",
    table: TableOptions = TableOptions(),  # noqa: B008 - frozen
    name: str | None = None,
    task: str = DEFAULT_TASK,
) -> Dataset:
    """Read a dataset from whatever holds examples.

    Parameters
    ----------
    source
        A folder, a table (.csv, .tsv, .jsonl, .parquet), an example or a pattern such as ``"a/*.jpg"``; a list of
        (example, label) pairs or of examples, or a tuple of a list of examples and a list of labels; an object with
        ``__len__`` and ``__getitem__`` that yields such; a ``datasets.Dataset`` or ``datasets.DatasetDict``; a
        :class:`Dataset`, which is returned with its groups set.
    group_by
        Column with the name of the patient, video or site, for tables and Hugging Face datasets; or a field of the
        files themselves, such as ``PatientID`` of DICOM: its values are kept nowhere.
    group_pattern
        Regular expression on the name of an example instead; its first group, or all that it matches, is the name.
    table
        What else is said of the columns of a table or a Hugging Face dataset, and of where its files lie.
    name
        Short name for the run folder; by default that of the folder or file.
    task
        The kind of answer, which decides what the labels are taken for.

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
        raise DataError("data.two_groupings")
    MODALITY.set(DEFAULT)  # until it is known
    dataset = _read_grouped(source, replace(table, group_by=group_by or table.group_by))
    MODALITY.set(dataset.modality)
    if group_pattern:
        dataset = group_by_pattern(dataset, group_pattern)
    if dataset.target.task != task:
        dataset = replace(dataset, target=load_task(task).target.of(dataset.examples))
    return unify_names(replace(dataset, name=name or dataset.name))


def list_examples(
    inputs: Any,  # noqa: ANN401 - as read_dataset
    modality: str = DEFAULT,
    table: TableOptions = TableOptions(),  # noqa: B008 - frozen
) -> tuple[Example, ...]:
    """List the examples to predict: a path, a folder, a pattern, an object in memory, or a list of such.

    Of a folder all files of the modality are taken, however deep, of a table those that it names. Names are the paths
    as given. A file that is named itself is taken whatever its suffix; an :class:`Example` is taken as it is.

    Raises
    ------
    DataError
        When a path does not exist, or a folder or a pattern holds no examples.

    Examples
    --------
    >>> list_examples(b"not a picture, but that shows later")[0].name
    '#0'
    """
    MODALITY.set(modality)
    suffixes = load_modality(modality).suffixes
    examples: list[Example] = []
    for source in list_sources(inputs, modality, partial(_read, table=table)):
        where = f"#{len(examples)}"
        if isinstance(source, Example):
            examples.append(source)
        elif not isinstance(source, str) or reader_of(modality).is_one(source):
            from headstart.data.in_memory import adopt

            examples.append(Example(adopt(source, where, modality), where))
        elif _is_table(source) or (row_readers(modality) and not suffixes):
            from headstart.data.objects import examples_of

            examples += examples_of(_read(source, table), modality)
        else:
            examples += [Example(os.path.abspath(path), printable(path)) for path in expand(source, suffixes)]
    if not examples:
        raise DataError("data.empty_list")
    return tuple(examples)


def read_labelled_or_not(data: Any, task: str = DEFAULT_TASK) -> Dataset:  # noqa: ANN401 - as read_dataset
    """Read labelled data, or examples without labels; raises DataError for what holds no examples either."""
    try:
        return read_dataset(data, task=task)
    except DataError:
        if not isinstance(data, (str, os.PathLike)):
            raise
        return Dataset(Path(str(data)).name, list_examples(data))


def single_example(inputs: Any, modality: str = DEFAULT) -> Example:  # noqa: ANN401 - as list_examples
    """Return the only example that was given; raises DataError as :func:`list_examples`, and for several.

    Examples
    --------
    >>> single_example([b"bytes"]).name
    '#0'
    """
    examples = list_examples(inputs, modality)
    if len(examples) > 1:
        raise DataError("data.several_examples", count=len(examples))
    return examples[0]


def is_one_example(inputs: Any, modality: str = DEFAULT) -> bool:  # noqa: ANN401 - as read_dataset
    """Return whether :func:`list_examples` was given one example rather than a list, a folder or a pattern.

    Examples
    --------
    >>> is_one_example("rose.jpg"), is_one_example("*.jpg"), is_one_example(["rose.jpg"])
    (True, False, False)
    """
    if not isinstance(inputs, (str, os.PathLike)):
        from headstart.data.objects import holds_several, path_of

        path = path_of(inputs)
        return not holds_several(inputs, modality) if path is None else is_one_example(path, modality)
    if reader_of(modality).is_one(inputs):  # a question, which looks like a pattern
        return True
    path = os.path.expanduser(os.fspath(inputs))
    if os.path.isdir(path) or _is_table(path):
        return False
    return os.path.exists(path) or not glob.has_magic(path) or reader_of(modality).is_one(inputs)


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


def _read_grouped(source: Any, table: TableOptions) -> Dataset:  # noqa: ANN401 - as read_dataset
    """Read a dataset with the groups of a column, or of a field that its files carry."""
    try:
        return _read(source, table)
    except DataError as error:
        if error.code not in ("data.no_group_column", "data.missing_column") or not table.group_by:
            raise
        dataset = _read(source, replace(table, group_by=""))
        if not is_field(table.group_by, dataset.modality):
            raise
        return group_by_field(dataset, table.group_by)


def _read(source: Any, table: TableOptions) -> Dataset:  # noqa: ANN401 - as read_dataset
    return with_absolute_paths(_read_as_given(source, table))


def _read_as_given(source: Any, table: TableOptions) -> Dataset:  # noqa: ANN401 - as read_dataset
    if isinstance(source, Dataset):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _read_path(os.fsdecode(source), table)
    if isinstance(source, (list, tuple)) and source and all(isinstance(item, (str, os.PathLike)) for item in source):
        refuse_table_options(table)
        return _unlabelled("data", source)
    from headstart.data.huggingface import is_hub_dataset, read_hub_dataset  # only where an object is read
    from headstart.data.objects import read_object
    from headstart.data.reading import reading_from

    with reading_from(source):
        if is_hub_dataset(source):
            return read_hub_dataset(source, table)
        return read_object(source, table, partial(_read, table=table))


def _is_table(source: str | os.PathLike[str]) -> bool:
    if suffix_of(os.fspath(source)) in modalities_by_suffix():
        return False
    from headstart.data.tables import is_table  # only for what is no example by its name

    path = Path(os.path.expanduser(source))
    return os.path.isfile(path) and is_table(path)


def _read_path(source: str | os.PathLike[str], table: TableOptions) -> Dataset:
    from headstart.data.folders import read_folder
    from headstart.data.tables import TABLE_SUFFIXES, is_table, read_table

    if not source:  # to a Path it is the folder that the program runs in
        raise missing_path("")
    path = Path(os.path.expanduser(source))
    is_file = os.path.isfile(path)  # False also for a name that no system can have
    if is_file and is_table(path):
        return read_table(path, table)
    refuse_table_options(table)
    if os.path.isdir(path):
        dataset = read_folder(path)
        return dataset if dataset.classes else _name_tables(dataset, path)
    from headstart.data.readers.text_annotations import holds_questions, holds_tags

    if is_file and (holds_tags(path) or holds_questions(path)):
        raise DataError("data.holds_parts", path=printable(str(path)))
    if is_file and suffix_of(path.name) not in modalities_by_suffix():
        raise DataError("data.neither_table_nor_picture", path=printable(str(path)), suffixes=TABLE_SUFFIXES)
    # One file, or a pattern: a dataset without labels.
    return _unlabelled(printable(path.stem).strip("*?[]") or "data", path)


def _name_tables(dataset: Dataset, folder: Path) -> Dataset:
    """Name the tables that lie beside examples without classes: they may hold the labels."""
    from headstart.data.tables import TABLE_SUFFIXES

    tables = [printable(str(path)) for path in sorted(folder.iterdir()) if path.suffix.lower() in TABLE_SUFFIXES]
    beside = Finding("data.table_beside", {"names": tables, "count": len(tables)})
    return replace(dataset, notices=(*dataset.notices, beside)) if tables else dataset


def _unlabelled(name: str, sources: Any) -> Dataset:  # noqa: ANN401 - as list_examples
    several = [sources] if isinstance(sources, (str, os.PathLike)) else sources
    modality = one_modality(several, Finding("data.the_list"))
    return Dataset(name, list_examples(sources, modality), modality=modality)
