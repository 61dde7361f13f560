"""Where a training keeps its checkpoints, and what else is wanted of it."""

import time
from dataclasses import dataclass, field
from pathlib import Path

LAST = "last.safetensors"  # the checkpoint: weights of the last and of the best epoch, and the optimiser's state


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a training keeps its checkpoints, and what else is wanted of it.

    Attributes
    ----------
    folder
        For checkpoints, TensorBoard files and the profile; None keeps nothing.
    resume
        Go on from the checkpoint in ``folder``, if there is one.
    started
        ``time.perf_counter()`` at the beginning of the run: a time limit counts from there.
    tensorboard, profile, find_rate
        Write TensorBoard files; profile some steps; look for the learning rate first.
    language
        Of the page that a run ends with: ``en`` or ``zh``.
    """

    folder: Path | None = None
    resume: bool = False
    started: float = field(default_factory=time.perf_counter)
    tensorboard: bool = False
    profile: bool = False
    find_rate: bool = False
    language: str = "en"
