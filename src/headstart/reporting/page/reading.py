"""A folder becomes the data of a page; only plain files are read, so that any machine can do it at any time."""

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.errors import DataError
from headstart.reporting.page.gallery import read_gallery
from headstart.reporting.page.values import Answer, DataCounts, Json, PageData, RunData
from headstart.reporting.sections.base import TaskReport
from headstart.runtime.findings import Finding
from headstart.settings.recipe_file import flatten
from headstart.tasks.base import load_task

METRICS = "metrics.json"
STUDIES = ("compare", "rank", "check", "search")


def read_page(folder: Path) -> PageData:
    """Read everything that a page can show from a run folder, or from a folder with studies alone.

    Raises
    ------
    DataError
        When there is nothing to show, or a file is not what its name says.
    """
    studies = {kind: _read_json(folder / f"{kind}.json") for kind in STUDIES}
    run = _read_run(folder) if (folder / METRICS).is_file() else None
    if run is None and not any(studies.values()):
        names = [METRICS, *(f"{kind}.json" for kind in STUDIES)]
        code = "holds_none" if folder.is_dir() else "no_folder" if folder.exists() else "no_such_folder"
        raise DataError(
            "reporting.nothing_to_report", folder=folder, reason=Finding(f"reporting.{code}", {"names": names})
        )
    return PageData(folder.resolve().name, run, **studies, previews=read_gallery(folder))


def _read_run(folder: Path) -> RunData:
    recipe_text = _read_text(folder / "recipe.toml")
    run = RunData(
        metrics=_read_json(folder / METRICS) or {},
        environment=_read_json(folder / "environment.json") or {},
        recipe=flatten(_parsed(folder / "recipe.toml", recipe_text, tomllib.loads)),
        recipe_text=recipe_text,
        answers=(),
        counts=_count_data(folder / "data.csv"),
        history=tuple(_read_history(folder / "history.csv")),
    )
    report: TaskReport = load_task(run.task).report()
    return replace(run, answers=tuple(_read_answers(folder / "predictions.csv")) if report.has_gallery else ())


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _read_json(path: Path) -> Json | None:
    text = _read_text(path)
    return _parsed(path, text, json.loads) if text else None


def _parsed(path: Path, text: str, parse: Callable[[str], Any]) -> Json:
    try:
        value = parse(text)
    except ValueError as error:  # of json and of tomllib alike
        raise _unreadable(path, error) from error
    if not isinstance(value, dict):
        raise _unreadable(path, Finding("reporting.no_object"))
    return value


def _unreadable(path: Path, reason: object) -> DataError:
    return DataError("reporting.not_read", path=path, reason=reason)


def _rows(path: Path) -> Iterator[list[str]]:
    """Read the rows of a CSV file below its header; none when there is no such file."""
    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            next(reader, None)
            yield from reader
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error


def _read_answers(path: Path) -> Iterator[Answer]:
    for row in _rows(path):
        try:
            name, label, predicted, probability = row[:4]
            yield Answer(name, label, predicted, float(probability))
        except ValueError as error:
            raise _unreadable(path, Finding("reporting.row_cut", {"error": error})) from error


def _count_data(path: Path) -> DataCounts:
    fitted: Counter[str] = Counter()
    parts: Counter[tuple[str, str]] = Counter()
    groups = set()
    for row in _rows(path):
        if len(row) < 6:
            raise _unreadable(path, Finding("reporting.row_cells", {"cells": len(row)}))
        _, _, label, split, group, part = row[:6]
        parts[split, part] += 1
        if part.startswith("fit"):
            fitted[label] += 1
        if group:
            groups.add(group)
    return DataCounts(dict(fitted), dict(parts), len(groups))


def _read_history(path: Path) -> Iterator[dict[str, float | None]]:
    names = _read_text(path).partition("\n")[0].split(",")
    for row in _rows(path):
        try:
            yield {name: float(cell) if cell else None for name, cell in zip(names, row, strict=True)}
        except ValueError as error:
            raise _unreadable(path, error) from error
