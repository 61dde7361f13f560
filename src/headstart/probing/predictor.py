"""A fitted head that answers: features become outputs, and predictions for people."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.arrays import Floats
from headstart.data.targets.base import Target
from headstart.heads.head import Decoding, Head, Matrix


@dataclass(frozen=True, slots=True, eq=False)
class HeadPredictor(ABC):
    """A head with its decoding and its target; each task has its own.

    ``policy`` is what was learned about when not to answer, None for a model that answers everything; ``references``
    are what that compares new examples with.
    """

    head: Head
    decoding: Decoding
    target: Target
    policy: Any = None
    references: Any = None

    def outputs(self, features: Matrix) -> Floats:
        """Compute outputs, such as probabilities, of shape (N, C) for features of shape (N, D)."""
        return self.decoding.decode(self.head.scores(features))

    @abstractmethod
    def predict(self, names: Sequence[str], features: Matrix, top: int) -> tuple[Any, ...]:
        """Return a prediction, with ``path`` and ``to_json``, for each of N examples with features of shape (N, D)."""

    def novelty(self, features: Matrix) -> Floats:
        """Compute how unlike the training examples those with these features are, shape (N,); NaN when not measured."""
        return np.full(len(features), np.nan)

    def evaluate_policy(self, features: Matrix, scored: Any, ood: Any = None) -> Any:  # noqa: ANN401 - of the task
        """Evaluate the policy on scored examples with these features, shape (N, D); None without a policy."""
        return None
