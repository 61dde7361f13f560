"""What a training minimises: each task has its own loss."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self

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
