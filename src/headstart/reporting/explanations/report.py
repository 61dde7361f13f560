"""What the verb ``explain`` found: as lines for people and as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from headstart.explain.values import Explanation, title_of
from headstart.modalities.base import DEFAULT
from headstart.reporting.answers import failure_lines, failures_to_json
from headstart.reporting.class_tables import caution
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences
from headstart.runtime.text import beginning

_NAMED = 5  # neighbours on a line


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation and the examples that were drawn of it."""

    explanation: Explanation
    sheet: Path
    overlay: Path

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        return [
            *explanation_lines(self.explanation, texts),
            *_nearest(self.explanation, texts),
            texts.say("reporting.sheets", {"sheet": self.sheet, "overlay": self.overlay.name}),
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.explanation.to_json(), "picture": str(self.sheet), "overlay": str(self.overlay)}


class Figure(Protocol):
    """One explanation that was drawn, of whatever kind of example."""

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""


@dataclass(frozen=True, slots=True)
class ExplainReport:
    """All explanations of one call, and the examples that could not be read."""

    folder: Path
    files: tuple[Figure, ...]
    failures: Mapping[str, Finding] = field(default_factory=dict)
    notices: tuple[Finding, ...] = ()
    modality: str = DEFAULT

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        return [
            *failure_lines(self.failures, texts),
            *(line for one in self.files for line in one.lines(texts)),
            *sentences(self.notices, texts),
            texts.say("reporting.written_to", {"place": self.folder}),
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "folder": str(self.folder),
            "files": [one.to_json() for one in self.files],
            "failures": failures_to_json(self.failures),
            "notices": sentences(self.notices),
        }


def explanation_lines(one: Explanation, texts: Texts = ENGLISH) -> list[str]:
    """Write what the model says, and how its evidence was found and tested."""
    name = texts.quote([beginning(one.said)]) if one.said else one.prediction.path
    prediction = {"name": name, "label": one.prediction.label, "target": one.target}
    code = "reporting.answer" if one.target == one.prediction.label else "reporting.answer_for"
    return [
        texts.say(code, {**prediction, "probability": one.prediction.probability}),
        *(f"  {line}" for line in _cautions(one, texts)),
        texts.say("reporting.heat", {"heat": heat_sentence(one, texts)}),
        *(f"  {line}" for line in (one.checks.lines(texts) if one.checks else ())),
    ]


def _nearest(one: Explanation, texts: Texts) -> list[str]:
    near = [f"{found.label} {found.distance:.2f}" for found in one.neighbours[:_NAMED]]
    return [texts.say("reporting.nearest", {"names": near})] if near else []


def _cautions(one: Explanation, texts: Texts) -> list[str]:
    """Write why the answer should not be relied on; the program's own words where it was asked to give none."""
    said = one.prediction
    if said.abstained:
        return [texts.say("reporting.better_not", {"reason": said.why})]
    return [f"{caution(said, texts)}{texts.say('runtime.stop')}"] if said.unfamiliar else []


def heat_sentence(one: Explanation, texts: Texts = ENGLISH) -> str:
    """Write how the heat was found, and what it is.

    Examples
    --------
    See the tests: an :class:`Explanation` has many parts.
    """
    exact, estimate = one.found.exact, "estimate_alone" if one.method == "gradcam" else "estimate_heat"
    values = {
        "method": texts.find(f"explain.title.{one.method}", title_of(one.method)),
        "layer": texts.name("explain.layer", one.found.layer),
        "kind": texts.say("reporting.exact" if exact else f"reporting.{estimate}", {"score": one.logit}),
        "empty": "" if one.found.grid.max() > 0 else texts.say("reporting.speaks_not", {"target": one.target}),
    }
    return texts.say("reporting.heat_kind", values)
