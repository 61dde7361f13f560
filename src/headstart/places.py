"""Where things lie on this machine."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headstart.progress import Progress, silent


def _keep_quiet(sentence: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps what it computes, and how it says how far it is.

    Attributes
    ----------
    cache
        Folder for weights, graphs and features; None for :func:`cache_folder`'s choice.
    keep_features
        False keeps no features beyond the run.
    progress
        Called by long steps.
    tell
        Called with a sentence that the user should read before a step is over.
    """

    cache: str | Path | None = None
    keep_features: bool = True
    progress: Progress = silent
    tell: Callable[[str], None] = _keep_quiet

    @property
    def folder(self) -> Path:
        """The cache folder that was decided on."""
        return cache_folder(self.cache)


def cache_folder(given: str | Path | None = None) -> Path:
    """Find the folder for weights, graphs and features; it need not exist yet.

    The first that is set wins: ``given`` (the flag ``--cache``), the variable ``HEADSTART_CACHE``, the platform's
    cache folder of the user.

    Examples
    --------
    >>> cache_folder("/tmp/here").as_posix()
    '/tmp/here'
    """
    if given is not None:
        return Path(given).expanduser()
    variable = os.environ.get("HEADSTART_CACHE")
    if variable:
        return Path(variable).expanduser()
    from platformdirs import user_cache_path  # only where it is needed: it costs time at start

    return user_cache_path("headstart", appauthor=False)
