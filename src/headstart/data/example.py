"""The values the data stage hands on: Example and Dataset."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from headstart.arrays import Integers
from headstart.data.targets.base import Labels, Target
from headstart.modalities.base import DEFAULT
from headstart.runtime.findings import Finding
from headstart.tasks.base import load_task

SplitName = Literal["train", "validation", "test"]

DEFAULT_TASK = "classification"
LABEL = "label"  # the column of what is to be predicted, unless the user names others
OF_RUN = ("path", "sha256", LABEL, "split", "group", "part")  # of data.csv of a run, before the cells of a row


@lru_cache(1000)  # one mapping for each label, not for each of a hundred thousand examples
def known_label(label: str | None) -> Mapping[str, str]:
    """Return the targets of an example whose label is this; none for None."""
    return {} if label is None else {LABEL: label}


@dataclass(frozen=True, slots=True)
class Example:
    """One example and what is known about it; its bytes are read late.

    Attributes
    ----------
    source
        What the reader of its modality opens: a file path (``str``), the bytes of a file, an object in memory, or a
        :class:`~headstart.data.readers.base.Deferred` that fetches one of these.
    name
        What a person calls it: the path relative to the dataset's root, or ``#7`` for the eighth of a list.
    targets
        What is known of it, by column; examples with one target have the column ``label``.
    split
        The part the user put it in, or None when the split is left to Headstart.
    group
        Name of the patient, video or site it belongs to: a group never falls on both sides of a split.

    Examples
    --------
    >>> Example("flowers/rose/1.jpg", "rose/1.jpg", {"label": "rose"}).label
    'rose'
    """

    source: Any
    name: str
    targets: Mapping[str, Any] = field(default_factory=dict, hash=False)
    split: SplitName | None = None
    group: str | None = None

    @property
    def label(self) -> str | None:
        """Return what stands in the column ``label``; None when it is not known."""
        return self.targets.get(LABEL)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples in a fixed order, and what is to be predicted of them.

    Attributes
    ----------
    name
        Short name, used for the run folder.
    examples
        The examples, in natural order of their names.
    root
        The folder that example names are relative to, or None for data in memory.
    notices
        What was found while the data was read, for the user.
    target
        What is to be predicted; without one, the classes that the examples have.
    modality
        The kind of all examples: a name in the table ``modalities``.

    Examples
    --------
    >>> pictures = [Example(f"{label}.png", f"{label}.png", {"label": label}) for label in ("cat", "dog")]
    >>> data = Dataset("toy", tuple(pictures))
    >>> len(data), data.classes, data.labels.tolist()
    (2, ('cat', 'dog'), [0, 1])
    """

    name: str
    examples: tuple[Example, ...]
    root: Path | None = None
    notices: tuple[Finding, ...] = ()
    target: Target = None  # type: ignore[assignment]
    modality: str = DEFAULT

    def __post_init__(self) -> None:
        """Take the target that the examples have, where none is given."""
        if self.target is None:
            object.__setattr__(self, "target", load_task(DEFAULT_TASK).target.of(self.examples))

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.examples)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in natural order; empty when no example has one."""
        return self.target.names

    @property
    def labels(self) -> Labels:
        """Label of each example, shape (N, ...): the number of its class, or -1 where it is not known."""
        return self.target.read(self.examples)

    @property
    def strata(self) -> Integers:
        """Number of the stratum of each example, shape (N,): splits keep the share of each."""
        return self.target.strata(self.labels)

    def take(self, indices: Integers) -> "Dataset":
        """Select the examples at these positions, in this order; the target stays as it is."""
        return replace(self, examples=tuple(self.examples[int(index)] for index in indices))


def with_absolute_paths(dataset: Dataset) -> Dataset:
    """Make sources absolute: a program may change its folder between the call and the reading."""
    paths = [one.source if isinstance(one.source, str) else "" for one in dataset.examples]
    if not any(path and not os.path.isabs(path) for path in paths):
        return dataset
    here = os.getcwd()
    examples = tuple(
        replace(one, source=os.path.join(here, path)) if path else one
        for one, path in zip(dataset.examples, paths, strict=True)
    )
    return replace(dataset, examples=examples, root=dataset.root and here / dataset.root)
