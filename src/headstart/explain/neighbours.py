"""The training examples that are most like an example, in the eyes of the encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.data.example import OF_RUN
from headstart.data.readers.base import reader_of, row_readers
from headstart.errors import DataError, ExampleError
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


@lru_cache(1)  # a server is asked again and again
def _rows(table: Path, modality: str) -> Mapping[bytes, Any]:
    """Read the examples that are rows of a table, by their digests; none where it names files."""
    from headstart.data.tables import read_cells, the_table  # only where there may be rows

    reader = row_readers(modality).get(modality)
    if reader is None:
        return {}
    try:
        cells = read_cells(table, the_table(table)).columns
        digests = [bytes.fromhex(one) for one in cells["sha256"]]
    except (DataError, KeyError, TypeError, ValueError):  # edited by somebody
        return {}
    own = {name: cell for name, cell in cells.items() if name not in OF_RUN}
    rows = reader.find_rows("", own, named=False, text_column="") if own else None
    return dict(zip(digests, rows.sources, strict=True)) if rows else {}
