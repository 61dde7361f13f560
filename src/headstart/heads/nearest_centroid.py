"""Nearest centroid of centred, normalised features (SimpleShot's CL2N, Wang et al. 2019)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from headstart.arrays import Singles
from headstart.features.neighbours import unit_rows
from headstart.heads.family import HeadFamily
from headstart.heads.head import FEATURES, Affine, Array, Head, Matrix, Node
from headstart.heads.knn import normalise_rows
from headstart.heads.linear import ABSENT, multiply_rows
from headstart.heads.training_set import TrainingSet, row_blocks

SHARPNESS = 10.0  # turns cosines into scores of a useful size before the temperature is known
Metric = Literal["cosine"]


@dataclass(frozen=True, slots=True, eq=False)
class CentroidHead(Head):
    """Scores are cosines with the centroid of each class, times 10.

    Attributes
    ----------
    mean
        Mean of the training features, shape (D,), float32.
    centroids
        Length 1, shape (C, D), float32.
    bias
        Added to the scores, shape (C,), float32: 0, or very low for a class that had no example.

    Examples
    --------
    >>> nothing = np.zeros(2, dtype=np.float32)
    >>> head = CentroidHead(nothing, np.eye(2, dtype=np.float32), nothing)
    >>> head.scores(np.array([[5.0, 0.0]])).tolist()
    [[10.0, 0.0]]
    """

    mean: Singles
    centroids: Singles
    bias: Singles
    kind: ClassVar[str] = "centroid"

    def scores(self, features: Matrix) -> Array:
        """Compute scores of shape (N, C)."""
        cosines = multiply_rows(unit_rows(features - self.mean), self.centroids)
        return (SHARPNESS * cosines + self.bias).astype(np.float64)

    def graph(self) -> Node:
        """Return the cosines as operations."""
        directions = normalise_rows(Node("Sub", (FEATURES, self.mean)))
        cosines = Node("MatMul", (directions, self.centroids.T))
        return Node("Add", (Node("Mul", (cosines, SHARPNESS)), self.bias))

    def affine(self, features: Singles, target: int) -> Affine:
        """Return the score with the length of these features; a move changes the length, so it is no tangent."""
        length = float(np.linalg.norm(features - self.mean)) or 1.0
        weight = SHARPNESS * self.centroids[target].astype(np.float64) / length
        return Affine(weight, float(self.bias[target]) - float(weight @ self.mean), is_tangent=False)


FEWEST = 10  # features whose mean says where the middle of such examples is


def zero_shot_head(names: Matrix, features: Matrix) -> CentroidHead:
    """Return a head without labelled examples: the features of the names of the classes (C, D) are its centroids.

    The mean of the examples, of which no label is known, and that of the names are subtracted: whatever all texts have
    in common says nothing of a class. Cosines times 10 are near to honest log-probabilities for sentences and names: of
    eleven pairs of encoder and data the best temperature was from 0.7 to 2.3.

    Examples
    --------
    >>> zero_shot_head(np.eye(2), np.zeros((1, 2))).scores(np.array([[0.9, 0.1]])).argmax(axis=1).tolist()
    [0]
    """
    mean = (features if len(features) >= FEWEST else names).mean(axis=0).astype(np.float32)
    centroids = unit_rows((names - names.mean(axis=0)).astype(np.float32))
    return CentroidHead(mean, centroids, np.zeros(len(names), dtype=np.float32))


@dataclass(frozen=True, slots=True)
class CentroidFamily(HeadFamily):
    """Average each class; every class counts alike whatever its size, so there is nothing to balance but the mean.

    Examples
    --------
    >>> training = TrainingSet(np.array([[0.0, 2.0], [3.0, 0.0]]), np.array([0, 1]), 2)
    >>> CentroidFamily().fit(training).scores(np.array([[0.1, 1.0]])).argmax(axis=1).tolist()
    [0]
    """

    name: ClassVar[str] = "centroid"
    head: ClassVar[type[Head]] = CentroidHead
    grid: ClassVar[tuple[Metric, ...]] = ("cosine",)

    def fit(self, training: TrainingSet, setting: Metric = "cosine") -> CentroidHead:
        """Centre on the training mean, normalise, average per class, normalise."""
        mean = training.standardisation.mean.astype(np.float32)
        membership, features = np.eye(len(training.present), dtype=np.float32), training.stretches
        sums = sum(
            membership[training.compact_labels[block]].T @ unit_rows(features[block] - mean)
            for block in row_blocks(len(training))
        )
        centroids = np.zeros((training.class_count, features.shape[1]), dtype=np.float32)
        centroids[training.present] = unit_rows(np.asarray(sums))
        bias = np.full(training.class_count, ABSENT, dtype=np.float32)
        bias[training.present] = 0.0
        return CentroidHead(mean, centroids, bias)
