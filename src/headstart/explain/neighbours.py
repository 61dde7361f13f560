"""The training examples that are most like an example, in the eyes of the encoder."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.data.readers.base import reader_of
from headstart.data.run_rows import read_run_rows
from headstart.errors import ExampleError
from headstart.features.neighbours import unit_rows


class ReferenceExamples(Protocol):
    """Training examples that a model remembers; R of them."""

    @property
    def features(self) -> npt.NDArray[np.float16]:
        """Shape (R, D)."""

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Class numbers, shape (R,)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Paths as the user gave them."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """SHA-256 of each example's bytes."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training example near an example.

    Attributes
    ----------
    name
        Its path, as it was given when the model was fitted.
    label
        Its class.
    distance
        One minus the cosine of the two feature vectors: 0 is the same direction, 1 a right angle.
    key
        SHA-256 of its bytes.
    """

    name: str
    label: str
    distance: float
    key: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the digest in hexadecimal."""
        return {**asdict(self), "key": self.key.hex()}


def nearest_examples(
    features: npt.NDArray[np.float32], known: ReferenceExamples, classes: Sequence[str], count: int
) -> tuple[Neighbour, ...]:
    """Find the ``count`` training examples nearest to features of shape (D,), nearest first.

    Examples
    --------
    >>> from collections import namedtuple
    >>> Two = namedtuple("Two", "features labels names keys")
    >>> known = Two(np.eye(2, dtype=np.float16), np.array([0, 1]), ("a.jpg", "b.jpg"), (b"", b""))
    >>> [one.label for one in nearest_examples(np.array([0.1, 3.0], dtype=np.float32), known, ("ant", "bee"), 2)]
    ['bee', 'ant']
    """
    cosines = unit_rows(known.features.astype(np.float32)) @ unit_rows(features[None])[0]
    return tuple(
        Neighbour(
            name=known.names[row],
            label=classes[int(known.labels[row])],
            distance=max(0.0, 1.0 - float(cosines[row])),
            key=known.keys[row],
        )
        for row in np.argsort(-cosines, kind="stable")[:count]
    )


def find_example(neighbour: Neighbour, places: Sequence[Path], modality: str) -> Any:  # noqa: ANN401 - as it opens, or None
    """Open the example that is a neighbour, if it still lies where it was and no byte of it has changed.

    ``places`` are folders its name may be relative to, and tables as ``data.csv`` of a run, which hold rows.
    """
    reader = reader_of(modality)
    for place in places:
        source = _rows(place, modality).get(neighbour.key) if place.is_file() else place / neighbour.name
        try:
            there = source.is_file() if isinstance(source, Path) else source is not None
            if there and reader.content_key(source) == neighbour.key:
                return reader.open_example(source)
        except ExampleError:
            continue
    return None


_rows = lru_cache(1)(read_run_rows)  # a server is asked again and again
