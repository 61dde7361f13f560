"""Data in two places: what is learned from, and what it is scored on."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.data.example import Dataset, Example, SplitName
from headstart.data.labels import split_to_score
from headstart.data.name_checks import printable
from headstart.errors import DataError
from headstart.runtime.findings import NOTE, Finding


def with_test_part(dataset: Dataset, test: Dataset) -> Dataset:
    """Join data with examples that are its test part; a validation part of the data stays one.

    Of test data with parts of its own only those to score are taken. Where both lie in folders, names are relative to
    the folder that holds both.

    Raises
    ------
    DataError
        When the data has a test part already, the other data has no labels, or the two are of different modalities.

    Examples
    --------
    >>> one, other = (Dataset(name, (Example(name, name, {"label": "cat"}),)) for name in ("a.png", "b.png"))
    >>> [example.split for example in with_test_part(one, other).examples]
    ['train', 'test']
    """
    if any(example.split == "test" for example in dataset.examples):
        raise DataError("data.two_test_parts", name=test.name)
    if test.modality != dataset.modality:
        kinds = [Finding("data.kind_count", {"number": len(one), "kind": one.modality}) for one in (dataset, test)]
        raise DataError("data.several_kinds", where=Finding("data.both_sets"), counts=kinds)
    if not test.target.known(test.labels).any():
        raise DataError("data.test_without_labels", name=test.name)
    wanted = split_to_score(test, np.arange(len(test)))
    roots = [one.root for one in (dataset, test)]
    root = _common_folder(roots)
    examples = (
        *_moved(dataset.examples, None, roots[0], root),
        *_moved([test.examples[place] for place in wanted.positions], "test", roots[1], root),
    )
    told = Finding("data.test_given", {"name": test.name, "count": len(wanted.positions)}, NOTE)
    joined = replace(dataset, examples=examples, root=root, target=dataset.target.of(examples))
    return replace(joined, notices=(*dict.fromkeys((*dataset.notices, *test.notices)), told))


def _common_folder(roots: Iterable[Path | None]) -> Path | None:
    folders = [str(root.absolute()) for root in roots if root is not None]
    try:
        return Path(os.path.commonpath(folders)) if len(folders) == 2 else None
    except ValueError:  # two drives
        return None


def _moved(
    examples: Iterable[Example], split: SplitName | None, root: Path | None, common: Path | None
) -> Iterable[Example]:
    """Yield examples in a split, named from the common folder."""
    for example in examples:
        name = example.name
        if common is not None and root is not None:
            name = printable(Path(os.path.relpath(os.path.join(root.absolute(), name), common)).as_posix())
        yield replace(example, name=name, split=split or example.split or "train")
