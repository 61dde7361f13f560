"""The values the data stage hands on: Example and Dataset."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Example:
    """One picture and what is known about it; its bytes are read late.

    Attributes
    ----------
    source
        A file path (``str``), the bytes of a file, a PIL image, or a uint8/uint16 array of shape (H, W), (H, W, 1),
        (H, W, 3) or (H, W, 4), or a :class:`~headstart.data.readers.image.Deferred` that fetches one of these.
    name
        What a person calls it: the path relative to the dataset's root, or ``#7`` for the eighth of a list.
    label
        Name of the class, or None when it is not known.
    split
        The part the user put it in, or None when the split is left to Headstart.
    group
        Name of the patient, video or site it belongs to: a group never falls on both sides of a split.

    Examples
    --------
    >>> Example("flowers/rose/1.jpg", "rose/1.jpg", label="rose").label
    'rose'
    """

    source: Any
    name: str
    label: str | None = None
    split: SplitName | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples in a fixed order, and the names of their classes in natural order (2 before 10).

    Attributes
    ----------
    name
        Short name, used for the run folder.
    examples
        The examples, in natural order of their names.
    classes
        Class names in natural order; empty when no example has a label.
    root
        The folder that example names are relative to, or None for data in memory.
    notices
        What was noticed while the data was read: one sentence each, for the user.

    Examples
    --------
    >>> data = Dataset("toy", (Example("a.png", "a.png", "cat"), Example("b.png", "b.png", "dog")), ("cat", "dog"))
    >>> len(data), data.labels.tolist()
    (2, [0, 1])
    """

    name: str
    examples: tuple[Example, ...]
    classes: tuple[str, ...]
    root: Path | None = None
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.examples)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Class number of each example, shape (N,); -1 where the label is not known."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.array([numbers.get(example.label or "", -1) for example in self.examples], dtype=np.int64)

    def take(self, indices: npt.NDArray[np.int64]) -> "Dataset":
        """Keep the examples at these positions, in this order; the classes stay as they are."""
        return replace(self, examples=tuple(self.examples[int(index)] for index in indices))
