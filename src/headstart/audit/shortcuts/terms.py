"""The terms that stand in nearly all examples of one class and in nearly none of the others."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.encoders.term_features import terms_of
from headstart.runtime.findings import Finding

NEARLY_ALL, NEARLY_NONE = 0.8, 0.05  # shares of a class, and of the examples of all others
FEWEST = 10  # examples of a class: of fewer, some word is in all by chance
LISTED = 5  # terms of each class


@dataclass(frozen=True, slots=True)
class TellingTerm:
    """A term with its share of the examples of one class, ``inside``, and of all others, ``outside``."""

    label: str
    term: str
    inside: float
    outside: float

    @property
    def finding(self) -> Finding | None:
        """That it gives its class away; None where it does not."""
        if self.inside < NEARLY_ALL or self.outside > NEARLY_NONE:
            return None
        return Finding("audit.telling_term", asdict(self))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def find_telling_terms(
    features: Singles, vocabulary: Sequence[str], labels: Integers, classes: Sequence[str]
) -> tuple[TellingTerm, ...]:
    """List the terms of each class whose share is most above that elsewhere, from features (N, D) that carry terms.

    Labels (N,) are -1 where unknown; nothing where features carry no terms.
    """
    rows = np.flatnonzero(labels >= 0)
    terms = terms_of(features[rows])
    if terms is None or not len(rows):
        return ()
    counts = np.bincount(labels[rows], minlength=len(classes))
    holds = np.zeros((len(classes), terms.shape[1]))
    owners = np.repeat(labels[rows], np.diff(terms.indptr))
    np.add.at(holds, (owners, terms.indices), 1)
    found, every = list[TellingTerm](), holds.sum(axis=0)
    for label in np.flatnonzero((counts >= FEWEST) & (counts < len(rows))).tolist():
        inside, outside = holds[label] / counts[label], (every - holds[label]) / (len(rows) - counts[label])
        best = np.argsort(outside - inside, kind="stable")[:LISTED]
        found += [
            TellingTerm(classes[label], vocabulary[place], float(inside[place]), float(outside[place]))
            for place in best.tolist()
            if inside[place] > outside[place]
        ]
    return tuple(found)
