"""What classes bring to the report of a run: confusions, calibration, the hardest classes, the worst mistakes."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from pathlib import Path

import numpy as np

from headstart.arrays import Floats
from headstart.data.example import Dataset
from headstart.metrics.values import Evaluation
from headstart.probing.rows import Sample
from headstart.reporting.class_tables import write_per_class, write_predictions
from headstart.reporting.page.blocks import Section, Tile
from headstart.reporting.page.class_sections import calibration_section, classes_section, confusion_section
from headstart.reporting.page.class_summary import class_tiles, summarise_classes
from headstart.reporting.page.gallery import gallery_section
from headstart.reporting.page.policy import policy_section
from headstart.reporting.page.values import Json, PageData, RunData
from headstart.reporting.plots.class_charts import draw_confusion_matrix, draw_reliability
from headstart.reporting.policy_lines import policy_lines, unscored_refusal
from headstart.reporting.render.base import render_of
from headstart.reporting.render.contact_sheet import Mistake, draw_mistakes
from headstart.reporting.sections.base import TaskReport
from headstart.runtime.catalogue import Texts
from headstart.runtime.findings import Finding
from headstart.uncertainty.evaluate import PolicyScores
from headstart.uncertainty.policy import AnswerPolicy

ROWS = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "calibration_error")
HARDEST = 5  # classes named in a summary


class ClassReport(TaskReport):
    """The parts that only classes have."""

    has_gallery = True

    def scores(self, evaluation: Evaluation, texts: Texts) -> Mapping[str, str]:
        """Return those that say most."""
        return dict(zip(ROWS, texts.columns("reporting.scores"), strict=True))

    def headlines(self, evaluation: Json) -> list[str]:
        """Return the names of those."""
        return [name for name in ROWS if name in evaluation]

    def details(self, evaluation: Evaluation, texts: Texts) -> list[str]:
        """Write the four counts of two classes."""
        if evaluation.binary is None:
            return []
        counts = [f"{name} {count}" for name, count in evaluation.binary.items()]
        return [texts.say("reporting.binary", {"counts": counts, "positive": evaluation.classes[1]})]

    def hardest(self, evaluation: Evaluation, texts: Texts) -> list[str]:
        """Name the classes with the lowest F1."""
        mistaken = (row for row in evaluation.per_class if row.support and row.f1.value < 1)
        rows = [f"{row.name} {row.f1.value:.2f}" for row in sorted(mistaken, key=lambda row: row.f1.value)[:HARDEST]]
        return [texts.say("reporting.hardest", {"names": rows})] if len(evaluation.classes) > 2 and rows else []

    def promises(self, found: PolicyScores, texts: Texts, *, leaked: bool = False) -> list[str]:
        """Write lines about sets, answers and unfamiliar examples."""
        return policy_lines(found, texts, leaked=leaked)

    def unscored(self, policy: AnswerPolicy | None, found: PolicyScores | None) -> tuple[Finding, ...]:
        """Return that a precision cannot be promised."""
        return unscored_refusal(policy, found)

    def write_tables(
        self, folder: Path, evaluation: Evaluation, dataset: Dataset, scored: Sample, outputs: Floats
    ) -> None:
        """Write ``per_class.csv`` and ``predictions.csv``; raises OutputError."""
        write_per_class(folder / "per_class.csv", evaluation)
        examples = [dataset.examples[position] for position in scored.positions]
        write_predictions(folder / "predictions.csv", examples, outputs, dataset.classes)

    def draw(
        self, folder: Path, evaluation: Evaluation, dataset: Dataset, scored: Sample, outputs: Floats
    ) -> tuple[Finding, ...]:
        """Draw the confusion matrix, the reliability diagram and the worst mistakes."""
        mistakes = list_mistakes(dataset, scored, outputs)
        with ThreadPoolExecutor(1) as beside:  # reading and scaling examples leaves Python free for charts
            sheet = beside.submit(copy_context().run, draw_mistakes, mistakes, folder / "mistakes.png", dataset.classes)
            draw_reliability(evaluation, folder / "reliability.png")
            notices = draw_confusion_matrix(evaluation, folder / "confusion_matrix.png")
        return tuple(dict.fromkeys((*notices, *sheet.result())))

    def summarise(self, page: PageData, run: RunData, texts: Texts) -> tuple[str, ...]:
        """Describe how good it is, what the transfer brought, and what is wrong."""
        return summarise_classes(page, run, texts)

    def tiles(self, run: RunData, texts: Texts) -> tuple[Tile, ...]:
        """Return accuracy, gain over the baseline, calibration and counts."""
        return class_tiles(run, texts)

    def sections(self, page: PageData, run: RunData) -> dict[str, Callable[[Texts], Section]]:
        """Return what there is to say of classes, probabilities, answers and examples."""
        return {
            "classes": partial(classes_section, run),
            "confusions": partial(confusion_section, run),
            "calibration": partial(calibration_section, run),
            **({"guard": partial(policy_section, run)} if run.metrics.get("guard") else {}),
            "pictures": partial(gallery_section, page, run),
        }


def list_mistakes(dataset: Dataset, scored: Sample, probabilities: Floats) -> list[Mistake]:
    """Return the wrong answers; an example is opened when it is drawn."""
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    found = []
    for row in np.flatnonzero(predicted != scored.labels):
        example = dataset.examples[scored.positions[row]]
        found.append(
            Mistake(
                example=partial(render_of(dataset.modality).draw, example.source),
                true=example.label or "",
                predicted=dataset.classes[predicted[row]],
                probability=float(confidence[row]),
                name=example.name,
            )
        )
    return found
