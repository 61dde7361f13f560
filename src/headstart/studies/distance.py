"""How far apart two sets of pictures lie for an encoder, and what a probe loses on the way, where labels tell."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset
from headstart.data.inspection import Inspection
from headstart.data.splits import choose_parts
from headstart.data.targets.classes import Classes
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
from headstart.metrics.domain_alignment import centred_kernel_alignment
from headstart.metrics.intervals import wilson
from headstart.metrics.values import Score
from headstart.modalities.base import DEFAULT
from headstart.probing.probe import fit_probe
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences
from headstart.settings.recipe import Recipe

Matrix = npt.NDArray[np.floating]
AT_MOST = 1000  # examples of each set for the discrepancy: its memory grows with their square
FEWEST_CLASSES = 5  # whose means are compared
FEWEST = 20  # examples of each set: with fewer every distance is chance


@dataclass(frozen=True, slots=True)
class CrossSetScores:
    """What labels say: accuracy of a probe of the first set on its own held-out pictures, and on the second set's.

    ``alignment`` is the centred kernel alignment of the class means in both sets: whether the classes lie to each other
    in the same way; None for fewer than five common classes.
    """

    classes: tuple[str, ...]
    inside: Score
    across: Score
    alignment: float | None = None


@dataclass(frozen=True, slots=True)
class DistanceReport:
    """Distances between two sets; ``across`` is None where labels do not tell."""

    names: tuple[str, str]
    counts: tuple[int, int]
    encoder: str
    proxy: ProxyDistance
    discrepancy: Discrepancy
    frechet: FrechetDistance
    across: CrossSetScores | None
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
        """Give plain data."""
        plain = asdict(replace(self, findings=()))
        del plain["findings"], plain["modality"]
        return plain | {"notices": sentences(self.findings)}


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Rows of a dataset with labels, both of shape (n,); labels are positions in the common class names."""

    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]


def of_classes(dataset: Dataset, rows: npt.NDArray[np.int64], common: Sequence[str]) -> Labelled:
    """Keep the rows whose class is among ``common``.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> data = Dataset("toy", tuple(Example(n, n, {"label": c}) for n, c in zip("abc", "xyx")))
    >>> of_classes(data, np.arange(3), ["z", "x"]).labels.tolist()
    [1, 1]
    """
    places = {dataset.classes.index(name): number for number, name in enumerate(common) if name in dataset.classes}
    kept = np.array([row for row in rows.tolist() if int(dataset.labels[row]) in places], dtype=np.int64)
    return Labelled(kept, np.array([places[int(dataset.labels[row])] for row in kept], dtype=np.int64))


def require_enough(name: str, count: int) -> None:
    """Raise DataError when a set has too few pictures for a distance."""
    if count < FEWEST:
        raise DataError("studies.too_few_for_distance", name=name, count=count, fewest=FEWEST)


def measure_distances(one: Matrix, other: Matrix, seed: int) -> tuple[ProxyDistance, Discrepancy, FrechetDistance]:
    """Measure all three on features of shapes (N, D) and (M, D)."""
    random = np.random.default_rng(seed)
    few = [part[random.permutation(len(part))[:AT_MOST]] for part in (one, other)]
    return proxy_distance(one, other, seed, fit_ridge), discrepancy(few[0], few[1], seed), frechet(one, other, seed)


def probe_across(
    recipe: Recipe,
    sets: Sequence[Dataset],
    checked: Inspection,
    good: Sequence[npt.NDArray[np.int64]],
    matrices: Sequence[npt.NDArray[np.float32]],
) -> CrossSetScores | None:
    """Fit a probe to the common classes of the first set; score it on its held-out part and on the second set."""
    first, second = sets
    common = [name for name in first.classes if name in second.classes]
    if len(common) < 2:
        return None
    parts = choose_parts(
        first, checked.together, good[0], seed=recipe.run.seed, test_fraction=recipe.split.test_fraction
    )
    groups = checked.together
    learned, inside = (of_classes(first, part, common) for part in (parts.fit, parts.score))
    across = of_classes(second, good[1], common)
    probe = fit_probe(matrices[0][learned.rows], learned.labels, Classes(tuple(common)), groups[learned.rows], recipe)
    answers = [
        probe.head.scores(matrix[part.rows]).argmax(axis=1) == part.labels
        for matrix, part in ((matrices[0], inside), (matrices[1], across))
    ]
    scores = [wilson(float(right.sum()), len(right)) for right in answers]
    return CrossSetScores(
        tuple(common), scores[0], scores[1], _class_alignment(matrices, (learned, across), len(common))
    )


def _class_alignment(matrices: Sequence[Matrix], parts: Sequence[Labelled], class_count: int) -> float | None:
    """Compare how the classes lie to each other in both sets, by their means."""
    present = [np.flatnonzero(np.bincount(part.labels, minlength=class_count)) for part in parts]
    both = np.intersect1d(present[0], present[1])
    if len(both) < FEWEST_CLASSES:
        return None
    means = [
        np.stack([matrix[part.rows[part.labels == number]].mean(axis=0) for number in both])
        for matrix, part in zip(matrices, parts, strict=True)
    ]
    found = centred_kernel_alignment(means[0], means[1])
    return None if math.isnan(found) else found


def fit_ridge(features: Matrix, labels: npt.NDArray[np.int64]) -> Callable[[Matrix], npt.NDArray[np.int64]]:
    """Fit a ridge classifier that tells two sets apart; its regularisation is chosen on nothing."""
    head = RidgeFamily().fit(TrainingSet(features, labels, 2), 1e-2)
    return lambda rows: head.scores(rows).argmax(axis=1)
