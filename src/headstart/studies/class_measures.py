"""What features alone say about classes, beside a probe."""

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.features.neighbours import unit_rows
from headstart.heads.lda import estimate_shrinkage
from headstart.metrics.classification.transferability import h_score, logme, neighbours_are_right

Labels = Integers


def measure_classes(features: Singles, labels: Labels, groups: Labels) -> dict[str, float]:
    """Measure five nearest neighbours leaving one out, LogME and the H-score of features (N, D) with labels (N,)."""
    centred = features - features.mean(axis=0, dtype=np.float64)
    squares, width = np.einsum("nd,nd->n", centred, centred), centred.shape[1]  # a single feature is a sphere as it is
    shrinkage = 0.0 if width == 1 else estimate_shrinkage(squares, centred.T @ centred / len(centred), width)
    return {
        "knn": float(neighbours_are_right(unit_rows(features), labels, groups).mean()),
        "logme": logme(features, labels, int(labels.max()) + 1),
        "h_score": h_score(features, labels, shrinkage),
    }
