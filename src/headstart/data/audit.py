"""The data is checked before anything is computed: what is there, what cannot be read, what is there twice."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset, Example
from headstart.data.inspection import inspect_all
from headstart.data.name_checks import join_names, plural, twins
from headstart.data.readers.base import NO_KEY, reader_of
from headstart.data.splits import merge_groups
from headstart.errors import DataError
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress, silent

TINY = 5  # a class with fewer pictures cannot even be in every fold of the usual cross-validation


@dataclass(frozen=True, slots=True)
class Audit:
    """What is known of a dataset before anything is computed.

    Attributes
    ----------
    dataset
        The dataset that was looked at, of N examples.
    keys
        SHA-256 of each example's bytes, 32 bytes each; zeros where it cannot be used.
    sizes
        Of each example, as its reader measures it, shape (N, M), int32; 0 where unknown.
    unreadable
        Position of each example that cannot be used, with the reason.
    wrong_suffixes
        Positions of examples whose suffix is that of another format; they are used.
    duplicates
        Positions of usable examples with the same bytes, two or more in each set.
    copies
        Positions of usable examples that show the same picture in other bytes, two or more in each set; found by
        :func:`headstart.audit.duplicates.with_copies`, not by :func:`audit`.
    notices
        Sentences for the user about the copies.
    """

    dataset: Dataset
    keys: tuple[bytes, ...]
    sizes: npt.NDArray[np.int32]
    unreadable: dict[int, str]
    wrong_suffixes: tuple[int, ...]
    duplicates: tuple[tuple[int, ...], ...]
    copies: tuple[tuple[int, ...], ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def together(self) -> npt.NDArray[np.int64]:
        """Number of the set each example belongs to, shape (N,): one group, the same bytes, or near copies."""
        return merge_groups(self.keys, [example.group for example in self.dataset.examples], self.copies)

    @property
    def usable(self) -> npt.NDArray[np.int64]:
        """Positions of the examples that can be used, ascending."""
        mask = np.ones(len(self.dataset), dtype=bool)
        mask[list(self.unreadable)] = False
        return np.flatnonzero(mask)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Number of usable pictures for each class and split; the split is "" where none is given."""
        counts: dict[str, dict[str, int]] = {name: {} for name in self.dataset.classes}
        for example in self._usable_examples():
            if example.label is not None:
                row = counts[example.label]
                row[example.split or ""] = row.get(example.split or "", 0) + 1
        return counts

    @property
    def class_totals(self) -> dict[str, int]:
        """Number of usable pictures for each class."""
        return {name: sum(row.values()) for name, row in self.counts.items()}

    @property
    def tiny_classes(self) -> dict[str, int]:
        """Classes with fewer than five usable pictures, and how many they have."""
        return {name: count for name, count in self.class_totals.items() if count < TINY}

    @property
    def imbalance(self) -> float | None:
        """Pictures in the largest class divided by those in the smallest that has any; None without classes."""
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
        """Plain data with everything that was found."""
        return {
            "pictures": len(self.dataset),
            "usable": len(self.usable),
            "classes": list(self.dataset.classes),
            "counts": self.counts,
            "groups": len({example.group for example in self.dataset.examples if example.group is not None}),
            "sizes": self._size_summary(),
            "unreadable": [
                {"path": self.dataset.examples[index].name, "reason": why} for index, why in self.unreadable.items()
            ],
            "wrong_suffixes": self._names(self.wrong_suffixes),
            "duplicates": [self._names(group) for group in self.duplicates],
            "duplicates_across_splits": [self._names(group) for group in self.duplicates_across_splits],
            "near_copies": [self._names(group) for group in self.copies],
            "near_copies_across_splits": [self._names(group) for group in self.copies_across_splits],
            "label_conflicts": [self._names(group) for group in self.label_conflicts],
            "tiny_classes": self.tiny_classes,
            "imbalance": self.imbalance,
            "class_twins": twins(self.dataset.classes),
            "notices": [*self.dataset.notices, *self.notices],
        }

    def lines(self) -> list[str]:
        """Write a short report, one sentence a line; of long lists the first five and how many more."""
        found = (self._total_lines(), self._unreadable_lines(), self._duplicate_lines(), self._class_lines())
        return [*chain.from_iterable(found), *self.dataset.notices, *self.notices]

    def _usable_examples(self) -> Iterator[Example]:
        return (example for index, example in enumerate(self.dataset.examples) if index not in self.unreadable)

    def _across_splits(self, sets: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
        return tuple(group for group in sets if len({self.dataset.examples[i].split for i in group}) > 1)

    def _names(self, indices: Iterable[int]) -> list[str]:
        return [self.dataset.examples[index].name for index in indices]

    def _size_summary(self) -> dict[str, list[int]]:
        """Smallest, median and largest of each size, by its name; empty when nothing is usable."""
        sizes = self.sizes[self.usable]
        if not len(sizes):
            return {}
        parts = np.stack([sizes.min(axis=0), np.median(sizes, axis=0), sizes.max(axis=0)], axis=1).astype(np.int64)
        return dict(zip(reader_of(self.dataset.modality).SIZES, parts.tolist(), strict=True))

    def _total_lines(self) -> list[str]:
        splits = Counter(example.split for example in self._usable_examples())
        parts = ", ".join(f"{splits[name]:,} {name}" for name in ("train", "validation", "test") if splits[name])
        classes = plural(len(self.dataset.classes), "class", "classes") if self.dataset.classes else "no classes"
        lines = [f"{plural(len(self.usable), 'picture')}, {classes}" + (f": {parts}." if parts else ".")]
        summary = self._size_summary()
        return lines + ([reader_of(self.dataset.modality).size_line(summary)] if summary else [])

    def _unreadable_lines(self) -> list[str]:
        lines = []
        if self.unreadable:
            named = [f"{self.dataset.examples[index].name}: {reason}" for index, reason in self.unreadable.items()]
            lines.append(f"{plural(len(named), 'picture is', 'pictures are')} left out because unreadable:")
            lines += [f"  {line}" for line in named[:5]]
            lines += [f"  and {len(named) - 5:,} more"] if len(named) > 5 else []
        if self.wrong_suffixes:
            names = self._names(self.wrong_suffixes)
            count = plural(len(names), "picture has", "pictures have")
            lines.append(f"{count} the suffix of another format, which does no harm: {join_names(names)}.")
        return lines

    def _duplicate_lines(self) -> list[str]:
        lines = []
        for groups, what in (
            (self.duplicates, "the same bytes"),
            (self.duplicates_across_splits, "the same bytes in different splits"),
            (self.copies, "nearly the same picture in other bytes"),
            (self.copies_across_splits, "nearly the same picture in different splits"),
            (self.label_conflicts, "the same bytes under different classes"),
        ):
            if groups:
                count = plural(len(groups), "set of pictures has", "sets of pictures have")
                lines.append(f"{count} {what}, for instance {join_names(self._names(groups[0]))}.")
        return lines

    def _class_lines(self) -> list[str]:
        lines = []
        tiny = [f"{name} ({count})" for name, count in self.tiny_classes.items()]
        if tiny:
            more = f" and {len(tiny) - 5} more" if len(tiny) > 5 else ""
            count = plural(len(tiny), "class has", "classes have")
            lines.append(f"{count} fewer than {TINY} pictures: {', '.join(tiny[:5])}{more}.")
        if self.imbalance is not None and self.imbalance >= 3:
            lines.append(
                f"The largest class has {self.imbalance:.1f} times as many pictures as the smallest; "
                "accuracy alone says little, look at the classes."
            )
        return lines


def audit(dataset: Dataset, progress: Progress = silent, workers: int | None = None) -> Audit:
    """Look at every picture of a dataset: its bytes are read and digested, its header is checked, nothing is decoded.

    ``progress`` is told after every block of pictures, from this thread; ``workers`` is the number of threads where
    the files are slow to read: at least 8 by default, since they wait more than they work.

    Examples
    --------
    >>> report = audit(Dataset("toy", (Example(b"", "a.png"),)))
    >>> report.unreadable
    {0: 'The file is empty: it has 0 bytes.'}
    """
    total = len(dataset)
    sizes = np.zeros((total, len(reader_of(dataset.modality).SIZES)), dtype=np.int32)
    keys: list[bytes] = []
    unreadable: dict[int, str] = {}
    wrong_suffixes = []
    for facts in inspect_all(dataset, progress, workers or max(8, available_cores())):
        index = len(keys)
        # Without a key of their own, two empty files would count as the same picture and tie their groups together.
        keys.append(facts.key if facts.problem is None else NO_KEY)
        sizes[index] = facts.sizes
        if facts.problem is not None:
            unreadable[index] = facts.problem
        elif facts.notice is not None:
            wrong_suffixes.append(index)
    duplicates = _find_duplicates(keys, unreadable)
    return Audit(dataset, tuple(keys), sizes, unreadable, tuple(wrong_suffixes), duplicates)


def refuse_unreadable(report: Audit) -> None:
    """Refuse data with unreadable pictures, for those who asked to be strict.

    Raises
    ------
    DataError
        Lists the first five, with reasons, and how many more.
    """
    if report.unreadable:
        named = [f"'{report.dataset.examples[index].name}': {why}" for index, why in report.unreadable.items()]
        more = f" And {len(named) - 5:,} more." if len(named) > 5 else ""
        raise DataError(
            f"{plural(len(named), 'picture')} cannot be read.",
            " ".join(named[:5]) + more,
            "Replace them or take them out, or leave 'strict' out to go on without them.",
        )


def require_classes(report: Audit) -> None:
    """Refuse data that no classifier can be fitted to.

    Raises
    ------
    DataError
        When no picture can be read, a label is missing, or there are fewer than two classes with readable pictures.
    """
    dataset = report.dataset
    if not len(report.usable):
        first = next(iter(report.unreadable), None)
        raise DataError(
            "No picture can be read.",
            f"'{dataset.examples[first].name}': {report.unreadable[first]}" if first is not None else "There are none.",
            "Check the data.",
        )
    unlabelled = [example.name for example in dataset.examples if example.label is None]
    if unlabelled:
        raise DataError(
            "The pictures have no classes." if len(unlabelled) == len(dataset) else "Some pictures have no class.",
            f"There is no label for {join_names(unlabelled)}.",
            "Put one folder per class, or give a table with the columns path and label.",
        )
    filled = [name for name, count in report.class_totals.items() if count]
    if len(filled) < 2:
        nested = dataset.root is not None and all(example.name.count("/") > 1 for example in dataset.examples)
        raise DataError(
            f"There is only one class with readable pictures: '{filled[0]}'.",
            "A classifier needs at least two.",
            f"If the classes lie inside it, give '{dataset.root}/{filled[0]}' instead."
            if nested
            else "Put the pictures of each class into a folder of its own.",
        )


def _find_duplicates(keys: Sequence[bytes], unreadable: dict[int, str]) -> tuple[tuple[int, ...], ...]:
    places: dict[bytes, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        if index not in unreadable:
            places[key].append(index)
    return tuple(tuple(indices) for indices in places.values() if len(indices) > 1)
