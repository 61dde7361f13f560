"""New data for a saved model: which part is scored, and labels matched by name with the classes the model knows."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset
from headstart.data.targets.classes import Classes
from headstart.errors import DataError
from headstart.runtime.findings import Finding


def with_classes_of(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Give labels the numbers of a model's classes: by name, never by position.

    Raises
    ------
    DataError
        When an example has no label, or one that the model never saw.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> data = Dataset("toy", (Example("a.png", "a.png", {"label": "dog"}),))
    >>> with_classes_of(data, ("cat", "dog")).labels.tolist()
    [1]
    """
    unlabelled = [example.name for example in dataset.examples if example.label is None]
    if unlabelled:
        raise DataError("data.some_unlabelled", names=unlabelled)
    unknown = [name for name in dataset.classes if name not in classes]
    if unknown:
        count = sum(example.label in unknown for example in dataset.examples)
        raise DataError("data.unknown_labels", names=unknown, count=count, total=len(dataset), known=list(classes))
    return replace(dataset, target=Classes(classes))


@dataclass(frozen=True, slots=True)
class ScoredSplit:
    """Positions of the examples to score, and why these; None when all are scored."""

    positions: npt.NDArray[np.int64]
    rule: Finding | None = None


def split_to_score(dataset: Dataset, usable: npt.NDArray[np.int64]) -> ScoredSplit:
    """Pick the part of data that is there for scoring: test, else validation, else everything.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> examples = (Example("a", "a", split="train"), Example("b", "b", split="test"))
    >>> print(split_to_score(Dataset("toy", examples), np.arange(2)).rule)
    The data brings its own split: only its test part was scored.
    """
    splits = [dataset.examples[position].split for position in usable]
    for name in ("test", "validation"):
        if name in splits and any(split != name for split in splits):
            chosen = usable[[split == name for split in splits]]
            return ScoredSplit(chosen, Finding("data.part_scored", {"part": Finding(f"data.part_{name}")}))
    return ScoredSplit(usable)
