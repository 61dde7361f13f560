"""Mixup and CutMix: two pictures of a batch become one, and so do their targets."""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """Inputs (N, ...) and targets (N, C)."""

    inputs: torch.Tensor
    targets: torch.Tensor


def mix(inputs: torch.Tensor, targets: torch.Tensor, mixup: float, cutmix: float, seed: int) -> Mixed:
    """Mix each picture of a batch with another; with both given, one of the two is drawn for the batch.

    Mixup (Zhang et al. 2018) blends; CutMix (Yun et al. 2019) puts a rectangle of the other picture in, and weighs the
    targets by the area that was really covered. The share is drawn from Beta(a, a). Nothing is mixed when both are 0.

    Examples
    --------
    >>> mix(torch.eye(2), torch.eye(2), 0.0, 0.0, seed=0).inputs.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if mixup == 0 and cutmix == 0:
        return Mixed(inputs, targets)
    random = np.random.default_rng(seed)
    blend = random.random() < 0.5 if mixup and cutmix else mixup > 0
    spread = mixup if blend else cutmix
    share = random.beta(spread, spread)
    order = torch.from_numpy(random.permutation(len(inputs))).to(inputs.device)
    if blend:
        made = torch.lerp(inputs[order], inputs, share)
    else:
        height, width = inputs.shape[-2:]
        rows, columns = _stretch(height, share, random), _stretch(width, share, random)
        made = inputs.clone()
        made[..., rows, columns] = inputs[order][..., rows, columns]
        share = 1 - (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
    return Mixed(made, torch.lerp(targets[order], targets, share))


def _stretch(length: int, share: float, random: np.random.Generator) -> slice:
    """Choose a stretch of ``sqrt(1 - share)`` of a side around a random middle, cut off at the edges."""
    middle = int(random.integers(length))
    half = int(0.5 * np.sqrt(1 - share) * length)
    return slice(max(0, middle - half), min(length, middle + half))
