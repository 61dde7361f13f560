"""The single feature that tells the classes apart best: the baseline of rows of numbers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.heads.family import HeadFamily
from headstart.heads.head import Head
from headstart.heads.linear import ABSENT, LinearHead
from headstart.heads.training_set import TrainingSet


@dataclass(frozen=True, slots=True)
class BestColumnFamily(HeadFamily):
    """Linear discriminant analysis on one feature: the one whose classes lie farthest apart for their spread.

    That is the largest F statistic of an analysis of variance, weighted as the examples are.

    Examples
    --------
    >>> training = TrainingSet(np.array([[5.0, 0.0], [1.0, 0.1], [4.0, 3.0], [2.0, 3.1]]), np.array([0, 0, 1, 1]), 2)
    >>> BestColumnFamily().fit(training).settings()
    {'column': 1}
    """

    name: ClassVar[str] = "best_column"
    head: ClassVar[type[Head]] = LinearHead
    grid: ClassVar[tuple[None, ...]] = (None,)

    def fit(self, training: TrainingSet, setting: None = None) -> LinearHead:
        """Fit the head."""
        rows, labels = training.features.astype(np.float64), training.compact_labels
        members = np.eye(len(training.present))[labels] * training.weights[:, None]  # (N, P), sum 1
        priors = members.sum(axis=0)
        means = (members.T @ rows) / priors[:, None]
        within = training.weights @ (rows - means[labels]) ** 2
        between = priors @ (means - priors @ means) ** 2
        spread = np.maximum(within, 1e-9 * (within + between) + 1e-12)
        best = int(np.argmax(between / spread))
        weight = np.zeros((training.class_count, rows.shape[1]), dtype=np.float32)
        bias = np.full(training.class_count, ABSENT, dtype=np.float32)
        weight[training.present, best] = means[:, best] / spread[best]
        bias[training.present] = np.log(priors) - means[:, best] ** 2 / (2 * spread[best])
        return LinearHead(weight, bias, {"column": best})
