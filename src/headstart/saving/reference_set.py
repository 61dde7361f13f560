"""References: the features of the training examples, kept with the model so that it can compare new examples with them.

No example is kept, only its features, its label, its name and the SHA-256 of its bytes. (The features of a table's row
are its numbers, only scaled.)
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.data.example import Example
from headstart.runtime.files import write_json
from headstart.saving.tensors import read_digests, read_tensors, write_digests, write_tensors
from headstart.uncertainty.ood import to_half_precision

REFERENCES = "references.safetensors"
NAMES = "references.json"
MOST_ROWS = 10_000  # 26 MB for 1,280 features: beyond it a nearest neighbour hardly comes nearer
MOST_ENCODED = 1_000  # where the weights have moved, every row has to be encoded once more: about ten seconds


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Training examples as their features, in the order of the data; R rows.

    Attributes
    ----------
    features
        By the encoder of the model, shape (R, D), float16.
    labels
        Class numbers, shape (R,), int64.
    names
        The paths of the examples as the user gave them; those inside Headstart's cache folder are relative to it, and
        examples that were no files are called as in ``data.csv`` (``#7``).
    keys
        SHA-256 of the bytes of each example, 32 bytes: whoever finds a file under its name can tell whether it is
        still the same.
    total
        How many examples the model was fitted to; R is smaller when only a sample of them is kept.
    """

    features: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    keys: tuple[bytes, ...]
    total: int

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.labels)


def build_references(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    examples: Sequence[Example],
    keys: Sequence[bytes],
    total: int,
    cache: Path,
) -> References:
    """Build references from these rows: ``features`` of shape (R, D) with the R labels, examples and digests.

    ``total`` is how many there were to choose from; see :class:`References` for the names and ``cache``.

    Examples
    --------
    >>> rows, example = np.ones((1, 2), dtype=np.float32), Example("cache/demo/a.png", "a.png")
    >>> build_references(rows, np.array([0]), [example], [bytes(32)], 1, Path("cache")).names
    ('demo/a.png',)
    """
    names = tuple(_name(one, cache) for one in examples)
    return References(to_half_precision(features), labels, names, tuple(keys), total)


def write_references(folder: Path, references: References) -> None:
    """Write features, labels and digests into one file and the names into another; raises OSError, OutputError."""
    arrays: dict[str, npt.NDArray[Any]] = {"sha256": write_digests(references.keys), "labels": references.labels}
    arrays["features"] = references.features
    write_tensors(folder / REFERENCES, arrays)
    write_json(folder / NAMES, {"total": references.total, "names": list(references.names)})


def read_references(folder: Path) -> References:
    """Read what :func:`write_references` wrote; raises KeyError, TypeError or ValueError when it does not fit."""
    arrays = read_tensors(folder / REFERENCES)
    described: dict[str, Any] = json.loads((folder / NAMES).read_bytes())
    keys, names = read_digests(arrays["sha256"]), tuple(described["names"])
    found = References(arrays["features"], arrays["labels"], names, keys, int(described["total"]))
    if not len(found.features) == len(found.labels) == len(names) == len(keys):
        raise ValueError(f"{len(found.features)} references, {len(names)} names")
    return found


def _name(example: Example, cache: Path) -> str:
    if not isinstance(example.source, str):
        return example.name
    path = Path(example.source)
    # A user names no path inside the cache folder: it would only tell where their home is.
    return path.relative_to(cache).as_posix() if path.is_relative_to(cache) else example.source
