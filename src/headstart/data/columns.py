"""Columns of a table or of a Hugging Face dataset: which one is what, and what stands in their cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headstart.data.example import SplitName
from headstart.errors import DataError
from headstart.registry import nearest
from headstart.runtime.findings import Finding, did_you_mean

# What a column may be called, in any case; of several the first in this list is taken.
SYNONYMS = {
    "path": ("path", "file", "filename", "image_path", "image"),
    "label": ("label", "class", "target", "category"),
    "split": ("split",),
    "group": ("group",),
}
SPLIT_WORDS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns that were found; "" for one that is not there."""

    path: str
    label: str
    split: str
    group: str

    def notices(self) -> list[Finding]:
        """Return what was taken for what, unless every column has its plain name."""
        taken = {use: getattr(self, use) for use in SYNONYMS}
        if all(name in ("", use) for use, name in taken.items()):
            return []
        uses = [Finding("data.column", {"use": use, "name": name}) for use, name in taken.items() if name]
        return [Finding("data.columns", {"columns": uses}, "note")]


def find_columns(where: object, names: Sequence[str], group_by: str = "") -> Columns:
    """Find the columns by their usual names; ``group_by`` names the one with the groups.

    Raises
    ------
    DataError
        When there is no column ``group_by``.

    Examples
    --------
    >>> find_columns("The table 't.csv'", ["File", "Category", "patient"], group_by="patient")
    Columns(path='File', label='Category', split='', group='patient')
    """
    if group_by and group_by not in names:
        raise missing_column(where, group_by, names)
    folded = {name.strip().casefold(): name for name in reversed(names)}
    found = {use: next((folded[word] for word in words if word in folded), "") for use, words in SYNONYMS.items()}
    return Columns(**{**found, "group": group_by or found["group"]})


def missing_column(where: object, wanted: str, names: Iterable[str]) -> DataError:
    """Create the error for a column that is not there; it lists those that are."""
    names = list(names)
    near = nearest(wanted, names)
    accepted = SYNONYMS.get(wanted, ())[1:]
    there = Finding("data.its_columns" if names else "data.no_columns", {"names": names})
    hint = Finding("data.add_column" if accepted else "data.name_column", {"names": accepted})
    return DataError("data.missing_column", where=where, column=wanted, columns=there, hint=did_you_mean(near, hint))


def cell_text(value: object) -> str | None:
    """Turn a cell into text; None for an empty one.

    Examples
    --------
    >>> cell_text(3), cell_text("  "), cell_text(float("nan"))
    ('3', None, None)
    """
    if value is None or value != value:  # only NaN differs from itself
        return None
    text = str(value)
    return text if text.strip() else None


def require_cells(where: object, column: str, values: Iterable[object], first_row: int = 1) -> list[str]:
    """Turn the cells of a column into text.

    Raises
    ------
    DataError
        When some are empty; names the first five rows. ``first_row`` is the number a person gives the first one.
    """
    texts = [cell_text(value) for value in values]
    empty = [str(row) for row, text in enumerate(texts, start=first_row) if text is None]
    if empty:
        raise DataError("data.empty_cells", where=where, count=len(empty), column=column, rows=empty)
    return [text for text in texts if text is not None]


def parse_splits(where: object, values: Iterable[str]) -> list[SplitName]:
    """Turn the words of a split column into splits.

    Raises
    ------
    DataError
        When a word is no split.

    Examples
    --------
    >>> parse_splits("The table 't.csv'", ["Train", "val"])
    ['train', 'validation']
    """
    values = list(values)
    unknown = sorted({value for value in values if value.strip().casefold() not in SPLIT_WORDS})
    if unknown:
        raise DataError("data.unknown_splits", where=where, found=unknown, known=list(SPLIT_WORDS))
    return [SPLIT_WORDS[value.strip().casefold()] for value in values]
