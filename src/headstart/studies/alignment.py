"""How alike several encoders see the same examples, for instance one before and after its weights moved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from headstart.arrays import Singles
from headstart.metrics.domain_alignment import alignment_score
from headstart.metrics.values import Score
from headstart.modalities.base import DEFAULT
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences

AT_MOST = 2000  # examples: memory grows with their square


@dataclass(frozen=True, slots=True)
class EncoderPair:
    """Two encoders, and the centred kernel alignment of their features."""

    one: str
    other: str
    alignment: Score


@dataclass(frozen=True, slots=True)
class AlignmentReport:
    """How alike encoders see a set of examples."""

    data: str
    count: int
    pairs: tuple[EncoderPair, ...]
    findings: tuple[Finding, ...] = ()
    modality: str = DEFAULT

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        rows = [
            texts.columns("studies.alignments"),
            *((pair.one, pair.other, str(pair.alignment)) for pair in self.pairs),
        ]
        return [
            texts.say("studies.alignment", {"count": self.count, "data": self.data}),
            *indented(rows),
            texts.say("studies.alike"),
            *sentences(self.findings, texts),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "data": self.data,
            "count": self.count,
            "pairs": [asdict(pair) for pair in self.pairs],
            "notices": sentences(self.findings),
        }


def align_encoders(data: str, features: Mapping[str, Singles], seed: int) -> AlignmentReport:
    """Compare every two encoders by their features of the same examples, (N, D) each; at most 2,000 of these.

    Examples
    --------
    >>> made = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    >>> align_encoders("toy", {"a": made, "b": 2 * made}, seed=0).pairs[0].alignment.value > 0.999
    True
    """
    count = len(next(iter(features.values())))
    rows = np.sort(np.random.default_rng(seed).permutation(count)[:AT_MOST])
    pairs = tuple(
        EncoderPair(one, other, alignment_score(features[one][rows], features[other][rows], seed))
        for one, other in combinations(features, 2)
    )
    return AlignmentReport(data, len(rows), pairs)
