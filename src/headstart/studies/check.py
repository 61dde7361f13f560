"""The data audit: near copies, labels that are likely wrong, outliers, poor examples, and what cleaning would change.

Everything is for review: nothing is deleted, and the examples are shown. Only half of the labels that confident
learning flags are wrong on average (Northcutt et al. 2021), and an outlier may be the most valuable example of all.
"""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.audit.duplicates import MeasuredPairs
from headstart.audit.groups import GroupScore
from headstart.audit.label_noise import LabelReview
from headstart.audit.shortcuts.base import ShortcutAudit
from headstart.audit.shortcuts.terms import TellingTerm
from headstart.data.inspection import Inspection
from headstart.runtime.findings import Finding
from headstart.studies.cleaning import Cleaning

Positions = Integers


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What an audit found; positions are those of ``inspection.dataset``.

    Attributes
    ----------
    inspection
        Of the files.
    pairs
        Near copies.
    labels
        None where labels could not be reviewed; ``notices`` say why.
    outliers, isolation
        Positions, the farthest first, and the distance of every example (N,), NaN where unknown.
    poor
        Positions by kind of fault, the worst first.
    groups
        The worst classes and groups, the worst first.
    cleaning
        None where it could not be tried.
    shortcuts
        How far facts without meaning give classes away; None where there are none, or too few examples.
    words
        Those whose share of a class is most above their share elsewhere, where examples have words.
    """

    inspection: Inspection
    pairs: MeasuredPairs
    labels: LabelReview | None
    outliers: Positions
    isolation: Floats
    poor: dict[str, Positions]
    groups: tuple[GroupScore, ...]
    cleaning: Cleaning | None
    notices: tuple[Finding, ...]
    shortcuts: ShortcutAudit | None = None
    words: tuple[TellingTerm, ...] = ()

    @property
    def labels_reviewed(self) -> bool:
        """Whether label errors were looked for."""
        return self.labels is not None and self.labels.issues is not None

    @property
    def label_errors(self) -> Positions:
        """Positions of the likely label errors, the likeliest first; none where they were not looked for."""
        return np.empty(0, dtype=np.int64) if self.labels is None else self.labels.suspect


def divided_notices(pairs: MeasuredPairs, together: Positions) -> tuple[Finding, ...]:
    """Return a sentence when a split would divide some pairs; ``together`` (N,) are the sets that it keeps."""
    one, other = pairs.pairs.places.T
    kept = int(np.count_nonzero(together[one] == together[other]))
    if kept == len(one):
        return ()
    return (Finding("studies.split_keeps", {"kept": kept, "count": len(one)}, "note"),)
