"""What is to be predicted: the columns of examples, and the array they become."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from headstart.runtime.findings import Finding

Labels = npt.NDArray[Any]  # known answers, shape (N, ...): class numbers are int64, numbers float64


class HasTargets(Protocol):
    """An example, as far as a target reads it."""

    @property
    def name(self) -> str:
        """Return what a person calls it."""

    @property
    def targets(self) -> Mapping[str, Any]:
        """Return what is known of it, by column."""


class Target(Protocol):
    """What is to be predicted. Every implementation is a frozen dataclass; its fields go into the manifest of a model.

    Attributes
    ----------
    task
        Name of its row in the table ``tasks`` of :mod:`headstart.registry`.
    stratum
        Each part of the labels whose share a split keeps, for the middle of a sentence.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    task: ClassVar[str]
    stratum: ClassVar[Finding] = Finding("data.each_stratum")

    @property
    def width(self) -> int:
        """Return how many scores a head gives for an example: one for each class."""
        return 1

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the classes; a number has none."""
        return ()

    @classmethod
    def of(cls, examples: Sequence[HasTargets]) -> Self:
        """Return the target that examples have, such as the classes that occur."""
        return cls()

    def describe(self) -> Finding:
        """Return what is predicted, for the middle of a sentence."""
        return Finding("data.task_of", {"task": self.task})

    def require_learnable(self, examples: Sequence[HasTargets], usable: Sequence[HasTargets], nested: str) -> None:
        """Raise DataError for examples that nothing can be learned from.

        ``nested`` is the folder that holds the data, where every example lies in a folder below the next.
        """

    def require_part(self, labels: Labels) -> None:
        """Raise DataError for labels of a part to fit that nothing can be learned from."""

    def require_known(self, examples: Sequence[HasTargets]) -> None:
        """Raise DataError for examples with labels that a model with this target does not know."""

    def split_findings(self, fitted: Labels, scored: Labels) -> list[Finding]:
        """Return what the user should know of the labels of the two parts."""
        return []

    def fold_findings(self, labels: Labels) -> tuple[Finding, ...]:
        """Return what the user should know of labels that are learned and scored in folds."""
        return ()

    @abstractmethod
    def read(self, examples: Sequence[HasTargets]) -> Labels:
        """Return the labels of examples, shape (N, ...)."""

    def known(self, labels: Labels) -> npt.NDArray[np.bool_]:
        """Return which labels are known, shape (N,)."""
        return np.asarray(np.isfinite(labels).reshape(len(labels), -1).all(axis=1))

    @abstractmethod
    def summarise(self, labels: Labels) -> dict[str, Any]:
        """Return what a model keeps of the labels it was fitted to: plain data."""

    def facts(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a server tells of the target of a model, from :meth:`summarise`: plain data."""
        return {"labels": dict(summary)}

    @abstractmethod
    def constant(self, summary: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        """Return the outputs (C,) of the best answer that is the same for every example, from :meth:`summarise`."""

    @abstractmethod
    def strata(self, labels: Labels) -> npt.NDArray[np.int64]:
        """Return the number of the stratum of each label, shape (N,): splits keep the share of each."""
