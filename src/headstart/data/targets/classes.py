"""Classes: names in natural order, and the number of each example's class."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.data.example import LABEL
from headstart.data.name_checks import natural_key
from headstart.data.targets.base import HasTargets, Target
from headstart.errors import DataError
from headstart.runtime.findings import Finding


@dataclass(frozen=True, slots=True)
class Classes(Target):
    """One class of several for each example; its label is a position among the names.

    Attributes
    ----------
    names
        In natural order (2 before 10).

    Examples
    --------
    >>> Classes.from_labels(["class 10", "class 2", None, "class 10"])
    Classes(names=('class 2', 'class 10'))
    """

    task: ClassVar[str] = "classification"
    stratum: ClassVar[Finding] = Finding("data.each_class")
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        """Return the number of classes."""
        return len(self.names)

    @classmethod
    def of(cls, examples: Sequence[HasTargets]) -> Self:
        """Return the classes that occur."""
        return cls.from_labels(example.targets.get(LABEL) for example in examples)

    @classmethod
    def from_labels(cls, labels: Iterable[str | None]) -> Self:
        """Return the different labels in natural order."""
        return cls(tuple(sorted({label for label in labels if label is not None}, key=natural_key)))

    def describe(self) -> Finding:
        """Return the number of classes."""
        return Finding("data.class_count" if self.names else "data.no_classes", {"count": self.width})

    def require_learnable(self, examples: Sequence[HasTargets], usable: Sequence[HasTargets], nested: str) -> None:
        """Refuse examples without a label, and such of a single class."""
        unlabelled = _unlabelled(examples)
        if len(unlabelled) == len(examples):
            raise DataError("data.no_labels", names=unlabelled)
        self.require_labels(examples)
        filled = type(self).of(usable).names
        if len(filled) < 2:
            raise DataError("data.one_class_nested" if nested else "data.one_class", name=filled[0], root=nested)

    def require_labels(self, examples: Sequence[HasTargets]) -> None:
        """Refuse examples of which one has no label; raises DataError."""
        unlabelled = _unlabelled(examples)
        if unlabelled:
            raise DataError("data.some_unlabelled", names=unlabelled)

    def require_part(self, labels: Integers) -> None:
        """Refuse a part to fit with fewer than two classes: its model would give one answer to everything.

        Examples
        --------
        >>> Classes(("cat", "dog")).require_part(np.array([1, 0, 1]))
        """
        present = np.unique(labels).tolist()
        if len(present) == 1:
            raise DataError("data.part_of_one_class", name=self.names[present[0]])
        if not present:
            raise DataError("data.part_of_no_class")

    def require_known(self, examples: Sequence[HasTargets]) -> None:
        """Refuse examples without a label, or with a class that is none of these."""
        self.require_labels(examples)
        unknown = [name for name in type(self).of(examples).names if name not in self.names]
        if unknown:
            count = sum(example.targets[LABEL] in unknown for example in examples)
            known = list(self.names)
            raise DataError("data.unknown_labels", names=unknown, count=count, total=len(examples), known=known)

    def split_findings(self, fitted: Integers, scored: Integers) -> list[Finding]:
        """Name the classes that only one of the parts has."""
        findings = []
        for code, here, there in (("data.never_scored", fitted, scored), ("data.never_predicted", scored, fitted)):
            names = [self.names[number] for number in np.setdiff1d(here, there)]
            if names:
                findings.append(Finding(code, {"count": len(names), "names": names}))
        return findings

    def fold_findings(self, labels: Integers) -> tuple[Finding, ...]:
        """Name the classes that no fold can both learn and score.

        Examples
        --------
        >>> str(Classes(("a", "b")).fold_findings(np.array([0, 0, 1]))[0])[:40]
        "These classes have one picture only: 'b'"
        """
        lone = [self.names[number] for number in np.flatnonzero(np.bincount(labels, minlength=self.width) == 1)]
        return (Finding("data.lone", {"names": lone}),) if lone else ()

    def read(self, examples: Sequence[HasTargets]) -> Integers:
        """Return the number of each example's class, shape (N,); -1 where it is not known."""
        numbers = {name: number for number, name in enumerate(self.names)}
        return np.array([numbers.get(example.targets.get(LABEL, ""), -1) for example in examples], dtype=np.int64)

    def known(self, labels: Integers) -> Booleans:
        """Return which labels are classes."""
        return labels >= 0

    def summarise(self, labels: Integers) -> dict[str, Any]:
        """Count the examples of each class."""
        return {"counts": np.bincount(labels, minlength=self.width).tolist()}

    def facts(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """Return the classes, and how many examples of each there were."""
        return {"classes": list(self.names), "class_counts": dict(zip(self.names, summary["counts"], strict=True))}

    def constant(self, summary: Mapping[str, Any]) -> Floats:
        """Return the share of each class."""
        counts = np.asarray(summary["counts"], dtype=np.float64)
        return np.asarray(counts / counts.sum())

    def strata(self, labels: Integers) -> Integers:
        """Return the labels: each class is a stratum."""
        return labels


def _unlabelled(examples: Sequence[HasTargets]) -> list[str]:
    return [example.name for example in examples if example.targets.get(LABEL) is None]
