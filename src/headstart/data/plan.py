"""What was understood before anything was computed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.data.example import Dataset, Example
from headstart.data.inspection import Inspection
from headstart.data.inspection_report import class_lines, inspection_findings, inspection_lines
from headstart.data.named_classes import is_labelled
from headstart.data.splits import Parts
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, about, notices_json, sentences
from headstart.settings.recipe import Recipe
from headstart.settings.rules import idle_settings


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe, the data it is for, what is wrong with it, which part is for what, and what else is to be said.

    ``preparation`` are fields of the preprocessing that are other than usual for this data.
    """

    recipe: Recipe
    dataset: Dataset
    inspection: Inspection
    parts: Parts
    notices: tuple[Finding, ...] = ()
    preparation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unlabelled(self) -> bool:
        """Whether no class of any example is known, so that nothing can be scored."""
        return self.recipe.zero_shot and not is_labelled(self.dataset)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that the user should know before anything is computed."""
        found = (*inspection_findings(self.inspection), *self.parts.notices, *self.notices, *self._idle())
        return about(found, self.dataset.modality)

    def lines(self, texts: Texts = ENGLISH, *, every_class: bool = False) -> list[str]:
        """Write it for people; perhaps with a list of the classes."""
        texts = texts.for_modality(self.dataset.modality)
        sizes = {"fit": len(self.parts.fit), "score": len(self.parts.score), "rule": self.parts.rule}
        return [
            *inspection_lines(self.inspection, texts),
            *(class_lines(self.inspection, texts) if every_class else []),
            *sentences(self.parts.notices, texts),
            texts.say(f"data.parts{'_folds' if self.recipe.split.folds else '' if sizes['fit'] else '_names'}", sizes),
            *sentences((*self.notices, *self._idle()), texts),
        ]

    def _idle(self) -> list[Finding]:
        idle = idle_settings(self.recipe)
        found = [Finding("data.idle", {"names": idle})] if idle else []
        if self.recipe.split.shots >= 0 and "test_fraction" in self.recipe.changed():
            found.append(Finding("data.idle_fraction"))
        return found

    def examples_to_fit(self) -> list[Example]:
        """List the examples of the part to learn from, or where nothing is learned from those that are seen."""
        return [self.dataset.examples[position] for position in self.parts.seen]

    def to_json(self) -> dict[str, Any]:
        """Return plain data; ``counts`` are examples per class in each part."""
        return {
            "data": self.dataset.name,
            "classes": list(self.dataset.classes),
            "counts": self.counts(),
            "split": str(self.parts.rule),
            "audit": self.inspection.to_json(),
            "recipe": self.recipe.to_json(),
            **notices_json(self.findings),
        }

    def counts(self, left_out: Collection[int] = ()) -> dict[str, Any]:
        """How many examples there are, in all and of each class, in the part to fit and the part to score.

        ``left_out`` are positions of examples that turned out to be unreadable.
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
