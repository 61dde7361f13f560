"""Whether the model really depends on the parts with the most evidence: leave them out first, and in random orders."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headstart.arrays import Floats, Integers, Singles
from headstart.explain.text.parts import Span, without
from headstart.runtime.catalogue import ENGLISH, Texts

ORDERS = 20  # random ones
STEPS = 6  # in which the parts are left out
CONVINCING = 0.95  # part of the random orders that must be beaten


@dataclass(frozen=True, slots=True)
class Deletion:
    """How far the probability of a class follows the evidence.

    Attributes
    ----------
    deletion, random_deletion
        Mean probability while the parts with the most evidence are left out first, and in random orders.
    beaten, orders
        How many of how many random orders keep a higher one.
    """

    deletion: float
    random_deletion: float
    beaten: int
    orders: int

    @property
    def convincing(self) -> bool:
        """Whether at least 95 % of the random orders are beaten."""
        return self.beaten >= CONVINCING * self.orders

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "convincing": self.convincing}

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        return [
            texts.say("explain.deleted", asdict(self)),
            *([] if self.convincing else [texts.say("explain.chance_of_texts")]),
        ]


def measure_deletion(
    grid: Singles, document: str, parts: Sequence[Span], probability: Callable[[Sequence[str]], Floats], seed: int
) -> Deletion:
    """Leave out the parts of a document by their evidence (T,), and in random orders.

    ``probability`` of the class is computed of N documents, shape (N,).
    """
    generator = np.random.default_rng(seed)
    orders = [np.argsort(-grid, kind="stable"), *(generator.permutation(len(grid)) for _ in range(ORDERS))]
    left = [one for order in orders for one in _shortened(document, parts, order)]
    areas = probability(left).reshape(len(orders), -1).mean(axis=1)
    own, others = float(areas[0]), areas[1:]
    return Deletion(own, float(others.mean()), int((others > own).sum()), ORDERS)


def _shortened(document: str, parts: Sequence[Span], order: Integers) -> list[str]:
    steps = min(STEPS, len(order))
    return [without(document, parts, order[: len(order) * step // steps].tolist()) for step in range(1, steps + 1)]
