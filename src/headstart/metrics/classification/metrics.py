"""How classes are scored."""

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.metrics.classification.evaluation import evaluate
from headstart.metrics.classification.folds import evaluate_folds
from headstart.metrics.values import Metrics


def is_right(probabilities: Floats, labels: Integers) -> Booleans:
    """Compare the likeliest class of each row (N, C), of equal ones the first, with the labels (N,).

    Examples
    --------
    >>> is_right(np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([0, 1])).tolist()
    [True, False]
    """
    return np.asarray(probabilities.argmax(axis=1) == labels)


METRICS = Metrics(
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    evaluate,
    evaluate_folds,
    is_right,
    shares=("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_roc_auc"),
    losses=("log_loss", "brier", "calibration_error"),
)
