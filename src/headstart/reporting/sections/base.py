"""What a task brings to the report of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from headstart.arrays import Floats
from headstart.data.example import Dataset
from headstart.data.targets.base import Target
from headstart.metrics.values import Evaluation, Score
from headstart.probing.rows import Sample
from headstart.reporting.page.blocks import Section, Tile
from headstart.reporting.page.numbers import count_text, decimal, plain_range
from headstart.reporting.page.values import Json, PageData, RunData, score_in, trusted
from headstart.reporting.tables import csv_text, number_text, write_csv
from headstart.runtime.catalogue import Texts
from headstart.runtime.findings import Finding
from headstart.tasks.base import load_task

MOST_TILES = 4


class TaskReport:
    """The parts of a report that depend on the task; these are those of a task that says no more.

    ``has_gallery`` tells whether answers are right or wrong, so that a page shows the worst and the surest of them,
    ``alone`` whether its sections are all that say how good a model is and what it was fitted to.
    """

    has_gallery = False
    alone = False

    def scores(self, evaluation: Evaluation, texts: Texts) -> Mapping[str, str]:
        """Return the names of the scores to show in a terminal, with the words for them."""
        found = (field.name for field in fields(evaluation))
        return {name: name for name in found if isinstance(getattr(evaluation, name), Score)}

    def headlines(self, evaluation: Json) -> list[str]:
        """Return the names of the scores that say most, of an evaluation as plain data."""
        return [name for name in evaluation if score_in(evaluation, name) is not None]

    def candidates(self, texts: Texts) -> Sequence[str] | None:
        """Return the headings of the table of heads; None for the names of the metrics."""
        return None

    def details(self, evaluation: Evaluation, texts: Texts) -> list[str]:
        """Write lines that stand right below the scores in a terminal."""
        return []

    def hardest(self, evaluation: Evaluation, texts: Texts) -> list[str]:
        """Write lines about what the model is worst at."""
        return []

    def promises(self, found: Any, texts: Texts, *, leaked: bool = False) -> list[str]:  # noqa: ANN401 - of the task
        """Write lines about whether the model kept what it promised on the scored examples; ``leaked`` ones flatter."""
        return []

    def unscored(self, policy: Any, found: Any) -> tuple[Finding, ...]:  # noqa: ANN401 - of the task
        """Return what cannot be promised where no scored example could show it."""
        return ()

    def write_tables(
        self, folder: Path, evaluation: Evaluation, dataset: Dataset, scored: Sample, outputs: Floats
    ) -> None:
        """Write ``predictions.csv``: the label and the outputs of each example; raises OutputError."""
        names = dataset.target.names or tuple(f"output_{number}" for number in range(outputs.shape[1]))
        examples = (dataset.examples[position] for position in scored.positions)
        rows = (
            (example.name, example.label or "", *map(number_text, row))
            for example, row in zip(examples, outputs.tolist(), strict=True)
        )
        write_csv(folder / "predictions.csv", csv_text(("path", "label", *names), rows))

    def draw(
        self, folder: Path, evaluation: Evaluation, dataset: Dataset, scored: Sample, outputs: Floats
    ) -> tuple[Finding, ...]:
        """Draw what an example says better into the folder of a run; return what the user should know of it."""
        return ()

    def summarise(self, page: PageData, run: RunData, texts: Texts) -> tuple[str, ...]:
        """Summarise in a few sentences what there is to say."""
        found = trusted(run.metrics).get("evaluation") or {}
        scores = [f"{name} {score_in(found, name)}" for name in self.headlines(found)]
        return (texts.say("page.summary.scores", {"count": count_text(found["count"]), "scores": scores}),)

    def tiles(self, run: RunData, texts: Texts) -> tuple[Tile, ...]:
        """Return the numbers to see at first sight."""
        found = trusted(run.metrics).get("evaluation") or {}
        scores = [(name, score) for name in self.headlines(found) if (score := score_in(found, name)) is not None]
        return tuple(Tile(name, decimal(score.value), plain_range(score)) for name, score in scores[:MOST_TILES])

    def sections(self, page: PageData, run: RunData) -> dict[str, Callable[[Texts], Section]]:
        """Return the sections of a page behind its scores, in the order of a reader's questions, by their keys."""
        return {}


def task_report(target: Target) -> TaskReport:
    """Load what the task of a target brings to reports."""
    report: TaskReport = load_task(target.task).report()
    return report
