"""The values the metrics stage hands on: Score and Evaluation."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

IntervalMethod = Literal["wilson", "bootstrap", "group bootstrap", "corrected t", "jackknife"]


@dataclass(frozen=True, slots=True)
class Score:
    """A number with its 95 % interval.

    Attributes
    ----------
    value, low, high
        NaN where the number is not defined (the recall of a class that does not occur).
    method
        How the interval was found.

    Examples
    --------
    >>> print(Score(0.967, 0.936, 0.985, "wilson"))
    0.967 [0.936, 0.985]
    """

    value: float
    low: float
    high: float
    method: IntervalMethod = "bootstrap"

    def __str__(self) -> str:
        """Value and interval with three digits."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """The examples that are scored: labels (N,), groups (N,) or None, and which (N,) leaked into the fitted part.

    ``fold_of`` (N,) says in which fold each was held out, where the answers come from several models.
    """

    labels: npt.NDArray[Any]
    classes: tuple[str, ...]
    groups: npt.NDArray[np.int64] | None
    leaked: npt.NDArray[np.bool_]
    fold_of: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """How an evaluation was cross-validated: ``accuracies`` are those of the folds, repetition after repetition."""

    folds: int
    repeats: int
    accuracies: tuple[float, ...]

    def __str__(self) -> str:
        """Return how it was done.

        Examples
        --------
        >>> str(CrossValidated(5, 2, ())), str(CrossValidated(5, 1, ()))
        ('cross-validated in 5 folds, 2 times', 'cross-validated in 5 folds')
        """
        return f"cross-validated in {self.folds} folds" + (f", {self.repeats} times" if self.repeats > 1 else "")


class Evaluation(Protocol):
    """How well the answers to a task agree with labels: a frozen dataclass whose scores are :class:`Score` by name.

    Attributes
    ----------
    count
        Number of examples scored.
    groups
        Number of groups the intervals were drawn over, or None when examples count as independent.
    cross_validated
        In how many folds the examples were scored; None when they were scored by one model.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    count: int
    groups: int | None
    cross_validated: CrossValidated | None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            """Return a score, or a table that only this task has."""
            raise AttributeError(name)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for JSON: numbers that are not defined become None."""
        return {key: plain_data(value) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Metrics:
    """How the answers to a task are scored.

    Attributes
    ----------
    name, balanced
        Of the score that people read first, the larger the better, and of that where every class counts alike.
    loss
        Of the score that heads are chosen by, the smaller the better.
    evaluate
        Labels (N, ...), outputs (N, C) and class names become an :class:`Evaluation`; ``groups``, ``seed`` and
        ``resamples`` as for :func:`headstart.metrics.classification.evaluation.evaluate`.
    evaluate_folds
        The same of a cross-validation; None where there is no such thing.
    credit
        What each example adds, (N,), from outputs (N, C) and labels: its mean is the first score, and it is Boolean
        where that is a share of the examples.
    shares, losses
        Of the scores that a page shows: those between 0 and 1 in the order to read them, and those of which less is
        better; all scores where none is named.
    """

    name: str
    balanced: str
    loss: str
    evaluate: Callable[..., Evaluation]
    evaluate_folds: Callable[..., Evaluation] | None
    credit: Callable[[npt.NDArray[np.float64], npt.NDArray[Any]], npt.NDArray[Any]]
    shares: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()


def plain_data(value: Any) -> Any:  # noqa: ANN401 - walks any JSON-like value
    """Convert plain data for JSON: keys become text, numbers that are not finite None.

    Examples
    --------
    >>> plain_data({3: (0.5, math.nan)})
    {'3': [0.5, None]}
    """
    if isinstance(value, dict):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain_data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
