"""Answering and scoring with a saved model whose answers are parts of a text; nothing of a fit is loaded."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.data.readers.text import of_lines, open_example
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


def read_given(
    model: PartModel, paths: Sequence[str], texts: Sequence[str], lines: Callable[[], bytes], question: str
) -> list[Any]:
    """Read what a command line names: files of the task or of text, ``-`` for lines of standard input, and texts."""
    parts, found = model.parts, list[Any]()
    for path in paths:
        if path == "-":
            named = [(f"-:{number}", one.text) for number, one in enumerate(of_lines(lines()), 1)]
            found += [parts.of_text(name, text, question) for name, text in named if text.strip()]
        elif parts.recognises(Path(path)):
            found += parts.read(Path(path))
        else:
            found.append(parts.of_text(path, open_example(path), question))
    found += [parts.of_text(f"#{number}", text, question) for number, text in enumerate(texts, 1)]
    if not found:
        raise DataError("workflows.no_text_given")
    return found


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
