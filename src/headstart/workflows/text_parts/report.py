"""What a fit and a scoring of parts of texts found: lines, plain data, and a page of Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.metrics.values import Evaluation, Score
from headstart.reporting.training_files import training_lines, training_to_json, write_training
from headstart.runtime.catalogue import ENGLISH, Language, Texts, texts_in
from headstart.runtime.files import write_json, write_text
from headstart.runtime.findings import Finding, about
from headstart.runtime.text import beginning
from headstart.settings.recipe import Recipe
from headstart.workflows.text_parts.base import PartTask

if TYPE_CHECKING:  # it loads torch
    from headstart.finetuning.train_job import TrainingRecord

WORST = 20  # examples on the page


@dataclass(frozen=True, slots=True)
class PartReport:
    """Scores of a model, and beside them those of simpler ones; ``folder`` is None where only scores were asked for."""

    task: str
    folder: Path | None
    encoder: str
    method: str
    fitted: int
    evaluation: Evaluation
    others: Mapping[str, Evaluation] = field(default_factory=dict)
    seconds: float = 0.0
    notices: tuple[Finding, ...] = ()
    tuned: "TrainingRecord | None" = None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "tuned"}
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
    language: Language,
) -> None:
    """Write all that a run holds beside its model; with ``metrics.json``, which comes last, it is finished."""
    assert report.folder is not None, "a run has a folder"
    if report.tuned is not None:
        write_training(report.folder, report.tuned)
    write_text(report.folder / "recipe.toml", recipe.to_toml())
    write_json(report.folder / "predictions.json", [one.to_json() for one in answers])
    write_page(report.folder / "report.md", report, parts, examples, answers, language)
    write_json(report.folder / "metrics.json", report.to_json())


def write_page(  # six: where, what was found, and on what
    path: Path, report: PartReport, parts: PartTask, examples: Sequence[Any], answers: Sequence[Any], language: Language
) -> None:
    """Write scores and the worst mistakes as Markdown; what comes from texts is code, never markup."""
    texts = texts_in(language)
    found = [(*parts.mistakes(*pair), pair[0].text) for pair in zip(examples, answers, strict=True)]
    worst = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])[:WORST]
    title, (first, *more) = texts.say(f"workflows.parts_title_{report.task}"), report.lines(texts)
    lines = [f"# {title}", "", first, "", *(f"- {line.strip()}" for line in more), ""]
    kinds = getattr(report.evaluation, "kinds", {})
    if kinds:
        named = [texts.say(f"workflows.part_{name}") for name in ("kind", "precision", "recall", "f1", "entities")]
        lines += [f"| {' | '.join(named)} |", "|---" * len(named) + "|"]
        lines += [f"| {_code(kind)} | {p:.3f} | {r:.3f} | {f:.3f} | {n} |" for kind, (p, r, f, n) in kinds.items()]
    lines += ["", f"## {texts.say('workflows.parts_worst')}", ""]
    for _, right, said, text in worst:
        lines += [
            f"- {_code(beginning(text))}",
            f"  - {texts.say('workflows.parts_right')}: {_code(right)}",
            f"  - {texts.say('workflows.parts_said')}: {_code(said)}",
        ]
    write_text(path, "\n".join(lines) + "\n")


def _code(text: str) -> str:
    return "`" + " ".join(text.replace("`", "'").replace("|", "¦").split()) + "`"
