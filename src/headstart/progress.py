"""How a long step says how far it is: a callable, so that no stage knows about consoles."""

from typing import Protocol


class Progress(Protocol):
    """Called with the name of the step, how much is done and how much there is; may be called from one thread only."""

    def __call__(self, step: str, done: int, total: int, note: str = "") -> None:
        """Take note of the state; ``done == total`` ends the step, ``note`` says how it goes."""


def silent(step: str, done: int, total: int, note: str = "") -> None:
    """Take no note: the default of every function that reports progress."""
