"""Scoring examples that a head was not fitted on: what is chosen by."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from headstart.data.splits import Fold
from headstart.data.targets.base import Target
from headstart.heads.head import Array, Decoding
from headstart.heads.training_set import TrainingSet
from headstart.runtime.findings import Finding

Scores = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.int64]

TIE = 1e-6  # nats; smaller differences of log-loss are rounding
CLEAR = 2.0  # standard errors; a smaller difference may be chance


@dataclass(frozen=True, slots=True, eq=False)
class CvScore:
    """How good held-out scores are.

    Attributes
    ----------
    decoding
        Fitted on these scores.
    loss
        Decides; the mean of ``losses``. Of classes the log-loss at this temperature, in nats.
    metric
        What people read, larger is better. Of classes the accuracy; every class counts alike with balance.
    losses
        Of each example that can be scored, shape (M,).
    """

    decoding: Decoding
    loss: float
    metric: float
    losses: Array


@dataclass(frozen=True, slots=True, eq=False)
class CvScorer(ABC):
    """What is needed to score held-out predictions of a training set; each kind of answer has its own.

    Attributes
    ----------
    labels, weights
        Of all N examples.
    groups
        Number of the group of each example; examples of one group are not independent.
    scorable
        Positions of the M examples that a head could know. The others have no part in decoding and loss.
    """

    labels: npt.NDArray[Any]
    weights: Array
    groups: Indices
    scorable: Indices

    @classmethod
    def of(cls, training: TrainingSet, groups: npt.NDArray[Any], folds: Sequence[Fold]) -> Self:
        """Create the scorer of a training set: by default every example can be scored."""
        units = np.unique(groups, return_inverse=True)[1]
        return cls(training.labels, training.weights, units, np.arange(len(training)))

    @property
    def independent(self) -> bool:
        """Return whether every example is a group of its own."""
        return len(np.unique(self.groups)) == len(self.groups)

    @abstractmethod
    def evaluate(self, scores: Scores) -> CvScore:
        """Fit the decoding to scores of all examples, shape (N, C), and compute loss and metric."""

    def notices(self, target: Target) -> tuple[Finding, ...]:
        """Return what could not be scored."""
        return ()

    def clearly_better(self, one: CvScore, other: CvScore) -> bool:
        """Return whether ``one`` has a loss lower by more than two standard errors of the paired difference.

        The difference is taken per example and summed per group, so that examples of one group do not count as many.
        """
        weights = self.weights[self.scorable] / self.weights[self.scorable].sum()
        gains = other.losses - one.losses
        gain = float(weights @ gains)
        deviations = np.bincount(self.groups[self.scorable], weights * (gains - gain))
        return gain > max(TIE, CLEAR * math.sqrt(float(deviations @ deviations)))


def select_best(cv_scores: Sequence[CvScore]) -> int:
    """Return the position of the smallest loss; of equals, the first.

    Examples
    --------
    >>> select_best([CvScore(None, loss, 0.5, np.array([loss])) for loss in (0.7, 0.3, 0.3)])
    1
    """
    losses = np.array([cv_score.loss for cv_score in cv_scores])
    return int(np.flatnonzero(losses <= losses.min() + TIE)[0])
