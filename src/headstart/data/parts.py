"""Examples are divided into the parts that a search answers with, such as the sentences of a document."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from headstart.data.example import Dataset, Example
from headstart.data.readers.base import reader_of
from headstart.errors import DataError, ExampleError


@dataclass(frozen=True, slots=True)
class Part:
    """Where a part lies in an example: its number from 1, and the characters from ``start`` to before ``end``."""

    number: int
    start: int
    end: int

    def to_json(self) -> dict[str, int]:
        """Return plain data."""
        return asdict(self)


def divide_examples(dataset: Dataset) -> tuple[Dataset, tuple[Part, ...]]:
    """Divide every example into its parts, which keep its name and its targets; what cannot be read stays whole.

    Raises
    ------
    DataError
        When examples of this modality have no parts.

    Examples
    --------
    >>> from headstart.data.readers.text import Document
    >>> found, parts = divide_examples(Dataset("a", (Example(Document("Yes. No."), "#0"),), modality="text"))
    >>> [one.name for one in found.examples], parts[1]
    (['#0', '#0'], Part(number=2, start=5, end=8))
    """
    divide: Callable[..., Any] | None = getattr(reader_of(dataset.modality), "divide", None)
    if divide is None:
        raise DataError("data.no_parts")
    examples, parts = list[Example](), list[Part]()
    for one in dataset.examples:
        try:
            found = divide(one.source, one.name)
        except ExampleError:  # it is named with what else cannot be read
            examples.append(one)
            parts.append(Part(1, 0, 0))
            continue
        for number, (source, start) in enumerate(found, 1):
            examples.append(Example(source, one.name, one.targets, one.split, one.group))
            parts.append(Part(number, start, start + source.size))
    return Dataset(dataset.name, tuple(examples), dataset.root, dataset.notices, dataset.target, dataset.modality), (
        *parts,
    )
