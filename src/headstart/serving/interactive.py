"""The values between a classroom and whoever teaches in it: what was shown, and what was learnt from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from headstart.arrays import Integers, Singles


@dataclass(frozen=True, slots=True, eq=False)
class ExampleView:
    """What is kept of an example: no more than is needed.

    ``baseline`` is its row of the baseline's features, shape (H,), or None where the baseline is fitted to all
    examples; ``sketch`` what near copies are found by, not-a-number where it cannot be told from its copies;
    ``preview`` what its reader opens, to show it and compare it again: a small JPEG, a document.
    """

    baseline: Singles | None
    sketch: Singles
    preview: Any


@dataclass(frozen=True, slots=True, eq=False)
class ShownExamples:
    """Labelled pictures as their features, in one order.

    Attributes
    ----------
    classes
        Names of the classes, in natural order.
    labels
        Class number of each picture, shape (N,).
    features, baseline, sketches
        By the encoder, shape (N, D), by the baseline, shape (N, H), and what near copies are found by, shape (N, ...);
        the baseline is None where it is fitted to what was shown.
    previews
        Each example as its reader opens it, such as a small JPEG file.
    names, keys
        What each picture is called, and the SHA-256 of its bytes.
    series
        Pictures taken in one go, as by a camera that was held on, share a name; None for a picture on its own. They
        are nearly alike: none of them may be scored by a model that has learnt from the others.
    """

    classes: tuple[str, ...]
    labels: Integers
    features: Singles
    baseline: Singles | None
    sketches: Singles
    previews: tuple[Any, ...]
    names: tuple[str, ...]
    keys: tuple[bytes, ...]
    series: tuple[str | None, ...]


class InteractiveJob(Protocol):
    """A model that was learnt from what was shown."""

    @property
    def report(self) -> dict[str, Any]:
        """How good it is, and how sure that is: plain data."""

    def answer(self, features: Singles) -> Sequence[dict[str, Any]]:
        """Predict from features (N, D), as a served model does."""

    def save(self, folder: Path) -> None:
        """Write the model into a new folder."""


Teach = Callable[[ShownExamples], InteractiveJob]
