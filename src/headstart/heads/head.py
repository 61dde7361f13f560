"""What a fitted head is."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]


class Head(Protocol):
    """Fitted: features of shape (N, D) become one score per class; needs NumPy only.

    ``softmax(scores / temperature)`` are the probabilities. Every implementation is a frozen dataclass.
    """

    @property
    def kind(self) -> str:
        """Name under which :func:`headstart.heads.serialisation.from_arrays` makes it again."""

    def scores(self, features: Matrix) -> npt.NDArray[np.float64]:
        """Scores of shape (N, C): log-probabilities up to a constant per row, before the temperature."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All that must be kept, for a safetensors file."""

    def settings(self) -> dict[str, Any]:
        """Give the chosen hyper-parameters in plain values, for people and for the manifest."""
