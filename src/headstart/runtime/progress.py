"""How a long step says how far it is: a callable, so that no stage knows about consoles."""

from typing import Protocol

from headstart.runtime.findings import Finding


class Progress(Protocol):
    """Called with the name of the step, how much is done and how much there is; may be called from one thread only."""

    def __call__(self, step: str, done: int, total: int, note: str | Finding = "") -> None:
        """Receive the state; ``done == total`` ends the step, ``note`` says how it goes."""


def silent(step: str, done: int, total: int, note: str | Finding = "") -> None:
    """Ignore it: the default of every function that reports progress."""


def duration_text(seconds: float) -> Finding:
    """Return a duration as people say it.

    Examples
    --------
    >>> print(duration_text(41.6), duration_text(400), duration_text(8000), sep=", ")
    42 s, 6.7 min, 2.2 h
    """
    if seconds < 90:
        return Finding("runtime.seconds", {"time": seconds})
    if seconds < 5400:
        return Finding("runtime.minutes", {"time": seconds / 60})
    return Finding("runtime.hours", {"time": seconds / 3600})
