"""What was understood before anything was computed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.example import Dataset, Example
from headstart.data.inspection import Inspection
from headstart.data.inspection_report import inspection_lines
from headstart.data.splits import Parts
from headstart.settings.recipe import Recipe
from headstart.settings.rules import idle_settings


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe, the data it is for, what is wrong with the data, and which part is for what."""

    recipe: Recipe
    dataset: Dataset
    inspection: Inspection
    parts: Parts

    def lines(self) -> list[str]:
        """Say the same for people."""
        return [
            *inspection_lines(self.inspection),
            *self.parts.notices,
            f"Parts: {self._sizes()}. {self.parts.rule}",
            *self._idle_lines(),
        ]

    def _idle_lines(self) -> list[str]:
        idle = idle_settings(self.recipe)
        if not idle:
            return []
        return [f"No weight moves with the method 'probe', so this has no effect: {', '.join(idle)}. See --method."]

    def _sizes(self) -> str:
        if self.recipe.split.folds:
            return f"{len(self.parts.fit)} pictures, all of them to fit and to score"
        return f"{len(self.parts.fit)} pictures to fit, {len(self.parts.score)} to score"

    def examples_to_fit(self) -> list[Example]:
        """List the examples of the part to learn from."""
        return [self.dataset.examples[position] for position in self.parts.fit]

    def to_json(self) -> dict[str, Any]:
        """Give plain data; ``counts`` are pictures per class in each part."""
        return {
            "data": self.dataset.name,
            "classes": list(self.dataset.classes),
            "counts": self.counts(),
            "split": self.parts.rule,
            "audit": self.inspection.to_json(),
            "recipe": self.recipe.to_json(),
        }

    def counts(self, left_out: Collection[int] = ()) -> dict[str, Any]:
        """How many pictures there are, in all and of each class, in the part to fit and the part to score.

        ``left_out`` are positions of pictures that turned out to be unreadable.
        """
        parts = {"fit": self.parts.fit, "score": self.parts.score}
        labels = {name: self.dataset.labels[np.setdiff1d(part, list(left_out))] for name, part in parts.items()}
        return {
            **{part: len(found) for part, found in labels.items()},
            "per_class": {
                name: {part: int((found == number).sum()) for part, found in labels.items()}
                for number, name in enumerate(self.dataset.classes)
            },
        }
