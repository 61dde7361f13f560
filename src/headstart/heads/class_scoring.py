"""How good scores of classes are, for examples that a head was not fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from headstart.data.splits import Fold
from headstart.data.targets.base import Target
from headstart.heads.cv_scoring import CvScore, CvScorer
from headstart.heads.probabilities import Scores, Softmax, log_losses
from headstart.heads.temperature import fit_temperature
from headstart.heads.training_set import TrainingSet
from headstart.runtime.findings import Finding


@dataclass(frozen=True, slots=True, eq=False)
class ClassScorer(CvScorer):
    """Log-loss after temperature scaling, and accuracy.

    No head can know a class that does not occur in the training part of its fold: such examples count as mistakes, but
    have no part in temperature and log-loss.
    """

    @classmethod
    def of(cls, training: TrainingSet, groups: npt.NDArray[Any], folds: Sequence[Fold]) -> Self:
        """Find out which examples can be scored."""
        known = np.zeros(len(training), dtype=bool)
        for fold in folds:
            known[fold.held_out] = np.isin(training.labels[fold.held_out], training.labels[fold.train])
        return replace(super(ClassScorer, cls).of(training, groups, folds), scorable=np.flatnonzero(known))

    def evaluate(self, scores: Scores) -> CvScore:
        """Fit the temperature to scores of all examples, shape (N, C), and measure."""
        labels, weights = self.labels[self.scorable], self.weights[self.scorable]
        temperature = fit_temperature(scores[self.scorable], labels, weights)
        losses = log_losses(scores[self.scorable], labels, temperature)
        return CvScore(
            decoding=Softmax(temperature),
            loss=float(np.average(losses, weights=weights)),
            metric=float(np.average(scores.argmax(axis=1) == self.labels, weights=self.weights)),
            losses=losses,
        )

    def notices(self, target: Target) -> tuple[Finding, ...]:
        """Name the classes of which no example could be scored."""
        unknown = np.setdiff1d(self.labels, self.labels[self.scorable])
        names = [f"'{target.names[number]}'" for number in unknown]
        return (Finding("heads.unscored", {"names": names}, "note"),) if names else ()
