"""The files of a run, apart from the model: recipe, environment, tables, examples, log."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from glob import escape as glob_escape
from pathlib import Path
from tempfile import TemporaryDirectory

from headstart.arrays import Floats
from headstart.errors import OutputError
from headstart.finetuning.ranks import process_number
from headstart.probing.rows import Sample
from headstart.reporting.report import RunReport
from headstart.reporting.runs import RunLog, given_folder, new_run_folder, safe_name
from headstart.reporting.sections.base import task_report
from headstart.reporting.tables import Part, write_data_table
from headstart.runtime.files import write_json, write_text

TRAINING = "training"  # checkpoints lie here


@contextmanager
def output_folder(given: Path | None, name: str, *, resume: bool = False) -> Iterator[Path]:
    """Create the folder of a run: the given one, or a new ``runs/NAME-N``.

    When the run fails it is as it was before, unless there is a checkpoint in it to go on from. With ``resume`` the
    folder of an interrupted run is taken: the given one, or the newest of this name. Processes other than the first
    work in a folder that vanishes.

    Raises
    ------
    OutputError
        When the folder is not free, cannot be made, or holds a run that was finished.
    """
    found = unfinished_run(given, name) if resume else None
    if process_number() > 0:
        with TemporaryDirectory(prefix="headstart-") as aside:
            if found is not None:
                shutil.copytree(found / TRAINING, Path(aside, TRAINING))
            yield Path(aside)
        return
    was_there = given is not None and given.is_dir()
    if found is not None:
        folder = found
    else:
        folder = given_folder(given) if given is not None else new_run_folder(Path("runs"), name)
    try:
        yield folder
    except BaseException:
        if any(folder.glob(f"{TRAINING}/*.safetensors")):
            raise  # there is something to go on from
        shutil.rmtree(folder, ignore_errors=True)
        if was_there:
            folder.mkdir(exist_ok=True)
        raise


def unfinished_run(given: Path | None, name: str) -> Path | None:
    """Find the run to go on with: one that has checkpoints and no scores; None when there is none.

    Raises
    ------
    OutputError
        When the given run was finished.
    """
    if given is not None:
        if (given / "metrics.json").is_file():
            raise OutputError("reporting.finished", folder=given)
        return given if (given / TRAINING).is_dir() else None
    runs = [
        folder
        for folder in Path("runs").glob(f"{glob_escape(safe_name(name))}-*")
        if (folder / TRAINING).is_dir() and not (folder / "metrics.json").is_file()
    ]
    return max(runs, key=lambda folder: (folder / TRAINING).stat().st_mtime, default=None)


def write_tables(report: RunReport, scored: Sample, outputs: Floats) -> None:
    """Write everything that programs read; ``outputs`` are those of the examples in ``scored``."""
    folder, dataset = report.folder, report.plan.dataset
    write_text(folder / "recipe.toml", report.plan.recipe.to_toml())
    write_json(folder / "metrics.json", report.to_json())
    write_data_table(folder / "data.csv", dataset, report.plan.inspection.keys, _parts(report))
    task_report(dataset.target).write_tables(folder, report.board.evaluation, dataset, scored, outputs)


def write_log(path: Path, now: datetime, lines: Iterable[str]) -> None:
    """Write what was said to the user."""
    RunLog(path, lambda: now).write(lines)


def _parts(report: RunReport) -> list[Part]:
    parts: list[Part] = ["left out"] * len(report.plan.dataset)
    for position in report.plan.parts.fit:
        parts[position] = "fit"
    for position in report.plan.parts.score:
        parts[position] = "fit and score" if report.plan.recipe.split.folds else "score"
    for position in report.extraction.failures:
        parts[position] = "left out"
    return parts
