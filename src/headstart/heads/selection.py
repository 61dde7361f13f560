"""Cross-validation of heads on the training part, and the choice among them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from headstart.heads.learner import Learner, LeavesOneOut
from headstart.heads.probabilities import log_loss
from headstart.heads.temperature import fit_temperature
from headstart.heads.training import Array, TrainingSet, class_weights
from headstart.progress import Progress, silent

Indices = npt.NDArray[np.int64]
HeldOutScores = npt.NDArray[np.float32]

TIE = 1e-6  # nats; smaller differences of log-loss are rounding


class Fold(Protocol):
    """Positions of the examples to fit on and of those to score; the held-out parts of all folds make up the whole."""

    @property
    def train(self) -> Indices:
        """Positions of the examples to fit on."""

    @property
    def held_out(self) -> Indices:
        """Positions of the examples to score."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What cross-validation says about one family of heads, at its best setting.

    Attributes
    ----------
    name, setting
        The learner's name, and the chosen value of its grid.
    scores
        Of each example by a head that was not fitted on it, shape (N, C), float32.
    temperature
        Fitted on these scores.
    log_loss, accuracy
        Of these scores at this temperature, in nats and as a part of 1; every class counts alike with balance.
    notices
        Sentences for the user.
    """

    name: str
    setting: Any
    scores: HeldOutScores
    temperature: float
    log_loss: float
    accuracy: float
    notices: tuple[str, ...] = ()


def cross_validate(
    learners: Sequence[Learner],
    training: TrainingSet,
    folds: Sequence[Fold],
    independent: bool,
    progress: Progress = silent,
    workers: int = 1,
) -> tuple[Candidate, ...]:
    """Score every learner at every value of its grid on held-out folds, and keep its best value.

    All learners see the same folds, so their scores can be compared in pairs. The best value is the one with the
    smallest log-loss after temperature scaling; of equals, the more regularised.

    Parameters
    ----------
    independent
        True when no two examples belong together (no groups, no duplicates). Then a learner that knows its
        leave-one-out scores in closed form chooses its value by them.
    workers
        Threads; each fits whole folds, with one thread for linear algebra, so that the result is the same for any
        number of them and nobody waits for the other in products of small matrices.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from headstart.heads.centroid import CentroidLearner
    >>> training = TrainingSet(np.array([[0.0], [1.0], [8.0], [9.0]]), np.array([0, 0, 1, 1]), 2)
    >>> folds = [SimpleNamespace(train=np.array([0, 2]), held_out=np.array([1, 3])),
    ...          SimpleNamespace(train=np.array([1, 3]), held_out=np.array([0, 2]))]
    >>> (candidate,) = cross_validate([CentroidLearner()], training, folds, independent=True)
    >>> candidate.accuracy
    1.0
    """
    jury = Jury.of(training, folds)
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(workers) as executor:
        sheets = [_Sheet.blank(learner, training, jury, independent) for learner in learners]
        tasks = [executor.submit(_fill, sheets, training, fold) for fold in folds]
        for number, task in enumerate(as_completed(tasks)):
            task.result()
            progress("cross-validation", number + 1, len(folds))
        return tuple(executor.map(lambda sheet: sheet.candidate(jury), sheets))


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Temperature, and log-loss and accuracy at it."""

    temperature: float
    log_loss: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Jury:
    """Judges held-out scores.

    Attributes
    ----------
    labels, weights
        Of all examples, shapes (N,).
    scorable
        Positions of the examples whose class occurs in the training part of their fold. No head can know the others;
        they count as mistakes, but have no part in temperature and log-loss.
    """

    labels: npt.NDArray[np.int64]
    weights: Array
    scorable: Indices

    @classmethod
    def of(cls, training: TrainingSet, folds: Sequence[Fold]) -> "Jury":
        """Find out which examples can be scored."""
        known = np.zeros(len(training), dtype=bool)
        for fold in folds:
            known[fold.held_out] = np.isin(training.labels[fold.held_out], training.labels[fold.train])
        return cls(training.labels, training.weights, np.flatnonzero(known))

    def judge(self, scores: HeldOutScores) -> Verdict:
        """Fit the temperature, then measure."""
        scores_here, labels, weights = scores[self.scorable], self.labels[self.scorable], self.weights[self.scorable]
        temperature = fit_temperature(scores_here, labels, weights)
        return Verdict(
            temperature=temperature,
            log_loss=log_loss(scores_here, labels, temperature, weights),
            accuracy=float(np.average(scores.argmax(axis=1) == self.labels, weights=self.weights)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """The held-out scores of one learner for each value of ``grid``, shape (S, N, C); threads fill in their rows."""

    learner: Learner
    grid: tuple[Any, ...]
    scores: HeldOutScores

    @classmethod
    def blank(cls, learner: Learner, training: TrainingSet, jury: Jury, independent: bool) -> "_Sheet":
        grid = learner.grid
        if independent and isinstance(learner, LeavesOneOut):
            grid = (grid[_best([jury.judge(scores) for scores in learner.leave_one_out(training)])],)
        return cls(learner, grid, np.full((len(grid), len(training), training.class_count), np.nan, dtype=np.float32))

    def candidate(self, jury: Jury) -> Candidate:
        verdicts = [jury.judge(scores) for scores in self.scores]
        best = _best(verdicts)
        return Candidate(
            name=self.learner.name,
            setting=self.grid[best],
            scores=self.scores[best],
            temperature=verdicts[best].temperature,
            log_loss=verdicts[best].log_loss,
            accuracy=verdicts[best].accuracy,
            notices=(),
        )


def _fill(sheets: Sequence[_Sheet], training: TrainingSet, fold: Fold) -> None:
    """Fit every learner on one fold; what they share (the rotation) is computed once."""
    part, features = training.take(fold.train), training.features[fold.held_out]
    for sheet in sheets:
        for number, scores in enumerate(sheet.learner.path_scores(part, features, sheet.grid)):
            sheet.scores[number, fold.held_out] = scores


def _best(verdicts: Sequence[Verdict]) -> int:
    """Position of the smallest log-loss; of equals, the first, which is the most regularised."""
    losses = np.array([verdict.log_loss for verdict in verdicts])
    return int(np.flatnonzero(losses <= losses.min() + TIE)[0])
