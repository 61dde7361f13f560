"""How far apart two sets of examples lie for an encoder, and what a probe loses on the way, where labels tell."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.errors import DataError
from headstart.heads.ridge import RidgeFamily
from headstart.heads.training_set import TrainingSet
from headstart.metrics.distances import (
    Discrepancy,
    FrechetDistance,
    ProxyDistance,
    discrepancy,
    frechet,
    proxy_distance,
)
from headstart.modalities.base import DEFAULT
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences

if TYPE_CHECKING:
    from headstart.studies.class_distance import CrossSetScores

Matrix = npt.NDArray[np.floating]
AT_MOST = 1000  # examples of each set for the discrepancy: its memory grows with their square
FEWEST = 20  # examples of each set: with fewer every distance is chance


@dataclass(frozen=True, slots=True)
class DistanceReport:
    """Distances between two sets; ``across`` is None where labels do not tell."""

    names: tuple[str, str]
    counts: tuple[int, int]
    encoder: str
    proxy: ProxyDistance
    discrepancy: Discrepancy
    frechet: FrechetDistance
    across: "CrossSetScores | None"
    findings: tuple[Finding, ...] = ()
    modality: str = DEFAULT

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        confused = texts.say("studies.confused", {"percent": 100 * self.proxy.error})
        halves = texts.say("studies.halves", {"name": self.names[0], "within": self.frechet.within})
        unbiased, arranged = texts.say("studies.unbiased"), texts.say("studies.arranged")
        proxy, squared, frechet, classes = texts.columns("studies.distance_names")
        rows = [
            (*texts.columns("studies.distances"), ""),
            (proxy, f"{self.proxy.value:.2f}", f"{self.proxy.p:.2g}", confused),
            (squared, f"{self.discrepancy.value:.4f}", f"{self.discrepancy.p:.2g}", unbiased),
            (frechet, f"{self.frechet.value:.2f}", "", halves),
        ]
        if self.across is not None and self.across.alignment is not None:
            rows.append((classes, f"{self.across.alignment:.2f}", "", arranged))
        (first, second), (n, m) = self.names, self.counts
        names = {"first": first, "second": second, "n": n, "m": m, "encoder": self.encoder}
        lines = [texts.say("studies.seen_by", names), *indented(rows, right=(1, 2))]
        if self.across is not None:
            values = {"inside": self.across.inside, "across": self.across.across, "common": len(self.across.classes)}
            lines.append(texts.say("studies.probe_across", names | values))
        return [*lines, texts.say("studies.no_prediction"), *sentences(self.findings, texts)]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain = asdict(replace(self, findings=()))
        del plain["findings"], plain["modality"]
        return plain | {"notices": sentences(self.findings)}


def require_enough(name: str, count: int) -> None:
    """Raise DataError when a set has too few examples for a distance."""
    if count < FEWEST:
        raise DataError("studies.too_few_for_distance", name=name, count=count, fewest=FEWEST)


def measure_distances(one: Matrix, other: Matrix, seed: int) -> tuple[ProxyDistance, Discrepancy, FrechetDistance]:
    """Measure all three on features of shapes (N, D) and (M, D)."""
    random = np.random.default_rng(seed)
    few = [part[random.permutation(len(part))[:AT_MOST]] for part in (one, other)]
    return proxy_distance(one, other, seed, fit_ridge), discrepancy(few[0], few[1], seed), frechet(one, other, seed)


def fit_ridge(features: Matrix, labels: npt.NDArray[np.int64]) -> Callable[[Matrix], npt.NDArray[np.int64]]:
    """Fit a ridge classifier that tells two sets apart; its regularisation is chosen on nothing."""
    head = RidgeFamily().fit(TrainingSet(features, labels, 2), 1e-2)
    return lambda rows: head.scores(rows).argmax(axis=1)
