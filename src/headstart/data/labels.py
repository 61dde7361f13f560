"""New data for a saved model: which part is scored, and labels matched by name with the classes the model knows."""

from dataclasses import dataclass, replace

from headstart.arrays import Integers
from headstart.data.example import Dataset
from headstart.data.targets.base import Target
from headstart.runtime.findings import Finding


def with_target(dataset: Dataset, target: Target) -> Dataset:
    """Return a dataset with the target of a model, so that labels are matched by name, never by position.

    Raises
    ------
    DataError
        When an example has no label, or one that the model never saw.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> from headstart.data.targets.classes import Classes
    >>> data = Dataset("toy", (Example("a.png", "a.png", {"label": "dog"}),))
    >>> with_target(data, Classes(("cat", "dog"))).labels.tolist()
    [1]
    """
    target.require_known(dataset.examples)
    return replace(dataset, target=target)


@dataclass(frozen=True, slots=True)
class ScoredSplit:
    """Positions of the examples to score, and why these; None when all are scored."""

    positions: Integers
    rule: Finding | None = None


def split_to_score(dataset: Dataset, usable: Integers) -> ScoredSplit:
    """Pick the part of data that is there for scoring: test, else validation, else everything.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart.data.example import Example
    >>> examples = (Example("a", "a", split="train"), Example("b", "b", split="test"))
    >>> print(split_to_score(Dataset("toy", examples), np.arange(2)).rule)
    The data brings its own split: only its test part was scored.
    """
    splits = [dataset.examples[position].split for position in usable]
    for name in ("test", "validation"):
        if name in splits and any(split != name for split in splits):
            chosen = usable[[split == name for split in splits]]
            return ScoredSplit(chosen, Finding("data.part_scored", {"part": Finding(f"data.part_{name}")}, "note"))
    return ScoredSplit(usable)
