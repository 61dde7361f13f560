"""What a training minimises."""

from collections.abc import Sequence

import numpy as np
import torch

from headstart.arrays import Integers


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
    """Give what is added to the scores while training, shape (C,): the logarithm of each class's share.

    Trained with it, scores are balanced without it (Menon et al. 2021, Long-tail learning via logit adjustment). A
    class without examples counts as the rarest one.

    Examples
    --------
    >>> [round(value, 3) for value in logit_adjustment(np.array([3, 1, 0])).exp().tolist()]
    [0.6, 0.2, 0.2]
    """
    counts = np.where(class_counts > 0, class_counts, class_counts[class_counts > 0].min()).astype(np.float32)
    return torch.from_numpy(np.log(counts / counts.sum()))


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
