"""What the verb ``explain`` found: as lines for people and as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headstart.explain.values import Explanation, title_of
from headstart.reporting.answers import failure_lines
from headstart.reporting.tables import caution

_NAMED = 5  # neighbours on a line


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation and the pictures that were drawn of it."""

    explanation: Explanation
    sheet: Path
    overlay: Path

    def lines(self) -> list[str]:
        """Say the same for people."""
        one = self.explanation
        answer = f"{one.prediction.path}: {one.prediction.label} ({one.prediction.probability:.3f})"
        why = f", explained for {one.target}" if one.target != one.prediction.label else ""
        near = ", ".join(f"{found.label} {found.distance:.2f}" for found in one.neighbours[:_NAMED])
        return [
            answer + why,
            *(f"  {line}" for line in _cautions(one)),
            f"  heat: {heat_sentence(one)}",
            *(f"  {line}" for line in (one.checks.lines() if one.checks else ())),
            *([f"  nearest training examples: {near}"] if near else []),
            f"  pictures: {self.sheet}, {self.overlay.name}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.explanation.to_json(), "picture": str(self.sheet), "overlay": str(self.overlay)}


@dataclass(frozen=True, slots=True)
class ExplainReport:
    """All explanations of one call, and the pictures that could not be read."""

    folder: Path
    files: tuple[Explained, ...]
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Say the same for people."""
        return [
            *failure_lines(self.failures),
            *(line for one in self.files for line in one.lines()),
            *self.notices,
            f"Written to {self.folder}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "folder": str(self.folder),
            "files": [one.to_json() for one in self.files],
            "failures": dict(self.failures),
            "notices": list(self.notices),
        }


def _cautions(one: Explanation) -> list[str]:
    """Say why the answer should not be relied on; the program's own words where it was asked to give none."""
    said = one.prediction
    if said.abstained:
        return [f"better not answered: {said.reason}"]
    return [f"{caution(said)}."] if said.unfamiliar else []


def heat_sentence(one: Explanation) -> str:
    """Say how the heat was found, and what it is.

    Examples
    --------
    See the tests: an :class:`Explanation` has many parts.
    """
    if one.found.exact:
        kind = f"exact: it sums to the score {one.logit:.2f}"
    else:
        kind = "an estimate; there is no exact map of this model" if one.method == "gradcam" else "an estimate"
    empty = "" if one.found.grid.max() > 0 else f"; nothing speaks for {one.target}"
    return f"{title_of(one.method)} ({one.found.layer}), {kind}{empty}"
