"""Data is inspected before anything is computed: what is there, what cannot be read, what is there twice."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset, Example
from headstart.data.readers.base import NO_KEY, Facts, Surveyor, reader_of
from headstart.data.same_names import twins
from headstart.runtime.findings import NOTE, Finding, about, notices_json
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent

TINY = 5  # a class with fewer examples cannot even be in every fold of the usual cross-validation
OTHER_FORMAT = Finding("data.wrong_suffixes", severity=NOTE)  # than the suffix of its file says
_BLOCK = 64  # examples in one piece of a thread's work: one by one, handing over would cost as much as inspecting
_CLOSER = 32  # examples that are decoded
_SLOW = 0.002  # seconds for an example above which several threads pay


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a dataset before anything is computed.

    Attributes
    ----------
    dataset
        The dataset that was inspected, of N examples.
    keys
        SHA-256 of each example's bytes, 32 bytes each; zeros where it cannot be used.
    sizes
        Of each example, as its reader measures it, shape (N, M), int32; 0 where unknown.
    unreadable
        Position of each example that cannot be used, with the reason.
    remarks
        Positions of examples that are odd but used, by what is said about them, without values: another format than
        the suffix says, several pages, and so on.
    duplicates
        Positions of usable examples with the same bytes, two or more in each set.
    copies
        Positions of usable examples that show the same example in other bytes, two or more in each set; found by
        :func:`headstart.audit.duplicates.add_near_duplicates`, not by :func:`inspect_dataset`.
    notices
        What was found by decoding a few, and about the copies.
    """

    dataset: Dataset
    keys: tuple[bytes, ...]
    sizes: npt.NDArray[np.int32]
    unreadable: dict[int, Finding]
    remarks: Mapping[Finding, tuple[int, ...]]
    duplicates: tuple[tuple[int, ...], ...]
    copies: tuple[tuple[int, ...], ...] = ()
    notices: tuple[Finding, ...] = ()

    @property
    def together(self) -> npt.NDArray[np.int64]:
        """Number of the set each example belongs to, shape (N,): one group, the same bytes, or near copies."""
        from headstart.data.splits import merge_groups  # predicting needs none

        return merge_groups(self.keys, [example.group for example in self.dataset.examples], self.copies)

    @property
    def usable(self) -> npt.NDArray[np.int64]:
        """Positions of the examples that can be used, ascending."""
        mask = np.ones(len(self.dataset), dtype=bool)
        mask[list(self.unreadable)] = False
        return np.flatnonzero(mask)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Number of usable examples for each class and split; the split is "" where none is given."""
        counts: dict[str, dict[str, int]] = {name: {} for name in self.dataset.classes}
        for example in self.usable_examples():
            row = counts.get(example.label or "")
            if row is not None:
                row[example.split or ""] = row.get(example.split or "", 0) + 1
        return counts

    @property
    def class_totals(self) -> dict[str, int]:
        """Number of usable examples for each class."""
        return {name: sum(row.values()) for name, row in self.counts.items()}

    @property
    def tiny_classes(self) -> dict[str, int]:
        """Classes with fewer than five usable examples, and how many they have."""
        return {name: count for name, count in self.class_totals.items() if count < TINY}

    @property
    def imbalance(self) -> float | None:
        """Examples in the largest class divided by those in the smallest that has any; None without classes."""
        filled = [count for count in self.class_totals.values() if count]
        return max(filled) / min(filled) if filled else None

    @property
    def duplicates_across_splits(self) -> tuple[tuple[int, ...], ...]:
        """Sets of duplicates that lie in more than one split."""
        return self._across_splits(self.duplicates)

    @property
    def copies_across_splits(self) -> tuple[tuple[int, ...], ...]:
        """Sets of near copies that lie in more than one split."""
        return self._across_splits(self.copies)

    @property
    def label_conflicts(self) -> tuple[tuple[int, ...], ...]:
        """Sets of duplicates that have more than one label."""
        return tuple(group for group in self.duplicates if len({self.dataset.examples[i].label for i in group}) > 1)

    def to_json(self) -> dict[str, Any]:
        """Return plain data with everything that was found."""
        return {
            "pictures": len(self.dataset),
            "usable": len(self.usable),
            "classes": list(self.dataset.classes),
            "counts": self.counts,
            "groups": len({example.group for example in self.dataset.examples if example.group is not None}),
            "sizes": self.size_summary,
            "unreadable": [
                {"path": self.dataset.examples[index].name, "reason": str(why)}
                for index, why in self.unreadable.items()
            ],
            "wrong_suffixes": self.names_of(self.remarks.get(OTHER_FORMAT, ())),
            "duplicates": [self.names_of(group) for group in self.duplicates],
            "duplicates_across_splits": [self.names_of(group) for group in self.duplicates_across_splits],
            "near_copies": [self.names_of(group) for group in self.copies],
            "near_copies_across_splits": [self.names_of(group) for group in self.copies_across_splits],
            "label_conflicts": [self.names_of(group) for group in self.label_conflicts],
            "tiny_classes": self.tiny_classes,
            "imbalance": self.imbalance,
            "class_twins": twins(self.dataset.classes),
            **notices_json(about((*self.dataset.notices, *self.notices), self.dataset.modality)),
        }

    def usable_examples(self) -> Iterator[Example]:
        """Yield the examples that can be used."""
        return (example for index, example in enumerate(self.dataset.examples) if index not in self.unreadable)

    def _across_splits(self, sets: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
        return tuple(group for group in sets if len({self.dataset.examples[i].split for i in group}) > 1)

    def names_of(self, positions: Iterable[int]) -> list[str]:
        """List the names of examples by their positions."""
        return [self.dataset.examples[position].name for position in positions]

    @property
    def size_summary(self) -> dict[str, list[int]]:
        """Smallest, median and largest of each size, by its name; empty when nothing is usable."""
        sizes = self.sizes[self.usable]
        if not len(sizes):
            return {}
        parts = np.stack([sizes.min(axis=0), np.median(sizes, axis=0), sizes.max(axis=0)], axis=1).astype(np.int64)
        return dict(zip(reader_of(self.dataset.modality).SIZES, parts.tolist(), strict=True))


def inspect_dataset(dataset: Dataset, progress: Progress = silent, workers: int | None = None) -> Inspection:
    """Inspect every example of a dataset: its bytes are read and digested, its header is checked, nothing is decoded.

    ``progress`` is told after every block of examples, from this thread; ``workers`` is the number of threads where
    the files are slow to read: at least 8 by default, since they wait more than they work.

    Examples
    --------
    >>> report = inspect_dataset(Dataset("toy", (Example(b"", "a.png"),)))
    >>> print(report.unreadable[0])
    The file is empty: it has 0 bytes.
    """
    total = len(dataset)
    sizes = np.zeros((total, len(reader_of(dataset.modality).SIZES)), dtype=np.int32)
    keys: list[bytes] = []
    unreadable: dict[int, Finding] = {}
    remarks: dict[Finding, list[int]] = defaultdict(list)
    closer = []
    for facts in _inspect_all(dataset, progress, workers or max(8, available_cores())):
        index = len(keys)
        # Without a key of their own, two empty files would count as the same example and tie their groups together.
        keys.append(facts.key if facts.problem is None else NO_KEY)
        sizes[index] = facts.sizes
        if facts.problem is not None:
            unreadable[index] = facts.problem
            continue
        for notice in facts.notices:
            remarks[replace(notice, values={})].append(index)
        if facts.look_closer:
            closer.append(index)
    return Inspection(
        dataset,
        tuple(keys),
        sizes,
        unreadable,
        {remark: tuple(positions) for remark, positions in remarks.items()},
        _find_duplicates(keys, unreadable),
        notices=_survey(dataset, closer),
    )


def _survey(dataset: Dataset, positions: Sequence[int]) -> tuple[Finding, ...]:
    """Have the reader look closer at a few of these examples, spread evenly."""
    if not positions:
        return ()
    surveyor = cast("Surveyor", reader_of(dataset.modality))
    return surveyor.survey([dataset.examples[index].source for index in positions[:: 1 + len(positions) // _CLOSER]])


def _inspect_all(dataset: Dataset, progress: Progress, workers: int) -> Iterator[Facts]:
    """Inspect the examples in blocks; the facts come in the order of the examples.

    Small files are done fastest by one thread, because opening a header holds Python's lock; large files, and files on
    a slow disk or network, by several. The first block tells which.
    """
    total, starts = len(dataset), range(0, len(dataset), _BLOCK)
    if not total:
        return
    inspect = reader_of(dataset.modality).inspect_example

    def inspect_block(start: int) -> list[Facts]:
        return [inspect(example.source, example.name) for example in dataset.examples[start : start + _BLOCK]]

    began = time.perf_counter()
    first = inspect_block(0)
    slow = time.perf_counter() - began > _SLOW * len(first)
    pool = ThreadPoolExecutor(workers)
    try:
        rest = pool.map(inspect_block, starts[1:]) if slow else map(inspect_block, starts[1:])
        for start, block in zip(starts, chain([first], rest), strict=True):
            yield from block
            progress("checking pictures", min(start + _BLOCK, total), total)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C nobody waits for the rest


def _find_duplicates(keys: Sequence[bytes], unreadable: dict[int, Finding]) -> tuple[tuple[int, ...], ...]:
    places: dict[bytes, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        if index not in unreadable:
            places[key].append(index)
    return tuple(tuple(indices) for indices in places.values() if len(indices) > 1)
