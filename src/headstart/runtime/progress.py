"""How a long step says how far it is: a callable, so that no stage knows about consoles."""

from typing import Protocol


class Progress(Protocol):
    """Called with the name of the step, how much is done and how much there is; may be called from one thread only."""

    def __call__(self, step: str, done: int, total: int, note: str = "") -> None:
        """Receive the state; ``done == total`` ends the step, ``note`` says how it goes."""


def silent(step: str, done: int, total: int, note: str = "") -> None:
    """Ignore it: the default of every function that reports progress."""


def duration_text(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> duration_text(41.6), duration_text(400), duration_text(8000)
    ('42 s', '6.7 min', '2.2 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
