"""From a row of a table to numbers: robust scaling, a flag for what is missing, one number for each word."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from headstart.arrays import Floats, Singles
from headstart.data.readers.vectors import VectorRow, places
from headstart.errors import EncoderError, ExampleError
from headstart.registry import nearest
from headstart.runtime.findings import did_you_mean

NORMAL = 1.349  # interquartile range of the normal distribution in standard deviations


@dataclass(frozen=True, slots=True)
class VectorPreprocessing:
    """How a row becomes an input, fitted to the rows that are learned from.

    Attributes
    ----------
    names, centre, scale
        Columns of numbers, their medians, and their interquartile ranges in standard deviations of a normal one.
    flags
        Columns in which numbers were missing: a missing one counts as the median, and sets a number of its own to 1.
    words
        Columns of words, each with the words that occurred; one that did not is none of them.
    """

    names: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    flags: tuple[str, ...] = ()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kind: ClassVar[str] = "vectors"
    kept: ClassVar[bool] = False

    @classmethod
    def fit(cls, rows: Sequence[VectorRow], group: str = "") -> Self:
        """Fit to rows, one at least: to all columns, or to those of one vector; raises EncoderError for no such one."""
        table = rows[0].table
        chosen = table.groups.get(group) if group else table.names
        words = {} if group else {name: {row.words[name] for row in rows} - {""} for name in table.words}
        if chosen is None:
            hint = did_you_mean(nearest(group, table.groups))
            raise EncoderError("encoders.no_column", name=group, names=[*table.groups][:20], hint=hint)
        numbers = np.stack([select_numbers(row, chosen) for row in rows])
        known = ~np.isnan(numbers)
        filled = np.where(known.any(axis=0), numbers, 0.0)  # a column without a number is 0 everywhere
        low, centre, high = np.nanquantile(filled, [0.25, 0.5, 0.75], axis=0) if chosen else np.empty((3, 0))
        spread = np.where(high > low, (high - low) / NORMAL, np.nanstd(filled, axis=0))
        return cls(
            names=tuple(chosen),
            centre=tuple(centre.tolist()),
            scale=tuple(np.where(spread > 0, spread, 1.0).tolist()),
            flags=tuple(name for name, column in zip(chosen, known.T, strict=True) if not column.all()),
            words=tuple((name, tuple(sorted(found))) for name, found in words.items()),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """How many numbers an input has."""
        return (len(self.names) + len(self.flags) + sum(len(found) for _, found in self.words),)

    def prepare(self, row: VectorRow) -> Singles:
        """Turn a row into an input; raises ExampleError when it lacks a column."""
        numbers = select_numbers(row, self.names)
        missing = np.isnan(numbers)
        scaled = np.where(missing, 0.0, (numbers - np.array(self.centre)) / np.array(self.scale))
        flags = [float(missing[self.names.index(name)]) for name in self.flags]
        words = row.words
        if lacking := [name for name, _ in self.words if name not in words]:
            raise ExampleError("encoders.lacking_columns", names=lacking)
        marks = [float(words.get(name) == word) for name, found in self.words for word in found]
        return np.concatenate([scaled, flags, marks]).astype(np.float32)

    def versions(self) -> dict[str, str]:
        """Nothing but arithmetic makes the numbers."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote; raises TypeError or KeyError when a field is missing or unknown."""
        plain = {name: tuple(data[name]) for name in ("names", "centre", "scale", "flags")}
        return cls(**{**data, **plain, "words": tuple((name, tuple(found)) for name, found in data["words"])})


def select_numbers(row: VectorRow, names: tuple[str, ...]) -> Floats:
    """Take these columns of numbers from a row, in this order; a row without names has as many, in order.

    Raises ExampleError for columns that the row does not have.
    """
    own, numbers = row.table.names, row.numbers.astype(np.float64)
    if own == names or own == places(len(names)):
        return numbers
    where = {name: place for place, name in enumerate(own)}
    lacking = [name for name in names if name not in where]
    if lacking:
        raise ExampleError("encoders.lacking_columns", names=lacking)
    return numbers[[where[name] for name in names]]
