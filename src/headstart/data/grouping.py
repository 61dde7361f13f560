"""Groups of examples that no column names: by a pattern on their names, or by a field that their files carry."""

import re
from dataclasses import replace
from typing import Protocol, cast

from headstart.data.example import Dataset
from headstart.data.readers.base import reader_of
from headstart.errors import DataError
from headstart.runtime.findings import NOTE, Finding


class FieldReader(Protocol):
    """What the reader of files with fields about whoever is in them has besides."""

    def is_field(self, keyword: str, /) -> bool:
        """Return whether files may have a field of this name."""

    def read_field(self, source: object, keyword: str, /) -> str | None:
        """Read a field of an example; None where it has none, or cannot be read."""


def is_field(keyword: str, modality: str) -> bool:
    """Return whether files of a modality may have a field of this name."""
    reader = reader_of(modality)
    return hasattr(reader, "is_field") and cast("FieldReader", reader).is_field(keyword)


def group_by_field(dataset: Dataset, keyword: str) -> Dataset:
    """Set the group of each example from a field of its file; one without it stays on its own.

    Groups are numbered as they come: what stands in the field, a patient's number for instance, is kept nowhere.

    Raises
    ------
    DataError
        When no file has the field.
    """
    reader = cast("FieldReader", reader_of(dataset.modality))
    values = [reader.read_field(example.source, keyword) for example in dataset.examples]
    numbers = {value: str(number) for number, value in enumerate(dict.fromkeys(filter(None, values)), start=1)}
    if not numbers:
        raise DataError("data.field_missing", name=keyword)
    return _with_groups(dataset, [numbers.get(value or "") for value in values], "data.field_groups", field=keyword)


def group_by_pattern(dataset: Dataset, pattern: str) -> Dataset:
    """Set the group of each example from its name; one that does not match stays on its own.

    Raises
    ------
    DataError
        When it is no regular expression, or matches nothing.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DataError("data.no_pattern", pattern=pattern, error=str(error).capitalize()) from error
    groups: list[str | None] = []
    for example in dataset.examples:
        found = expression.search(example.name)
        groups.append((found[1] if expression.groups else found[0]) if found else None)
    if all(group is None for group in groups):
        raise DataError("data.pattern_matches_nothing", pattern=pattern, name=dataset.examples[0].name)
    return _with_groups(dataset, groups, "data.pattern_groups", pattern=pattern)


def _with_groups(dataset: Dataset, groups: list[str | None], code: str, **values: str) -> Dataset:
    matched = [group for group in groups if group is not None]
    alone = len(groups) - len(matched)
    said = {
        **values,
        "groups": Finding("data.group_count", {"count": len(set(matched))}),
        "pictures": Finding("data.picture_count", {"count": len(matched)}),
        "alone": Finding("data.alone", {"count": alone}) if alone else "",
    }
    examples = tuple(replace(example, group=group) for example, group in zip(dataset.examples, groups, strict=True))
    return replace(dataset, examples=examples, notices=(*dataset.notices, Finding(code, said, NOTE)))
