"""The context of a run: where things lie on this machine, how it says how far it is, and how it is resumed."""

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from headstart.runtime.catalogue import Language
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress, silent

_VARIABLE = "HEADSTART_CACHE"


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

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the user should know of where things are kept."""
        folder = self.cache_folder
        temporary = not (self.cache or os.environ.get(_VARIABLE)) and folder != _users_cache()
        return (Finding("runtime.temporary_cache", {"usual": _users_cache(), "path": folder}),) if temporary else ()


def cache_folder(given: str | Path | None = None) -> Path:
    """Find the folder for weights, graphs and features; it need not exist yet.

    The first that is set wins: ``given`` (the flag ``--cache``), the variable ``HEADSTART_CACHE``, the platform's
    cache folder of the user; where that cannot be written to, a folder for temporary files. It is absolute: a model
    that was fitted works after a change of the folder.

    Examples
    --------
    >>> cache_folder("/tmp/here").as_posix()
    '/tmp/here'
    """
    if given is not None:
        return Path(given).expanduser().absolute()
    variable = os.environ.get(_VARIABLE)
    if variable:
        return Path(variable).expanduser().absolute()
    return _writable(_users_cache())


def _users_cache() -> Path:
    from platformdirs import user_cache_path  # only where it is needed: it costs time at start

    return user_cache_path("headstart", appauthor=False)


@cache
def _writable(folder: Path) -> Path:
    """Return the folder, or one for temporary files where nothing can be written to it; nothing is left in it."""
    existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    probe = existing / f".headstart-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return _temporary_folder()
    return folder


def _temporary_folder() -> Path:
    """Create the folder of this user among the temporary files; one for this process alone where that is not ours."""
    import tempfile  # only where it is needed

    user = getattr(os, "getuid", int)()  # Windows has none, and a folder for each user anyway
    place = Path(tempfile.gettempdir(), f"headstart-{user}")
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        status = place.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & 0o022:
            return place  # nobody else can put a network into it
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="headstart-"))
