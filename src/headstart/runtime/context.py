"""The context of a run: where things lie on this machine, how it says how far it is, and how it is resumed."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from headstart.runtime.catalogue import Language
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress, silent


def _keep_quiet(finding: Finding) -> None:
    pass


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a run keeps what it computes, how it says how far it is, and what else is wanted of it.

    Attributes
    ----------
    cache
        Folder for weights, graphs and features; None for :func:`cache_folder`'s choice.
    keep_features
        False keeps no features beyond the run.
    progress
        Called by long steps.
    notify
        Called with what the user should read before a step is over.
    run_folder
        For checkpoints, TensorBoard files and the profile of a training; None keeps nothing.
    resume
        Go on from the checkpoint in ``run_folder``, if there is one.
    started
        ``time.perf_counter()`` at the beginning of the run: a time limit counts from there.
    tensorboard, profile, find_rate
        Write TensorBoard files; profile some steps; search for the learning rate first.
    language
        Of the page and the log that a run ends with: ``en`` or ``zh``.
    """

    cache: str | Path | None = None
    keep_features: bool = True
    progress: Progress = silent
    notify: Callable[[Finding], None] = _keep_quiet
    run_folder: Path | None = None
    resume: bool = False
    started: float = field(default_factory=time.perf_counter)
    tensorboard: bool = False
    profile: bool = False
    find_rate: bool = False
    language: Language = "en"

    @property
    def cache_folder(self) -> Path:
        """The cache folder that was decided on."""
        return cache_folder(self.cache)


def cache_folder(given: str | Path | None = None) -> Path:
    """Find the folder for weights, graphs and features; it need not exist yet.

    The first that is set wins: ``given`` (the flag ``--cache``), the variable ``HEADSTART_CACHE``, the platform's
    cache folder of the user. It is absolute: a model that was fitted works after a change of the folder.

    Examples
    --------
    >>> cache_folder("/tmp/here").as_posix()
    '/tmp/here'
    """
    if given is not None:
        return Path(given).expanduser().absolute()
    variable = os.environ.get("HEADSTART_CACHE")
    if variable:
        return Path(variable).expanduser().absolute()
    from platformdirs import user_cache_path  # only where it is needed: it costs time at start

    return user_cache_path("headstart", appauthor=False)
