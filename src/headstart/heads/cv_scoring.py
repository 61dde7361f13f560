"""Judging scores of examples that a head was not fitted on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.heads.head import Labels
from headstart.heads.probabilities import Scores, log_softmax
from headstart.heads.temperature import fit_temperature
from headstart.heads.training_set import Array, TrainingSet

Indices = npt.NDArray[np.int64]

TIE = 1e-6  # nats; smaller differences of log-loss are rounding
CLEAR = 2.0  # standard errors; a smaller difference may be chance


class Fold(Protocol):
    """Positions of the examples to fit on and of those to score; the held-out parts of all folds make up the whole."""

    @property
    def train(self) -> Indices:
        """Positions of the examples to fit on."""

    @property
    def held_out(self) -> Indices:
        """Positions of the examples to score."""


@dataclass(frozen=True, slots=True, eq=False)
class CvScore:
    """How good held-out scores are.

    Attributes
    ----------
    temperature
        Fitted on these scores.
    log_loss, accuracy
        At this temperature, in nats, and as a part of 1; every class counts alike with balance.
    losses
        Log-loss of each example that can be scored, shape (M,).
    """

    temperature: float
    log_loss: float
    accuracy: float
    losses: Array


@dataclass(frozen=True, slots=True, eq=False)
class CvScorer:
    """What is needed to judge held-out scores of a training set.

    Attributes
    ----------
    labels, weights
        Of all N examples.
    groups
        Number of the group of each example; examples of one group are not independent.
    scorable
        Positions of the M examples whose class occurs in the training part of their fold. No head can know the others;
        they count as mistakes, but have no part in temperature and log-loss.
    """

    labels: Labels
    weights: Array
    groups: Indices
    scorable: Indices

    @classmethod
    def of(cls, training: TrainingSet, groups: npt.NDArray[Any], folds: Sequence[Fold]) -> "CvScorer":
        """Find out which examples can be scored."""
        known = np.zeros(len(training), dtype=bool)
        for fold in folds:
            known[fold.held_out] = np.isin(training.labels[fold.held_out], training.labels[fold.train])
        return cls(training.labels, training.weights, np.unique(groups, return_inverse=True)[1], np.flatnonzero(known))

    @property
    def independent(self) -> bool:
        """Whether every example is a group of its own."""
        return len(np.unique(self.groups)) == len(self.groups)

    def judge(self, scores: Scores) -> CvScore:
        """Fit the temperature to scores of all examples, shape (N, C), and measure."""
        labels, weights = self.labels[self.scorable], self.weights[self.scorable]
        temperature = fit_temperature(scores[self.scorable], labels, weights)
        losses = -log_softmax(scores[self.scorable], temperature)[np.arange(len(labels)), labels]
        return CvScore(
            temperature=temperature,
            log_loss=float(np.average(losses, weights=weights)),
            accuracy=float(np.average(scores.argmax(axis=1) == self.labels, weights=self.weights)),
            losses=losses,
        )

    def clearly_better(self, one: CvScore, other: CvScore) -> bool:
        """Whether ``one`` has a log-loss lower by more than two standard errors of the paired difference.

        The difference is taken per example and summed per group, so that examples of one group do not count as many.
        """
        weights = self.weights[self.scorable] / self.weights[self.scorable].sum()
        gains = other.losses - one.losses
        gain = float(weights @ gains)
        deviations = np.bincount(self.groups[self.scorable], weights * (gains - gain))
        return gain > max(TIE, CLEAR * math.sqrt(float(deviations @ deviations)))


def best_of(verdicts: Sequence[CvScore]) -> int:
    """Position of the smallest log-loss; of equals, the first.

    Examples
    --------
    >>> best_of([CvScore(1.0, loss, 0.5, np.array([loss])) for loss in (0.7, 0.3, 0.3)])
    1
    """
    losses = np.array([verdict.log_loss for verdict in verdicts])
    return int(np.flatnonzero(losses <= losses.min() + TIE)[0])
