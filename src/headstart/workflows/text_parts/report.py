"""What a fit and a scoring of parts of texts found: lines, and plain data."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.encoders.spec import EncoderSpec
from headstart.metrics.values import Evaluation, Score
from headstart.reporting.training_files import training_lines, training_to_json, write_training
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.environment import environment
from headstart.runtime.files import write_json, write_text
from headstart.runtime.findings import Finding, about
from headstart.settings.recipe import Recipe
from headstart.workflows.text_parts.base import PartTask

if TYPE_CHECKING:  # it loads torch
    from headstart.finetuning.train_job import TrainingRecord

WORST, AROUND = 20, 60  # mistakes on a page; characters on either side of a mark


@dataclass(frozen=True, slots=True)
class PartReport:
    """Scores of a model, and beside them those of simpler ones; ``folder`` is None where only scores were asked for."""

    task: str
    folder: Path | None
    data: str
    encoder: EncoderSpec
    method: str
    fitted: int
    evaluation: Evaluation
    others: Mapping[str, Evaluation] = field(default_factory=dict)
    seconds: float = 0.0
    notices: tuple[Finding, ...] = ()
    tuned: "TrainingRecord | None" = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {name: getattr(self, name) for name in ("task", "data", "method", "seconds")}
        plain["encoder"] = self.encoder.to_json()
        plain["counts"] = {"fit": self.fitted, "score": self.evaluation.count}
        plain["folder"] = None if self.folder is None else str(self.folder)
        plain["evaluation"] = self.evaluation.to_json()
        plain["others"] = {name: one.to_json() for name, one in self.others.items()}
        plain["notices"] = [one.to_json() for one in self.notices]
        return plain | (training_to_json(self.tuned) if self.tuned else {})

    def lines(self, texts: Texts = ENGLISH) -> Iterator[str]:
        """Return the scores as lines."""
        yield texts.say(f"workflows.parts_scored_{self.task}", {"count": self.evaluation.count})
        for name, value in scores_of(self.evaluation):
            yield f"  {texts.say(f'workflows.part_{name}')}: {value}"
        for name, other in self.others.items():
            said = texts.say(f"workflows.parts_{name}_{self.task}" if name == "simple" else f"workflows.parts_{name}")
            yield f"  {said}: " + ", ".join(f"{texts.say(f'workflows.part_{one}')} {v}" for one, v in scores_of(other))
        yield from training_lines(self.tuned, texts.for_modality("text")) if self.tuned else ()
        yield from (one.render(texts) for one in about(self.notices, "text"))
        if self.folder is not None:
            yield texts.say("workflows.parts_saved", {"folder": self.folder})


def scores_of(evaluation: Evaluation) -> list[tuple[str, Score]]:
    """List the scores of an evaluation by name."""
    found = [(one.name, getattr(evaluation, one.name)) for one in fields(evaluation)]
    return [(name, value) for name, value in found if isinstance(value, Score)]


def write_run(  # six: what was found, on what, and how
    report: PartReport,
    parts: PartTask,
    examples: Sequence[Any],
    answers: Sequence[Any],
    recipe: Recipe,
    started: datetime,
) -> None:
    """Write all that a run holds beside its model and its page; with ``metrics.json``, the last, it is finished."""
    assert report.folder is not None, "a run has a folder"
    if report.tuned is not None:
        write_training(report.folder, report.tuned)
    write_text(report.folder / "recipe.toml", recipe.to_toml())
    write_json(report.folder / "environment.json", environment(started, sys.argv))
    write_json(report.folder / "predictions.json", [one.to_json() for one in answers])
    mistakes = list_mistakes(parts, examples, answers)
    write_json(report.folder / "metrics.json", {**report.to_json(), "mistakes": mistakes})


def list_mistakes(parts: PartTask, examples: Sequence[Any], answers: Sequence[Any]) -> dict[str, Any]:
    """Return as plain data how many predictions are wrong, and the worst with what was right and what was said."""
    found = [(parts.mistake(*pair), pair[0]) for pair in zip(examples, answers, strict=True)]
    wrong = sorted((one for one in found if one[0].wrong > 0), key=lambda one: -one[0].wrong)
    shown = [
        {
            "name": example.name,
            "asked": one.asked,
            "right": cut_at_marks(example.text, one.right),
            "said": cut_at_marks(example.text, one.said),
        }
        for one, example in wrong[:WORST]
    ]
    return {"count": len(wrong), "shown": shown}


def cut_at_marks(text: str, marks: Sequence[tuple[int, int, str]]) -> list[tuple[str, str | None]]:
    """Cut a text into pieces with their marks, None for those between marks; long ones of these lose their middle.

    Examples
    --------
    >>> cut_at_marks("Anna lives here", [(0, 4, "PER")])
    [('Anna', 'PER'), (' lives here', None)]
    """
    pieces, last = list[tuple[str, str | None]](), 0
    for start, end, kind in marks:
        if start >= last:
            pieces += [(text[last:start], None), (text[start:end], kind)]
            last = end
    pieces.append((text[last:], None))
    return [(one if kind is not None else _shorten(one), kind) for one, kind in pieces if one]


def _shorten(text: str) -> str:
    return text if len(text) <= 3 * AROUND else f"{text[:AROUND]} … {text[-AROUND:]}"
