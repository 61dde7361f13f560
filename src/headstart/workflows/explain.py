"""Explaining what a model says: ``headstart explain``, as a row of named stages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from PIL import Image

from headstart.data.example import Example
from headstart.data.inspection import inspect_dataset
from headstart.data.labels import split_to_score, with_target
from headstart.data.readers.image import open_example
from headstart.data.sources import list_examples, read_dataset
from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.errors import DataError, ExampleError
from headstart.explain.base import explainers_of
from headstart.explain.class_average import Labelled, gather
from headstart.explain.explaining import ExplanationRequest, explain_example, look
from headstart.explain.methods import compute_attribution
from headstart.reporting.class_average_report import AverageReport, draw_averages
from headstart.reporting.explanation_figure import FigureSheet
from headstart.reporting.explanation_report import Explained, ExplainReport
from headstart.reporting.fonts import FontBook, font_folders
from headstart.reporting.run_files import output_folder
from headstart.reporting.runs import safe_name
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.workflows.embed import Data
from headstart.workflows.model import Model, subject_of


def explain_files(
    model: Model,
    inputs: Any,  # noqa: ANN401 - as Model.predict
    wish: ExplanationRequest,
    context: RunContext,
    *,
    out: Path | None = None,
) -> ExplainReport:
    """Explain pictures, and draw a sheet and an overlay of each into ``out``, or a new ``runs/explain-N``.

    Raises
    ------
    ExampleError
        When none of the pictures can be read.
    OutputError
        When the folder is not free.
    """
    explainers_of(model.encoder.spec.modality)
    examples = list_examples(inputs, model.encoder.spec.modality)
    subject = subject_of(model)
    failures: dict[str, Finding] = {}
    files: list[Explained] = []
    with output_folder(out, "explain") as folder:
        desk = FigureSheet(folder, (Path(), context.cache_folder), FontBook(font_folders()))
        for number, example in enumerate(examples):
            picture = _open(example, failures)
            if picture is not None:
                explanation = explain_example(subject, picture, example.name, wish)
                files.append(desk.draw(explanation, picture, f"{number + 1:03}-{safe_name(Path(example.name).stem)}"))
            context.progress("explaining", number + 1, len(examples))
        if not files:
            first = f"'{examples[0].name}': {failures[examples[0].name]}"
            raise ExampleError("data.none_readable", reason=first)
    return ExplainReport(folder, tuple(files), failures, tuple(desk.notices))


def average_files(
    model: Model, data: Data, wish: ExplanationRequest, context: RunContext, *, out: Path | None = None
) -> AverageReport:
    """Average the heat of each class over labelled pictures, each explained for its own class; draw it into ``out``.

    Raises
    ------
    DataError
        For classes the model does not know, or without any picture that can be read.
    OutputError
        When the folder is not free.
    """
    explainers_of(model.encoder.spec.modality)
    checked = inspect_dataset(read_dataset(data), progress=context.progress)
    dataset = with_target(checked.dataset, model.saved.target)
    split = split_to_score(dataset, checked.usable)
    subject, labels = subject_of(model), dataset.labels
    failures = {dataset.examples[index].name: reason for index, reason in checked.unreadable.items()}
    methods: set[str] = set()

    def walk() -> Iterator[Labelled]:
        for number, position in enumerate(split.positions.tolist()):
            picture = _open(dataset.examples[position], failures)
            if picture is not None:
                seen = look(subject, picture)
                heat = compute_attribution(subject, seen, int(labels[position]), wish.method)
                methods.add(heat.method)
                yield int(labels[position]), heat.grid, seen.pixels
            context.progress("explaining", number + 1, len(split.positions))

    with output_folder(out, "explain") as folder:
        found = gather(walk(), model.classes)
        if not found:
            raise DataError("workflows.nothing_speaks")
        path = folder / "average.png"
        preprocessing = cast(ImagePreprocessing, subject.encoder.spec.preprocessing)
        notices = draw_averages(found, preprocessing, path, FontBook(font_folders()))
    return AverageReport(methods.pop(), split.rule, found, path, failures, notices)


def read_wish(
    method: str, target: str | None, neighbours: int, *, checks: bool, fill: str, seed: int | None
) -> ExplanationRequest:
    """Read what is wanted from a command line; raises RecipeError for what does not exist."""
    return ExplanationRequest(method, target, neighbours, checks=checks, fill=fill, seed=seed or 0)


def _open(example: Example, failures: dict[str, Finding]) -> Image.Image | None:
    try:
        return open_example(example.source, example.name)
    except ExampleError as error:
        failures[example.name] = error.why
        return None
