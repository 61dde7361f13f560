"""A task: the kind of answer that is learned. Everything else sees arrays, scores and values."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from headstart.registry import resolve

Labels = npt.NDArray[Any]  # known answers, shape (N, ...): class numbers are int64, numbers float64


class HasTargets(Protocol):
    """An example, as far as a target reads it."""

    @property
    def targets(self) -> Mapping[str, Any]:
        """Return what is known of it, by column."""


class Target(Protocol):
    """What is to be predicted: the columns of examples, and the array they become."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the classes; a number has none."""

    @classmethod
    def of(cls, examples: Sequence[HasTargets]) -> Self:
        """Return the target that examples have, such as the classes that occur."""

    def read(self, examples: Sequence[HasTargets]) -> Labels:
        """Return the labels of examples, shape (N, ...)."""

    def strata(self, labels: Labels) -> npt.NDArray[np.int64]:
        """Return the number of the stratum of each label, shape (N,): splits keep the share of each."""


class Task(Protocol):
    """One row: where everything lies that a kind of answer brings; see :class:`headstart.registry.Row`."""

    name: str
    target: type[Target]


def load_task(name: str) -> Task:
    """Load a task by its name; raises UnknownNameError.

    Examples
    --------
    >>> load_task("classification").target.__name__
    'Classes'
    """
    task: Task = resolve("tasks", name)
    return task
