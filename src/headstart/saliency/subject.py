"""A model as explanations see it: an encoder, a head and the names of the classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.encoders.onnx_engine import EncoderFiles
from headstart.encoders.spec import Encoder
from headstart.errors import UnknownNameError
from headstart.heads.head import Head
from headstart.heads.probabilities import softmax
from headstart.registry import nearest
from headstart.saliency.neighbours import Known


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is explained.

    Attributes
    ----------
    encoder, files
        The encoder, and the files a network of torch can be built from.
    head, temperature, classes
        ``softmax(head.scores(features) / temperature)`` are the probabilities of the classes.
    known
        Training pictures to show beside a picture; None when there are none.
    """

    encoder: Encoder
    files: EncoderFiles
    head: Head
    temperature: float
    classes: tuple[str, ...]
    known: Known | None = None

    def probabilities(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Probabilities of shape (N, C) for features of shape (N, D)."""
        return softmax(self.head.scores(features), self.temperature)


def class_number(name: str, classes: Sequence[str]) -> int:
    """Find a class by its name.

    Raises
    ------
    UnknownNameError
        When the model has no such class.

    Examples
    --------
    >>> class_number("bee", ("ant", "bee"))
    1
    """
    if name in classes:
        return classes.index(name)
    near = nearest(name, classes)
    shown = ", ".join(classes[:10]) + (f" and {len(classes) - 10} more" if len(classes) > 10 else "")
    raise UnknownNameError(
        f"The model has no class '{name}'.", f"It knows {shown}.", f"Did you mean '{near}'?" if near else ""
    )
