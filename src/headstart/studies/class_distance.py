"""What a probe of classes loses on the way from one set of examples to another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset
from headstart.data.inspection import Inspection
from headstart.data.splits import choose_parts
from headstart.data.targets.classes import Classes
from headstart.metrics.domain_alignment import centred_kernel_alignment
from headstart.metrics.intervals import wilson
from headstart.metrics.values import Score
from headstart.probing.probe import fit_probe
from headstart.settings.recipe import Recipe

Matrix = npt.NDArray[np.floating]
FEWEST_CLASSES = 5  # whose means are compared


@dataclass(frozen=True, slots=True)
class CrossSetScores:
    """What labels say: accuracy of a probe of the first set on its own held-out examples, and on the second set's.

    ``alignment`` is the centred kernel alignment of the class means in both sets: whether the classes lie to each other
    in the same way; None for fewer than five common classes.
    """

    classes: tuple[str, ...]
    inside: Score
    across: Score
    alignment: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Rows of a dataset with labels, both of shape (n,); labels are positions in the common class names."""

    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]


def of_classes(dataset: Dataset, rows: npt.NDArray[np.int64], common: Sequence[str]) -> Labelled:
    """Select the rows whose class is among ``common``.

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
