"""Classes: names in natural order, and the number of each example's class."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from headstart.data.example import LABEL
from headstart.data.name_checks import natural_key
from headstart.data.targets.base import HasTargets, Target


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

    def read(self, examples: Sequence[HasTargets]) -> npt.NDArray[np.int64]:
        """Return the number of each example's class, shape (N,); -1 where it is not known."""
        numbers = {name: number for number, name in enumerate(self.names)}
        return np.array([numbers.get(example.targets.get(LABEL, ""), -1) for example in examples], dtype=np.int64)

    def summarise(self, labels: npt.NDArray[np.int64]) -> dict[str, Any]:
        """Count the examples of each class."""
        return {"counts": np.bincount(labels, minlength=self.width).tolist()}

    def constant(self, summary: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        """Return the share of each class."""
        counts = np.asarray(summary["counts"], dtype=np.float64)
        return np.asarray(counts / counts.sum())

    def strata(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the labels: each class is a stratum."""
        return labels
