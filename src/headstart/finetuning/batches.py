"""Which examples make which step, and the inputs made from them: functions of seed, epoch and position alone."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.data.readers.base import reader_of
from headstart.encoders.spec import Preprocessing
from headstart.finetuning.views import Augmentation, create_view

Rows = Integers
Inputs = Singles


POOL = 8  # batches whose examples are put in order by their lengths: chance enough, and little to fill up


def batches(
    count: int, size: int, smallest: int, seed: int, epoch: int, lengths: Integers | None = None
) -> list[Rows]:  # six: how many of what size, and in which order
    """Deal ``count`` examples into batches of ``size``, in an order drawn from seed and epoch.

    A last batch of fewer than ``smallest`` joins the one before: BatchNorm cannot learn from one example. Where
    examples have ``lengths``, those of a batch have nearly the same.

    Examples
    --------
    >>> [len(batch) for batch in batches(9, 4, 2, seed=0, epoch=0)]
    [4, 5]
    >>> lengths = np.array([3, 9, 3, 9, 3, 9])
    >>> sorted(lengths[batch].tolist() for batch in batches(6, 3, 2, seed=0, epoch=0, lengths=lengths))
    [[3, 3, 3], [9, 9, 9]]
    """
    if lengths is not None:
        return _batches_by_length(lengths, size, smallest, np.random.default_rng([seed, epoch]))
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return _divide(order, size, smallest)


def _batches_by_length(lengths: Integers, size: int, smallest: int, draw: np.random.Generator) -> list[Rows]:
    order = draw.permutation(len(lengths))
    pools = [order[start : start + POOL * size] for start in range(0, len(order), POOL * size)]
    sorted_pools = [pool[np.argsort(lengths[pool], kind="stable")] for pool in pools]
    dealt = _divide(np.concatenate(sorted_pools), size, smallest)
    return [dealt[number] for number in draw.permutation(len(dealt))]


def _divide(order: Rows, size: int, smallest: int) -> list[Rows]:
    count = len(order)
    starts = list(range(0, count, size))
    if len(starts) > 1 and count - starts[-1] < smallest:
        starts.pop()
    return [order[start:end] for start, end in zip(starts, [*starts[1:], count], strict=True)]


def view_of(epoch: int, views: int) -> int:
    """Describe which version of the examples an epoch (from 0) sees; 0 is the example as it is.

    Examples
    --------
    >>> [view_of(epoch, 3) for epoch in range(4)], [view_of(epoch, 0) for epoch in range(3)]
    ([0, 1, 2, 0], [1, 2, 3])
    """
    return epoch % views if views else epoch + 1


class Views(Protocol):
    """Inputs of examples, by their rows, in a version of each."""

    def __len__(self) -> int:
        """Count the examples."""

    def lengths(self, view: int) -> Integers | None:
        """Return the lengths of the inputs, shape (N,), or None where all have one shape."""

    def take(self, rows: Rows, view: int) -> Inputs:
        """Return the inputs of these rows, shape (n, ...)."""


@dataclass(frozen=True, slots=True)
class FreshViews:
    """Examples that are opened and augmented when they are needed.

    ``workers`` opens several at once; which thread opens which example decides nothing.
    """

    sources: Sequence[Any]
    preprocessing: Preprocessing
    augmentation: Augmentation
    seed: int
    workers: ThreadPoolExecutor

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.sources)

    def lengths(self, view: int) -> None:
        """Return None: all inputs have one shape."""

    def take(self, rows: Rows, view: int) -> Inputs:
        """Return inputs of shape (n, ...); raises ExampleError for one that cannot be opened."""
        return np.stack(list(self.workers.map(lambda row: self._one(int(row), view), rows)))

    def _one(self, row: int, view: int) -> Inputs:
        example = reader_of(self.preprocessing.kind).open_example(self.sources[row])
        return create_view(example, self.preprocessing, self.augmentation, self.seed, view)


@dataclass(frozen=True, slots=True)
class StoredViews:
    """Activations that were computed beforehand: one matrix (N, D) per view, ``shape`` the form of a row."""

    matrices: tuple[Inputs, ...]
    shape: tuple[int, ...]

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.matrices[0])

    def lengths(self, view: int) -> None:
        """Return None: all activations have one shape."""

    def take(self, rows: Rows, view: int) -> Inputs:
        """Return activations of shape (n, *shape)."""
        return self.matrices[view][rows].reshape(len(rows), *self.shape)


def ahead(views: Views, wanted: Sequence[Rows], view: int) -> Iterator[Inputs]:
    """Hand out inputs batch by batch, making the next one while this one is used.

    Examples
    --------
    >>> views = StoredViews((np.arange(4, dtype=np.float32).reshape(4, 1),), (1,))
    >>> [inputs.ravel().tolist() for inputs in ahead(views, [np.array([2, 1]), np.array([3])], 0)]
    [[2.0, 1.0], [3.0]]
    """

    def walk() -> Generator[Inputs, None, None]:
        with ThreadPoolExecutor(1) as helper:
            waiting = None
            for rows in wanted:
                following = helper.submit(views.take, rows, view)
                if waiting is not None:
                    yield waiting.result()
                waiting = following
            if waiting is not None:
                yield waiting.result()

    with closing(walk()) as steps:
        yield from steps


@dataclass(frozen=True, slots=True)
class Subset:
    """Some rows of other views."""

    views: Views
    rows: Rows

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.rows)

    def lengths(self, view: int) -> Integers | None:
        """Return the lengths of the inputs of the subset."""
        found = self.views.lengths(view)
        return None if found is None else found[self.rows]

    def take(self, rows: Rows, view: int) -> Inputs:
        """Return the inputs of these rows of the subset."""
        return self.views.take(self.rows[rows], view)
