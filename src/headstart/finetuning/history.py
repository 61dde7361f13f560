"""The history of a training: one row per epoch."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch of a training was like.

    Attributes
    ----------
    epoch
        Counted from 1.
    steps
        Optimiser steps done so far, this epoch included.
    rate
        Learning rate of the fastest group at the end of the epoch.
    loss, accuracy
        Mean over the training views as they were seen, before each step. Under mixup or CutMix an answer counts as
        right when it is the class with the larger share.
    validation_loss, validation_accuracy
        On the examples held out for choosing, without augmentation; None when none were.
    seconds
        Wall-clock time of the epoch, validation included.

    Examples
    --------
    >>> Epoch(1, 10, 1e-3, 0.7, 0.5, None, None, 2.0).to_json()["loss"]
    0.7
    """

    epoch: int
    steps: int
    rate: float
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``Epoch(**data)`` reads it back."""
        return asdict(self)
