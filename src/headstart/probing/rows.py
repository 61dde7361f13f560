"""The rows of a feature matrix that serve one purpose."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Integers
from headstart.data.example import Dataset
from headstart.data.readers.base import NO_KEY
from headstart.data.splits import merge_groups
from headstart.data.targets.base import Labels
from headstart.errors import DataError

Positions = Integers


@dataclass(frozen=True, slots=True)
class Sample:
    """Positions (n,) in a dataset, with the labels (n, ...) and the groups (n,) of the examples there.

    ``groups`` are those no split may divide: the user's, joined with identical examples and near copies.
    ``user_groups`` are the same within the sample, counted from 0, or None when each example is alone and the data has
    no groups: intervals are drawn over them, since an example and its copy are one observation. ``strata`` (n,) are the
    parts of which a split keeps the share; where nothing else is given, the labels.
    """

    positions: Positions
    labels: Labels
    groups: Positions
    user_groups: Positions | None
    strata: Positions = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Take the labels for strata where none are given."""
        if self.strata is None:
            object.__setattr__(self, "strata", self.labels)

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.positions)


def select_sample(dataset: Dataset, positions: Positions, groups: Positions, left_out: Collection[int]) -> Sample:
    """Select the examples at these positions, but for those in ``left_out`` (the unreadable ones).

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> data = Dataset("toy", tuple(Example(n, n) for n in "abc"))
    >>> select_sample(data, np.array([2, 0]), np.arange(3), left_out={2}).positions.tolist()
    [0]
    """
    kept = np.array([position for position in positions.tolist() if position not in left_out], dtype=np.int64)
    names = [dataset.examples[position].group for position in kept.tolist()]
    inside: dict[int, list[int]] = {}
    for row, number in enumerate(groups[kept].tolist()):
        inside.setdefault(number, []).append(row)
    units = merge_groups([NO_KEY] * len(kept), names, list(inside.values()))
    alone = len(inside) == len(kept) and all(name is None for name in names)
    return Sample(kept, dataset.labels[kept], groups[kept], None if alone else units, dataset.strata[kept])


def require_some(scored: Sample) -> None:
    """Refuse a part to score without an example; raises DataError.

    Examples
    --------
    >>> nothing = np.array([], dtype=np.int64)
    >>> require_some(Sample(nothing, nothing, nothing, None))
    Traceback (most recent call last):
    headstart.errors.DataError: There is nothing to score. None of the pictures to score can be read. Replace them.
    """
    if not len(scored):
        raise DataError("probing.nothing_to_score")


def select_balanced_rows(strata: Positions, limit: int, seed: int) -> Positions:
    """Select at most ``limit`` rows, as many of each stratum as of any other as far as they go; ascending.

    Examples
    --------
    >>> rows = select_balanced_rows(np.array([0] * 90 + [1] * 5 + [2] * 5), 30, seed=0)
    >>> np.bincount(np.array([0] * 90 + [1] * 5 + [2] * 5)[rows]).tolist()
    [20, 5, 5]
    >>> select_balanced_rows(np.array([1, 0, 1]), 30, seed=0).tolist()
    [0, 1, 2]
    """
    if len(strata) <= limit:
        return np.arange(len(strata))
    shuffled = np.random.default_rng(seed).permutation(len(strata))
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]  # stratum by stratum, each in random order
    counts = np.bincount(strata)
    turn = np.empty(len(strata), dtype=np.int64)  # the n-th of its stratum
    turn[order] = np.arange(len(strata)) - np.repeat(np.cumsum(counts) - counts, counts)
    # Every stratum gives its first, then every stratum its second, until there are enough.
    return np.sort(shuffled[np.argsort(turn[shuffled], kind="stable")][:limit])


def select_some(count: int, limit: int, seed: int) -> Positions:
    """Select up to ``limit`` of so many rows at random, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:limit])


def select_rows_to_encode(strata: Positions, validation: Positions, limit: int, seed: int) -> Positions:
    """Select the rows to encode once more when the weights have moved: up to half of them held-out ones.

    Examples
    --------
    >>> select_rows_to_encode(np.zeros(10, dtype=np.int64), np.array([8, 9]), 5, seed=0).tolist()[-2:]
    [8, 9]
    """
    held = validation[select_some(len(validation), limit // 2, seed)]
    others = np.setdiff1d(np.arange(len(strata)), validation)
    return np.union1d(held, others[select_balanced_rows(strata[others], limit - len(held), seed)])
