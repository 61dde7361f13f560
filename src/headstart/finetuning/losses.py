"""What a training minimises: each task has its own loss."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch

from headstart.arrays import Floats
from headstart.heads.head import Decoding
from headstart.heads.linear import LinearHead
from headstart.settings.recipe import Recipe

Scores = Floats
Labels = npt.NDArray[Any]


class TrainingLoss(Protocol):
    """The loss of a task; scores have shape (N, C).

    Attributes
    ----------
    linear_head
        Name of the head that training starts from where that of the probe is not linear.
    """

    linear_head: ClassVar[str]

    @classmethod
    def of(cls, labels: Labels, width: int, recipe: Recipe) -> Self:
        """Return the loss of a training on these labels, with ``width`` scores for each example."""

    @property
    def guessing(self) -> float:
        """Return the loss of an answer that knows nothing."""

    @abstractmethod
    def targets(self, labels: torch.Tensor) -> torch.Tensor:
        """Return what scores are compared with, shape (N, C): mixed examples have mixed targets."""

    @abstractmethod
    def losses(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the loss of each row, shape (N,)."""

    @abstractmethod
    def total(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the sum of the losses for the labels themselves."""

    @abstractmethod
    def credit(self, scores: torch.Tensor, targets: torch.Tensor) -> float:
        """Compute the sum of what the rows add to the metric of the task."""

    @abstractmethod
    def fold(self, head: LinearHead, decoding: Decoding) -> LinearHead:
        """Return a head whose scores need no decoding, for the start of a training."""

    @abstractmethod
    def fit_decoding(self, scores: Scores, labels: Labels, weights: Scores) -> Decoding:
        """Fit the decoding on scores of held-out examples with labels and weights (N,)."""

    @abstractmethod
    def held_out_losses(self, scores: Scores, labels: Labels, decoding: Decoding | None = None) -> Scores:
        """Compute the loss of each row, shape (N,), of held-out examples."""


CONTRASTIVE = "contrastive"  # the method that minimises it
TEMPERATURE = 0.1  # of cosines


def supervised_contrastive(features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Compute the supervised contrastive loss of each row (N,) of features (N, D) with labels (N,).

    It is the mean, over the others of its class, of how improbable they are among all others, by the softmax of cosines
    over a temperature of 0.1 (Khosla et al. 2020, the sum outside); a row that is alone in its class has none.

    Examples
    --------
    >>> rows = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    >>> [round(value, 4) for value in supervised_contrastive(rows, torch.tensor([0, 0, 1, 1])).tolist()]
    [0.0001, 0.0001, 0.0001, 0.0001]
    """
    directions = torch.nn.functional.normalize(features, dim=1)
    itself = torch.eye(len(labels), dtype=torch.bool, device=features.device)
    cosines = (directions @ directions.T / TEMPERATURE).masked_fill(itself, -torch.inf)
    alike = (labels[:, None] == labels[None]) & ~itself
    surprise = torch.logsumexp(cosines, dim=1, keepdim=True) - cosines
    return surprise.masked_fill(~alike, 0.0).sum(dim=1) / alike.sum(dim=1).clamp(min=1)


@dataclass(frozen=True, slots=True, eq=False)
class ContrastiveLoss(TrainingLoss):
    """Supervised contrastive loss of the features of a whole batch; for all that comes after it the loss of the task.

    Attributes
    ----------
    task
        The loss of the task.
    width
        How many classes there are.
    """

    linear_head: ClassVar[str] = "logistic"
    task: TrainingLoss
    width: int

    @classmethod
    def of(cls, labels: Labels, width: int, recipe: Recipe) -> Self:
        """Raise NotImplementedError: it is made of the loss of a task."""
        raise NotImplementedError

    @property
    def guessing(self) -> float:
        """Return the loss of an answer that knows nothing, for a hundred examples at a time."""
        return float(np.log(100))

    def targets(self, labels: torch.Tensor) -> torch.Tensor:
        """Return the classes, shape (N, C)."""
        return torch.nn.functional.one_hot(labels, self.width).float()

    def losses(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the loss of each row of features (N, D)."""
        return supervised_contrastive(scores.float(), targets.argmax(dim=1))

    def total(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the sum of the losses."""
        return supervised_contrastive(scores.float(), labels).sum()

    def credit(self, scores: torch.Tensor, targets: torch.Tensor) -> float:
        """Count the rows whose nearest other row is of their class."""
        directions = torch.nn.functional.normalize(scores.detach().float(), dim=1)
        cosines = (directions @ directions.T).fill_diagonal_(-torch.inf)
        labels = targets.argmax(dim=1)
        return float((labels[cosines.argmax(dim=1)] == labels).sum())

    def fold(self, head: LinearHead, decoding: Decoding) -> LinearHead:
        """Return a head whose scores need no decoding."""
        return self.task.fold(head, decoding)

    def fit_decoding(self, scores: Scores, labels: Labels, weights: Scores) -> Decoding:
        """Fit the decoding of the task."""
        return self.task.fit_decoding(scores, labels, weights)

    def held_out_losses(self, scores: Scores, labels: Labels, decoding: Decoding | None = None) -> Scores:
        """Compute the loss of the task for each row."""
        return self.task.held_out_losses(scores, labels, decoding)


def l2sp_step(parameters: Sequence[torch.Tensor], starts: Sequence[torch.Tensor], rate: float, strength: float) -> None:
    """Pull parameters towards where they started, in place: w <- w - rate * strength * (w - start).

    The decoupled form of L2-SP (Li et al. 2018).

    Examples
    --------
    >>> weight = torch.ones(1)
    >>> l2sp_step([weight], [torch.zeros(1)], rate=0.1, strength=0.5)
    >>> round(float(weight), 6)
    0.95
    """
    with torch.no_grad():
        for parameter, start in zip(parameters, starts, strict=True):
            parameter.lerp_(start, rate * strength)
