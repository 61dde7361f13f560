"""What a training on classes minimises."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch

from headstart.arrays import Integers
from headstart.finetuning.losses import Labels, Scores, TrainingLoss
from headstart.heads.head import Decoding
from headstart.heads.linear import LinearHead
from headstart.heads.probabilities import Softmax, as_softmax, log_losses
from headstart.heads.temperature import fit_temperature
from headstart.settings.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class ClassLoss(TrainingLoss):
    """Cross-entropy, with smoothed labels, and with balance under logit adjustment."""

    linear_head: ClassVar[str] = "logistic"
    width: int
    smoothing: float = 0.0
    adjustment: torch.Tensor | None = None

    @classmethod
    def of(cls, labels: Labels, width: int, recipe: Recipe) -> Self:
        """Return the loss of a training on these labels."""
        counts = np.bincount(labels, minlength=width)
        adjustment = logit_adjustment(counts) if recipe.head.balance else None
        return cls(width, recipe.training.label_smoothing, adjustment)

    @property
    def guessing(self) -> float:
        """Return the loss of an answer that knows nothing."""
        return math.log(self.width)

    def targets(self, labels: torch.Tensor) -> torch.Tensor:
        """Return smoothed targets."""
        return soft_targets(labels, self.width, self.smoothing)

    def losses(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the cross-entropy of each row."""
        return cross_entropy(self._adjusted(scores), targets)

    def total(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the sum of the cross-entropy, without smoothing."""
        return torch.nn.functional.cross_entropy(self._adjusted(scores), labels, reduction="sum")

    def credit(self, scores: torch.Tensor, targets: torch.Tensor) -> float:
        """Count the right answers."""
        return float((scores.argmax(dim=1) == targets.argmax(dim=1)).sum())

    def fold(self, head: LinearHead, decoding: Decoding) -> LinearHead:
        """Divide the scores by the temperature."""
        assert isinstance(decoding, Softmax)
        return LinearHead(head.weight / decoding.temperature, head.bias / decoding.temperature)

    def fit_decoding(self, scores: Scores, labels: Labels, weights: Scores) -> Decoding:
        """Fit the temperature."""
        return Softmax(fit_temperature(scores, labels, weights))

    def held_out_losses(self, scores: Scores, labels: Labels, decoding: Decoding | None = None) -> Scores:
        """Compute the cross-entropy of each row."""
        return log_losses(scores, labels, 1.0 if decoding is None else as_softmax(decoding).temperature)

    def _adjusted(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.float() if self.adjustment is None else scores.float() + self.adjustment.to(scores.device)


def soft_targets(labels: torch.Tensor, classes: int, smoothing: float) -> torch.Tensor:
    """Make targets (N, C) of labels (N,): ``smoothing`` is spread evenly over all classes.

    Examples
    --------
    >>> [round(value, 3) for value in soft_targets(torch.tensor([1]), 2, 0.2)[0].tolist()]
    [0.1, 0.9]
    """
    sharp = torch.nn.functional.one_hot(labels, classes).float()
    return sharp * (1 - smoothing) + smoothing / classes


def cross_entropy(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each row, shape (N,), for scores and targets of shape (N, C)."""
    return -(targets * torch.log_softmax(scores, dim=1)).sum(dim=1)


def logit_adjustment(class_counts: Integers) -> torch.Tensor:
    """Return what is added to the scores while training, shape (C,): the logarithm of each class's share.

    Trained with it, scores are balanced without it (Menon et al. 2021, Long-tail learning via logit adjustment). A
    class without examples counts as the rarest one.

    Examples
    --------
    >>> [round(value, 3) for value in logit_adjustment(np.array([3, 1, 0])).exp().tolist()]
    [0.6, 0.2, 0.2]
    """
    counts = np.where(class_counts > 0, class_counts, class_counts[class_counts > 0].min()).astype(np.float32)
    return torch.from_numpy(np.log(counts / counts.sum()))
