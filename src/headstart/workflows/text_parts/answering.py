"""Answering and scoring with a saved model whose answers are parts of a text; nothing of a fit is loaded."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.data.columns import TableOptions
from headstart.data.readers.text import of_lines, open_example
from headstart.data.sources import list_examples
from headstart.data.tables import is_table, read_cells, the_table
from headstart.errors import DataError
from headstart.reporting.tables import csv_text
from headstart.runtime.files import json_text
from headstart.settings.recipe import Recipe
from headstart.workflows.text_parts.model import PartModel
from headstart.workflows.text_parts.report import PartReport


@dataclass(frozen=True, slots=True)
class PartAnswers:
    """What a model found in texts."""

    predictions: tuple[Any, ...]

    def to_text(self, form: str) -> str:
        """Write them as ``table``, ``csv`` or ``json``; a table of CSV has a row for each part that was found."""
        if form == "json":
            return json_text([one.to_json() for one in self.predictions])
        if form == "csv":
            rows = [row for one in self.predictions for row in one.rows()]
            return csv_text([*type(self.predictions[0]).columns], rows)
        return "".join(f"{one.line()}\n" for one in self.predictions)


def read_given(  # six: what a command line names, and what is asked of it
    model: PartModel,
    paths: Sequence[str],
    texts: Sequence[str],
    lines: Callable[[], bytes],
    question: str,
    text_column: str = "",
) -> list[Any]:
    """Read what a command line names: files of the task, documents as for any model of texts, and texts.

    ``-`` stands for lines of standard input; a table may have a column ``question`` beside its texts.
    """
    parts, found = model.parts, list[Any]()
    for path in paths:
        if path == "-":
            named = [(f"-:{number}", one.text) for number, one in enumerate(of_lines(lines()), 1)]
            found += [parts.of_text(name, text, question) for name, text in named if text.strip()]
        elif parts.recognises(Path(path)):
            found += parts.read(Path(path))
        else:
            found += [parts.of_text(*given) for given in _documents(path, question, text_column, asks=parts.ends)]
    found += [parts.of_text(f"#{number}", text, question) for number, text in enumerate(texts, 1)]
    if not found:
        raise DataError("workflows.no_text_given")
    return found


def _documents(path: str, question: str, text_column: str, *, asks: bool) -> Iterator[tuple[str, str, str]]:
    """Yield name, text and question of each document of a path."""
    questions: Sequence[Any] = ()
    if asks and not question and Path(path).is_file() and is_table(Path(path)):
        cells = read_cells(Path(path), the_table(path)).columns
        questions = cells.get("question", ())
        text_column = text_column or ("context" if "context" in cells else "")
    table = TableOptions(text_column=text_column)
    for number, one in enumerate(list_examples([path], "text", table)):
        yield one.name, open_example(one.source, one.name), str(questions[number]) if len(questions) else question


def answer_parts(model: PartModel, examples: Sequence[Any]) -> PartAnswers:
    """Answer for examples of the task."""
    return PartAnswers(tuple(model.answer(examples)))


def score_parts(model: PartModel, data: str | Path, recipe: Recipe) -> PartReport:
    """Score a model on a file like the one it was fitted to."""
    clock = time.perf_counter()
    found = model.evaluate(data, seed=recipe.run.seed, resamples=recipe.uncertainty.resamples)
    method, fitted = model.record["method"], model.record["fitted"]
    return PartReport(
        model.task, None, Path(data).name, model.spec, method, fitted, found, {}, time.perf_counter() - clock
    )
