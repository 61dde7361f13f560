"""The values the features stage hands on."""

from dataclasses import dataclass

from headstart.arrays import Singles
from headstart.runtime.findings import Finding


@dataclass(frozen=True, slots=True)
class Features:
    """Feature vectors of examples, in the order of the dataset.

    Attributes
    ----------
    matrix
        Shape (N, D), float32. Rows of unreadable examples are NaN; :attr:`Extraction.failures` names them.
    keys
        SHA-256 of each example's bytes, 32 bytes each.
    """

    matrix: Singles
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What one walk over the examples gave.

    Attributes
    ----------
    features
        One per encoder, in the order the encoders were given.
    failures
        Position of each example that could not be read, with the reason in words.
    computed, cached
        How many different examples the first encoder encoded now, and how many it found in the store.
    seconds
        Wall-clock time of the walk.
    notices
        What went wrong in the store without stopping the walk: for the user.
    """

    features: tuple[Features, ...]
    failures: dict[int, Finding]
    computed: int
    cached: int
    seconds: float
    notices: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of examples with their feature vectors: what a walk hands out while it is under way.

    Attributes
    ----------
    start
        Position of the first example.
    matrices
        One per encoder, shape (n, D), float32; rows of unreadable examples are NaN.
    failures
        Position of each example of this stretch that could not be read, with the reason in words.
    computed, cached
        Different examples that appear here first: how many the first encoder encoded now, how many it found.
    """

    start: int
    matrices: tuple[Singles, ...]
    failures: dict[int, Finding]
    computed: int
    cached: int
