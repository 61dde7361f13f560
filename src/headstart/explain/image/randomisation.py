"""Whether a map depends on what was learnt: shuffle the weights and see whether it changes.

The model parameter randomisation test (Adebayo et al. 2018): a method whose maps stay alike when the weights are made
meaningless draws edges, not reasons. Weights are shuffled within each tensor, so that their sizes stay as they were.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headstart.explain.image.coordinates import Map
from headstart.explain.image.similarity import structural_similarity
from headstart.explain.shuffling import DEPENDENT, rank_correlation, shuffled_head
from headstart.heads.head import Head
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding


@dataclass(frozen=True, slots=True)
class Similarity:
    """How like the map is to the true one once ``what`` was shuffled: ranks of the places, and structure."""

    what: str
    rank_correlation: float
    structural_similarity: float


@dataclass(frozen=True, slots=True)
class Randomisation:
    """The map after more and more of the model was shuffled, from the head to the input.

    Attributes
    ----------
    steps
        The head alone first (mean of several draws), then one stage of the network more each time.
    whole
        Whether the last step is the whole model; otherwise only the head could be shuffled.
    """

    steps: tuple[Similarity, ...]
    whole: bool

    @property
    def dependent(self) -> bool:
        """Whether the map changes somewhere on the way; a map of 7 x 7 places may come out alike by chance, once."""
        return min(step.rank_correlation for step in self.steps) < DEPENDENT

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"steps": [asdict(step) for step in self.steps], "whole": self.whole, "dependent": self.dependent}

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        parts = [self.steps[0], *([self.steps[-1]] if len(self.steps) > 1 else [])]
        steps = [
            Finding("explain.shuffled", {**asdict(part), "what": Finding(f"explain.shuffled_{part.what}")})
            for part in parts
        ]
        said = texts.say("explain.randomised", {"steps": steps})
        return [said, *([] if self.dependent else [texts.say("explain.independent")])]


def compare_shuffled_heads(grid: Map, head: Head, map_with: Callable[[Head], Map], draws: int, seed: int) -> Similarity:
    """Shuffle the head several times and average how like the maps are."""
    generator = np.random.default_rng(seed)
    maps = [map_with(shuffled_head(head, generator)) for _ in range(draws)]
    return Similarity(
        "head",
        float(np.mean([rank_correlation(grid, one) for one in maps])),
        float(np.mean([structural_similarity(grid, one) for one in maps])),
    )
