"""k nearest neighbours by cosine, with votes that fall with the distance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.features.neighbours import unit_rows
from headstart.heads.family import HeadFamily
from headstart.heads.head import FEATURES, Array, Head, Matrix, Node, Output
from headstart.heads.training_set import TrainingSet

VOTE_TEMPERATURE = 0.07  # a neighbour's vote is exp(cosine / 0.07): the value of the DINO evaluations
# The part of the votes a class has without any neighbour, so that its score is finite.
FLOOR = 1e-2
ROWS_AT_ONCE = 1024
LARGEST_PRODUCT = 4_000_000  # cosines at once: 48 MB with the positions that sorting them takes
MOST_KEPT = 20_000  # examples that vote, drawn evenly: beyond, time would grow with the square of the examples
AXIS = (1,)  # of ONNX's operations along a row
KEEP = {"keepdims": 1}


@dataclass(frozen=True, slots=True, eq=False)
class KnnHead(Head):
    """Scores are logarithms of each class's part of the votes of the ``neighbours`` nearest examples.

    Attributes
    ----------
    examples, labels
        Training vectors of length 1, shape (M, D), float32, and their class numbers, shape (M,).
    votes
        Weight of a vote for each class, shape (C,): 1, or the less the more examples the class has (balance).
    neighbours
        k, at most M.

    Examples
    --------
    >>> head = KnnHead(np.eye(2, dtype=np.float32), np.array([0, 1]), np.ones(2, dtype=np.float32), 1)
    >>> head.scores(np.array([[5.0, 1.0]])).argmax(axis=1).tolist()
    [0]
    """

    examples: Singles
    labels: Integers
    votes: Singles
    neighbours: int
    kind: ClassVar[str] = "neighbours"
    holds_examples: ClassVar[bool] = True

    def scores(self, features: Matrix) -> Array:
        """Compute scores of shape (N, C)."""
        (scores,) = self.scores_for(features, (self.neighbours,))
        return scores

    def scores_for(self, features: Matrix, sizes: tuple[int, ...]) -> list[Array]:
        """Compute scores for several numbers of neighbours, from one search for the largest."""
        result = [np.empty((len(features), len(self.votes))) for _ in sizes]
        largest = min(max(sizes), len(self.labels))
        rows = max(1, min(ROWS_AT_ONCE, LARGEST_PRODUCT // len(self.labels)))
        for start in range(0, len(features), rows):
            block = slice(start, start + rows)
            labels, cosines = self._nearest(features[block], largest)
            for scores, size in zip(result, (min(size, largest) for size in sizes), strict=True):
                scores[block] = self._sum_votes(labels[:, :size], cosines[:, :size])
        return result

    def graph(self) -> Node:
        """Return the votes of the nearest examples as operations; a vote is relative to that of the nearest one."""
        cosines = Node("MatMul", (normalise_rows(FEATURES), self.examples.T))
        nearest = Node("TopK", (cosines, [min(self.neighbours, len(self.labels))]), {"axis": 1}, outputs=2)
        rows = Output(nearest, 1)
        gaps = Node("Sub", (nearest, Node("ReduceMax", (nearest, AXIS), KEEP)))
        closeness = Node("Exp", (Node("Div", (gaps, VOTE_TEMPERATURE)),))
        votes = Node("Mul", (closeness, Node("Gather", (self.votes[self.labels], rows))))
        members = Node("Gather", (np.eye(len(self.votes), dtype=np.float32)[self.labels], rows))
        # (N, 1, k) @ (N, k, C): the votes of each example's neighbours, class by class.
        sums = Node("Squeeze", (Node("MatMul", (Node("Unsqueeze", (votes, AXIS)), members)), AXIS))
        shares = Node("Div", (sums, Node("ReduceSum", (sums, AXIS), KEEP)))
        return Node("Log", (Node("Add", (shares, FLOOR)),))

    def _nearest(self, features: Matrix, count: int) -> tuple[Integers, Array]:
        """Find labels and cosines of the nearest examples, nearest first; shapes (N, k)."""
        distances = unit_rows(features) @ self.examples.T
        np.negative(distances, out=distances)
        if count < distances.shape[1]:
            best = np.argpartition(distances, count - 1, axis=1)[:, :count]
        else:
            best = np.broadcast_to(np.arange(count), distances.shape)
        values = np.take_along_axis(distances, best, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        return self.labels[best], -np.take_along_axis(values, order, axis=1).astype(np.float64)

    def _sum_votes(self, labels: Integers, cosines: Array) -> Array:
        """Sum the votes per class: shape (N, C)."""
        votes = np.exp((cosines - cosines[:, :1]) / VOTE_TEMPERATURE) * self.votes[labels]
        cells = np.arange(len(labels))[:, None] * len(self.votes) + labels
        sums = np.bincount(cells.ravel(), votes.ravel(), minlength=len(labels) * len(self.votes))
        totals = sums.reshape(len(labels), len(self.votes))
        scores: Array = np.log(totals / totals.sum(axis=1, keepdims=True) + FLOOR)
        return scores


@dataclass(frozen=True, slots=True)
class KnnFamily(HeadFamily):
    """Keep the examples, at most 20,000; the number of neighbours is chosen.

    Examples
    --------
    >>> training = TrainingSet(np.array([[0.0, 2.0], [3.0, 0.0]]), np.array([0, 1]), 2)
    >>> KnnFamily().fit(training, 1).scores(np.array([[0.1, 1.0]])).argmax(axis=1).tolist()
    [0]
    """

    name: ClassVar[str] = "knn"
    head: ClassVar[type[Head]] = KnnHead
    grid: ClassVar[tuple[int, ...]] = (100, 50, 20, 10, 5, 2, 1)

    def path_scores(self, training: TrainingSet, features: Matrix, grid: tuple[int, ...]) -> Iterator[Array]:
        """Compute scores for each number of neighbours; one search serves them all."""
        yield from self.fit(training, max(grid)).scores_for(features, grid)

    def fit(self, training: TrainingSet, setting: int) -> KnnHead:
        """Select the examples; with fewer examples than neighbours wanted, all of them vote."""
        if len(training) > MOST_KEPT:
            drawn = np.random.default_rng(0).permutation(len(training))[:MOST_KEPT]
            training = training.take(np.sort(drawn))
        votes = np.ones(training.class_count)
        if training.balance:
            votes[training.present] = len(training) / (len(training.present) * training.counts[training.present])
        return KnnHead(
            unit_rows(training.features), training.labels, votes.astype(np.float32), min(setting, len(training))
        )


def normalise_rows(vectors: Node) -> Node:
    """Return what :func:`~headstart.features.neighbours.unit_rows` does as operations."""
    lengths = Node("ReduceL2", (vectors, AXIS), KEEP)
    divisor = Node("Where", (Node("Equal", (lengths, 0.0)), 1.0, lengths))
    return Node("Div", (vectors, divisor))
