"""What the training loop takes and gives: values, and the small functions beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from headstart.arrays import Integers, Singles
from headstart.finetuning.batches import Views
from headstart.finetuning.callbacks import Callback
from headstart.finetuning.checkpoint import Checkpoint
from headstart.finetuning.classifier import Tensors, TrainableParameters
from headstart.finetuning.history import Epoch
from headstart.finetuning.losses import Labels, Scores, TrainingLoss
from headstart.heads.head import Decoding
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress, silent
from headstart.settings.recipe import Recipe


@dataclass(frozen=True, slots=True)
class TrainingExamples:
    """Inputs with their labels (N,)."""

    views: Views
    labels: Labels


@dataclass(frozen=True, slots=True, eq=False)
class ValidationSet:
    """Inputs that are held out for choosing, with labels, weights and groups, all of shape (N, ...), and what measures.

    Weights sum to 1: equal ones, or with balance such that every class counts alike. Examples of one group are not
    independent.
    """

    views: Views
    labels: Labels
    weights: Scores
    groups: Integers
    measure: TrainingLoss
    credit: Callable[[Scores, Labels], npt.NDArray[Any]]

    def loss(self, scores: Scores, decoding: Decoding | None = None) -> float:
        """Compute the mean loss of scores (N, C), under the weights."""
        return float(self.weights @ self.measure.held_out_losses(scores, self.labels, decoding))

    def metric(self, scores: Scores) -> float:
        """Compute the metric of the task, such as the share of right answers, under the weights."""
        credits = self.credit(scores, self.labels)
        if credits.dtype == np.bool_:
            return float(self.weights[credits].sum() / self.weights.sum())  # exactly 1 when all are right
        return float(self.weights @ credits)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingJob:
    """What is trained on what.

    Attributes
    ----------
    moving
        The network, and what of it moves.
    forward
        Inputs -> scores (N, C): the whole network, or the part behind the cached stages.
    train, validation
        Validation may be None; nothing is learned from it.
    width
        C.
    loss
        What is minimised.
    recipe
        Settings of the optimiser and the seed.
    """

    moving: TrainableParameters
    forward: Callable[[torch.Tensor], torch.Tensor]
    train: TrainingExamples
    validation: ValidationSet | None
    width: int
    loss: TrainingLoss
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class LoopCallbacks:
    """Who is told, and when to stop: all of it without influence on a step.

    ``keep`` takes a checkpoint; ``watcher`` and ``progress`` take numbers; ``profile_step`` is called after each step;
    ``enough`` is asked after each epoch with the number of epochs done.
    """

    keep: Callable[[Checkpoint], None] = lambda checkpoint: None
    watcher: Callback = field(default_factory=Callback)
    progress: Progress = silent
    profile_step: Callable[[], None] = lambda: None
    enough: Callable[[int], bool] = lambda done: False


@dataclass(frozen=True, slots=True, eq=False)
class TrainingOutcome:
    """What a training left.

    Attributes
    ----------
    tensors
        What moved: of the best epoch when it was chosen, else of the last.
    last
        What moved, of the last epoch.
    history
        One row per epoch.
    best
        The epoch that was taken, counted from 1; 0 when none ended well: then the tensors are those of the start.
    stopped
        Why it ended early; None when it did not.
    micro
        How many examples a process took at a time in the end.
    short
        Whether memory was too short for as many as usual.
    """

    tensors: Tensors
    last: Tensors
    history: tuple[Epoch, ...]
    best: int
    stopped: Finding | None
    micro: int
    short: bool = False


def mixed_seed(*numbers: int) -> int:
    """Create one seed of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint32)[0])


def to_device(inputs: Singles, device: torch.device) -> torch.Tensor:
    """Take inputs to the device, in the order of memory that convolutions like."""
    tensor = torch.from_numpy(inputs)
    if tensor.ndim == 4:  # depthwise convolutions are several times faster with the channels last
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    return tensor.to(device)
