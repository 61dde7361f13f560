"""The examples an export is proven on: labelled ones the user names, else those that the run of the model set apart."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Booleans, Integers
from headstart.data.example import Dataset, Example, known_label
from headstart.data.inspection import inspect_dataset
from headstart.data.labels import split_to_score, with_target
from headstart.data.name_bytes import find_path
from headstart.data.run_rows import read_run_rows
from headstart.data.sources import read_labelled_or_not
from headstart.data.table_files import root_beside
from headstart.data.targets.base import Labels
from headstart.errors import DataError, ExportError
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress
from headstart.saving.values import SavedModel


@dataclass(frozen=True, slots=True)
class ParityData:
    """Examples at hand, readable as far as one can tell without decoding them.

    Attributes
    ----------
    examples, keys
        The examples and the SHA-256 of their bytes.
    labels, known
        As the target of the model reads them, shape (N, ...), and which of them are known, (N,).
    fitted
        Whether the model was fitted to each, shape (N,).
    source
        Where they come from, as the middle of a sentence.
    """

    examples: tuple[Example, ...]
    keys: tuple[bytes, ...]
    labels: Labels
    known: Booleans
    fitted: Booleans
    source: Finding

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.examples)

    @classmethod
    def empty(cls) -> "ParityData":
        """No examples, for what needs none."""
        none = np.empty(0, dtype=np.bool_)
        return cls((), (), none, none, none, Finding("export.no_pictures"))

    def take(self, rows: Integers) -> "ParityData":
        """Select these rows."""
        return replace(
            self,
            examples=tuple(self.examples[row] for row in rows),
            keys=tuple(self.keys[row] for row in rows),
            labels=self.labels[rows],
            known=self.known[rows],
            fitted=self.fitted[rows],
        )

    def dataset(self, modality: str) -> Dataset:
        """Return the same as a dataset without labels."""
        return Dataset("proof", self.examples, modality=modality)

    def held_out(self) -> "ParityData":
        """Select the examples that the model was not fitted to; all of them, without labels, where there are none."""
        if self.fitted.all():
            unknown, source = np.zeros(len(self), dtype=np.bool_), Finding("export.all_fitted", {"source": self.source})
            return replace(self, known=unknown, source=source)
        return self.take(np.flatnonzero(~self.fitted))

    def trained_on(self) -> "ParityData":
        """Select the examples that the model was fitted to."""
        return self.take(np.flatnonzero(self.fitted))

    @property
    def known_labels(self) -> Labels | None:
        """Labels, or None when one of them is not known."""
        return self.labels if self.known.all() else None


def examples_of(data: Any, model: SavedModel, progress: Progress) -> ParityData:  # noqa: ANN401 - what read_dataset takes
    """Gather the examples of ``data``: of data with parts, those to score and those the model was fitted to.

    Raises
    ------
    DataError
        When there are none, or a label that the model never saw.
    """
    dataset = read_labelled_or_not(data, model.target.task)
    if dataset.target.known(dataset.labels).any():
        dataset = with_target(dataset, model.target)
    checked = inspect_dataset(dataset, progress=progress)
    fitted = model.was_fitted(checked.keys)
    wanted = np.union1d(split_to_score(dataset, checked.usable).positions, checked.usable[fitted[checked.usable]])
    if not len(wanted):
        raise DataError("data.none_readable_of", name=dataset.name)
    labels, source = dataset.labels, Finding("export.given", {"name": dataset.name})
    whole = ParityData(dataset.examples, checked.keys, labels, dataset.target.known(labels), fitted, source)
    return whole.take(wanted)


def examples_of_run(folder: Path, model: SavedModel, progress: Progress) -> ParityData:
    """Gather the examples that the run around a model folder used: those it has kept, or that lie unchanged.

    Raises
    ------
    ExportError
        When there is no run around the model, or its examples are not where they were.
    """
    run = folder.absolute().parent
    table = run / "data.csv"
    root = root_beside(table)
    kept = read_run_rows(table, model.spec.modality) if table.is_file() else {}
    if not table.is_file() or not (root or kept):
        raise ExportError("export.no_run", folder=folder)
    csv.field_size_limit(max(csv.field_size_limit(), table.stat().st_size))  # a text may be as long as the table
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] != "left out"]
    sources = [kept.get(bytes.fromhex(row["sha256"])) or find_path(root or run, row["path"]) for row in rows]
    examples = tuple(
        Example(source, row["path"], known_label(row["label"])) for source, row in zip(sources, rows, strict=True)
    )
    dataset = Dataset(run.name, examples, target=model.target, modality=model.spec.modality)
    checked = inspect_dataset(dataset, progress=progress)
    same = np.array([key.hex() == row["sha256"] for key, row in zip(checked.keys, rows, strict=True)], dtype=np.bool_)
    if not same.any():
        raise ExportError("export.pictures_gone", run=run, root=root)
    labels, fitted = dataset.labels, model.was_fitted(checked.keys)
    whole = ParityData(examples, checked.keys, labels, model.target.known(labels), fitted, Finding("export.of_run"))
    return whole.take(np.flatnonzero(same))


def run_root(dataset: Dataset) -> str:
    """Return from where the paths in ``data.csv`` lead to the examples: what :func:`examples_of_run` needs of a run.

    Empty for examples that do not lie in a folder.

    Examples
    --------
    >>> run_root(Dataset("memory", ()))
    ''
    """
    return "" if dataset.root is None else str(Path(dataset.root).absolute())
