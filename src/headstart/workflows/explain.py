"""Explaining what a model says: ``headstart explain``, as a row of named stages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.data.example import Example
from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import unreadable
from headstart.data.labels import split_to_score, with_target
from headstart.data.readers.base import reader_of, text_of
from headstart.data.sources import list_examples, read_dataset
from headstart.errors import DataError, ExampleError
from headstart.explain.base import ExplanationRequest, explainers_of
from headstart.modalities.base import load_modality
from headstart.reporting.explanations.report import ExplainReport, Figure
from headstart.reporting.render.fonts import FontBook, font_folders
from headstart.reporting.run_files import output_folder
from headstart.reporting.runs import safe_name
from headstart.runtime.catalogue import texts_in
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.workflows.embed import Data
from headstart.workflows.model import Model, to_explained_model, training_places


def explain_files(
    model: Model,
    inputs: Any,  # noqa: ANN401 - as Model.predict
    wish: ExplanationRequest,
    context: RunContext,
    *,
    out: Path | None = None,
) -> ExplainReport:
    """Explain examples, and draw a sheet and an overlay of each into ``out``, or a new ``runs/explain-N``.

    Raises
    ------
    ExampleError
        When none of the examples can be read.
    OutputError
        When the folder is not free.
    """
    explainers, figures = explainers_of(model.modality, model.saved.target.task), load_modality(model.modality).figures
    examples = list_examples(inputs, model.modality)
    subject = to_explained_model(model)
    failures: dict[str, Finding] = {}
    files: list[Figure] = []
    texts = texts_in(context.language, model.modality)
    with output_folder(out, "explain") as folder:
        desk = figures(folder, training_places(model, context), FontBook(font_folders()), texts)
        for number, example in enumerate(examples):
            opened = _open(example, model.modality, failures)
            if opened is not None:
                explanation = explainers.explain_example(subject, opened, example.name, wish)
                explanation = replace(explanation, said=text_of(example.source, model.modality))
                files.append(desk.draw(explanation, opened, f"{number + 1:03}-{safe_name(Path(example.name).stem)}"))
            context.progress("explaining", number + 1, len(examples))
        if not files:
            first = examples[0].name
            raise ExampleError("data.none_readable", reason=unreadable(first, failures[first]))
    return ExplainReport(folder, tuple(files), failures, tuple(desk.notices), model.modality)


def average_files(
    model: Model, data: Data, wish: ExplanationRequest, context: RunContext, *, out: Path | None = None
) -> Any:  # noqa: ANN401 - a report, by the modality
    """Average the evidence over labelled examples, each explained for its own class, and draw it into ``out``.

    Raises
    ------
    DataError
        For classes the model does not know, or without any example that can be read.
    OutputError
        When the folder is not free.
    """
    explainers = explainers_of(model.modality, model.saved.target.task)
    checked = inspect_dataset(read_dataset(data), progress=context.progress)
    dataset = with_target(checked.dataset, model.saved.target)
    split = split_to_score(dataset, checked.usable)
    failures = {dataset.examples[index].name: reason for index, reason in checked.unreadable.items()}

    def labelled() -> Iterator[tuple[Any, int]]:
        for number, position in enumerate(split.positions.tolist()):
            opened = _open(dataset.examples[position], model.modality, failures)
            if opened is not None:
                yield opened, int(dataset.labels[position])
            context.progress("explaining", number + 1, len(split.positions))

    with output_folder(out, "explain") as folder:
        found = explainers.average_by_class(to_explained_model(model), labelled(), wish.method)
        if not found.classes:
            raise DataError("workflows.nothing_speaks")
        write_averages = load_modality(model.modality).averages
        return write_averages(found, folder, split.rule, failures, FontBook(font_folders()))


def read_wish(
    method: str, target: str | None, neighbours: int, *, checks: bool, fill: str, seed: int | None
) -> ExplanationRequest:
    """Read what is wanted from a command line; raises RecipeError for what does not exist."""
    return ExplanationRequest(method, target, neighbours, checks=checks, fill=fill, seed=seed or 0)


def _open(example: Example, modality: str, failures: dict[str, Finding]) -> Any:  # noqa: ANN401 - None where it cannot be
    try:
        return reader_of(modality).open_example(example.source, example.name)
    except ExampleError as error:
        failures[example.name] = error.why
        return None
