"""Predictions: the likeliest classes of one example."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.runtime.findings import Finding


@dataclass(frozen=True, slots=True)
class Choice:
    """A class and its probability."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction of a model for one example.

    Attributes
    ----------
    path
        The example: its path, or ``#7`` for the eighth of a list.
    label, probability
        The likeliest class.
    top
        The likeliest classes, best first; ``top[0]`` is ``label`` with ``probability``.
    prediction_set
        Classes among which the true one is as often as was asked for, likeliest first; empty without a policy.
    abstained, why
        Whether the model had better not answer, and why; ``label`` is what it would have said.
    unfamiliar
        Whether the example is unlike the training examples.
    familiarity, novelty
        Share of held-out training examples that are at least as strange, from 0 to 1, and how strange the example is;
        None when the model cannot tell.

    Examples
    --------
    >>> best = (Choice("rose", 0.75), Choice("tulip", 0.25))
    >>> Prediction("a.jpg", "rose", 0.75, best).to_json()["top"][1]
    {'label': 'tulip', 'probability': 0.25}
    """

    path: str
    label: str
    probability: float
    top: tuple[Choice, ...]
    prediction_set: tuple[str, ...] = ()
    abstained: bool = False
    why: Finding | None = None
    unfamiliar: bool = False
    familiarity: float | None = None
    novelty: float | None = None

    @property
    def reason(self) -> str:
        """Why the model had better not answer, in English; empty when it may."""
        return str(self.why or "")

    def to_json(self) -> dict[str, Any]:
        """Return plain data with the attributes as keys."""
        found = {"reason" if name == "why" else name: value for name, value in asdict(self).items()}
        tops = [asdict(choice) for choice in self.top]
        return found | {"top": tops, "prediction_set": [*self.prediction_set], "reason": self.reason}


def predictions_from(
    paths: Sequence[str], probabilities: npt.NDArray[np.floating[Any]], classes: Sequence[str], top: int = 5
) -> tuple[Prediction, ...]:
    """Return predictions with the ``top`` likeliest classes of each row.

    ``probabilities`` has shape (N, C) in the order of ``classes``; of equal ones the first class comes first.

    Examples
    --------
    >>> predictions_from(["a.jpg"], np.array([[0.1, 0.7, 0.2]]), ["ant", "bee", "fly"], top=2)[0].top
    (Choice(label='bee', probability=0.7), Choice(label='fly', probability=0.2))
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return tuple(
        _prediction(path, tuple(Choice(classes[number], float(row[number])) for number in best))
        for path, row, best in zip(paths, probabilities, order, strict=True)
    )


def _prediction(path: str, top: tuple[Choice, ...]) -> Prediction:
    return Prediction(path, top[0].label, top[0].probability, top)
