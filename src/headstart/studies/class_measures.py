"""What features alone say about classes, beside a probe."""

from headstart.arrays import Integers, Singles
from headstart.features.neighbours import unit_rows
from headstart.metrics.classification.transferability import h_score, logme, neighbours_are_right

Labels = Integers


def measure_classes(features: Singles, labels: Labels, groups: Labels) -> dict[str, float]:
    """Measure five nearest neighbours leaving one out, LogME and the H-score of features (N, D) with labels (N,)."""
    return {
        "knn": float(neighbours_are_right(unit_rows(features), labels, groups).mean()),
        "logme": logme(features, labels, int(labels.max()) + 1),
        "h_score": h_score(features, labels),
    }
