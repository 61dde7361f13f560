"""What finds near duplicates among the examples of one modality, and the pairs it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from headstart.data.example import Example
from headstart.data.inspection import Inspection
from headstart.modalities.base import load_modality
from headstart.runtime.context import RunContext

Array = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DuplicatePairs:
    """Pairs of near duplicates: positions (P, 2), the smaller one first; similarity (P,), up to 1; which are mirrored.

    What was mirrored on the way is said of them as well: an example and its reverse are copies, too.
    """

    places: Places
    similarity: Array
    mirrored: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.places)

    def take(self, rows: npt.NDArray[np.intp]) -> "DuplicatePairs":
        """Select those of these rows."""
        return DuplicatePairs(self.places[rows], self.similarity[rows], self.mirrored[rows])


class Similarity(Protocol):
    """A module that compares examples by a sketch of each, of which the feature store keeps one row."""

    def digest(self) -> str:
        """Return what decides which examples are duplicates: rules, and how sketches are made."""

    def sketch(self, inspection: Inspection, context: RunContext) -> Array:
        """Compute sketches of all examples, (N, ...); NaN where there is none."""

    def find_pairs(
        self, examples: Sequence[Example], sketches: Array, proposed: Places | None = None
    ) -> DuplicatePairs:
        """Find near duplicates among examples with these sketches; ``proposed`` (P, 2) are looked at beside others."""

    def find_incomplete(self, sketches: Array) -> Places:
        """Return the positions of the examples of which a part is missing, by their sketches."""

    def hash_distances(self, sketches: Array, places: Places) -> npt.NDArray[np.int64]:
        """Count the bits in which the hashes of pairs (P, 2) differ, shape (P,)."""


def join_pairs(parts: Sequence[DuplicatePairs]) -> DuplicatePairs:
    """Join lists of pairs; of a pair that stands in several the most similar stays. Sorted, the most similar first."""
    places = np.concatenate([np.empty((0, 2), dtype=np.int64), *(part.places for part in parts)])
    similarity = np.concatenate([np.empty(0, dtype=np.float32), *(part.similarity for part in parts)])
    mirrored = np.concatenate([np.empty(0, dtype=np.bool_), *(part.mirrored for part in parts)])
    order = np.lexsort((places[:, 1], places[:, 0], -similarity))
    first = np.sort(np.unique(places[order], axis=0, return_index=True)[1])
    return DuplicatePairs(places, similarity, mirrored).take(order[first])


def similarity_of(modality: str) -> Similarity | None:
    """Load what compares the examples of a modality; None where nothing does. Raises UnknownNameError."""
    found: Similarity | None = getattr(load_modality(modality), "similarity", None)
    return found
