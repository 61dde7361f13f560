"""A model leaves as a file of another form, and only after it has proven that it answers as the model does."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headstart.encoders.spec import Encoder, EncoderFiles
from headstart.errors import MODALITY, ExportError, OutputError
from headstart.export.end_to_end_graph import raw_input
from headstart.export.formats import ExportFormat, Source, require_form
from headstart.export.parity_check import GateName, ParityReport, faults, gate_name, gate_rule
from headstart.export.parity_data import ParityData, examples_of, examples_of_run
from headstart.export.predictors import predict_files
from headstart.features.access import read_features
from headstart.modalities.base import DEFAULT
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.context import RunContext
from headstart.runtime.files import write_errors, write_json
from headstart.runtime.findings import Finding, sentences
from headstart.runtime.hashing import sha256_of_file
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import Progress
from headstart.saving.manifest import check_files, read_manifest, record_export
from headstart.saving.values import SavedModel
from headstart.tasks.base import load_task


@dataclass(frozen=True, slots=True)
class Exportable:
    """The model to export; ``folder`` is where it lies, or None for one that was not saved."""

    encoder: Encoder
    model: SavedModel
    files: EncoderFiles
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class ExportReport:
    """An exported form and its proof.

    Attributes
    ----------
    file, form, size
        What was written: the file that is opened, what it is, and how many bytes all its files have.
    proof, source
        What both roads said, and about which examples.
    faults
        What kept it from passing its gate; it is there all the same because that was forced.
    seconds
        How long it took.
    modality
        Of the examples.
    """

    file: Path
    form: ExportFormat
    size: int
    proof: ParityReport
    source: Finding
    faults: tuple[Finding, ...]
    seconds: float
    modality: str = DEFAULT

    def record(self) -> dict[str, Any]:
        """Return what the manifest keeps: plain data without paths."""
        gate = gate_name(self.form.precision, self.proof)
        return {
            "file": self.file.name,
            "to": self.form.to,
            "precision": self.form.precision,
            "batched": self.form.batched,
            "bytes": self.size,
            "pictures": self.proof.examples,
            "agreement": self.proof.agreement,
            "max_difference": self.proof.max_difference,
            "mean_difference": self.proof.mean_difference,
            "accuracies": self.proof.to_json()["accuracies"],
            "source": str(self.source),
            "gate": {
                "name": gate,
                "rule": str(gate_rule(gate)),
                "passed": not self.faults,
                "forced": bool(self.faults),
                "faults": sentences(self.faults),
            },
        }

    def to_json(self) -> dict[str, Any]:
        """Return the same with the file's path and the seconds it took."""
        return {**self.record(), "file": str(self.file), "seconds": round(self.seconds, 3)}

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        values = {"rule": gate_rule(gate_name(self.form.precision, self.proof)), "faults": self.faults}
        written = {"form": self.form.title(self.proof.answers), "size": self.size / 1e6, "file": self.file}
        return [
            texts.say("export.pictures", {"source": self.source}),
            *self.proof.lines(texts),
            texts.say("export.gate_failed" if self.faults else "export.gate_passed", values),
            *([texts.say("export.forced")] if self.faults else []),
            texts.say("export.written", written),
        ]


def export_model(
    subject: Exportable,
    form: ExportFormat,
    context: RunContext,
    *,
    out: Path | None = None,
    data: Any = None,  # noqa: ANN401 - what read_dataset takes
    force: bool = False,
) -> ExportReport:
    """Write a model in another form, prove it on example files, and keep it if it passes.

    Parameters
    ----------
    subject, form
        What is written, and how.
    out
        The new file or folder; None puts it into the model's own folder, in place of an earlier one.
    data
        Labelled examples for the proof; None takes those that the run around the model set apart.
    force
        Keep it although it does not pass its gate; the record says so.

    Raises
    ------
    ExportError
        When the form cannot be made, there are no examples, or it does not pass its gate.
    OutputError
        When ``out`` is not free or cannot be written.
    MissingExtraError
        When a package that the form needs is not installed.
    """
    clock = time.perf_counter()
    MODALITY.set(subject.model.spec.modality)
    require_form(form, subject.model, subject.files)
    if form.batched and not raw_input(subject.model.spec.modality).ONE:
        raise ExportError("export.always_batched")
    target = _target(subject, form, out)
    pool = examples_at_hand(subject.model, subject.folder, data, context.progress)
    with _beside(target.parent) as partial:
        main = partial / target.name
        if not _reuse_saved(subject, form, out, main):
            source = Source(subject.model, subject.encoder, subject.files, pool)
            form.exporter.write(main, form, source, context.progress)
        held_out = pool.held_out()
        proof = _check_parity(subject, form, main, held_out, context)
        found = tuple(faults(proof, gate_name(form.precision, proof)))
        if found and not force:
            raise _refusal(found, gate_name(form.precision, proof), held_out.source)
        written = sorted(path.relative_to(partial) for path in partial.rglob("*") if path.is_file())
        size = sum((partial / name).stat().st_size for name in written)
        _move(partial, target.parent)
    seconds, modality = time.perf_counter() - clock, subject.model.spec.modality
    report = ExportReport(target, form, size, proof, held_out.source, found, seconds, modality)
    _record_proof(subject, report, [target.parent / name for name in written], inside=out is None)
    return report


def _refusal(found: Sequence[Finding], gate: GateName, source: Finding) -> ExportError:
    # Too few examples are no sign that it answers otherwise: they leave open whether it does.
    code = "export.refused_accuracy" if gate == "accuracy" else "export.refused"
    return ExportError(code, source=source, found=found, gate=gate_rule(gate))


def _target(subject: Exportable, form: ExportFormat, out: Path | None) -> Path:
    """Name the file that will be opened; what the user names must be free."""
    if out is None:
        if subject.folder is None:
            raise OutputError("export.no_place")
        return subject.folder / form.file
    target = out if out.suffix == Path(form.file).suffix and not out.is_dir() else out / form.file
    for path in (target, *(target.with_name(name) for name in form.companions(target.name))):
        if path.exists():
            raise OutputError("export.there_already", path=path)
    return target


def examples_at_hand(model: SavedModel, folder: Path | None, data: Any, progress: Progress) -> ParityData:  # noqa: ANN401
    """Gather the examples of ``data``, or, when that is None, those of the run around the model's folder."""
    if data is not None:
        return examples_of(data, model, progress)
    if folder is None:
        raise ExportError("export.not_saved")
    return examples_of_run(folder, model, progress)


def _reuse_saved(subject: Exportable, form: ExportFormat, out: Path | None, main: Path) -> bool:
    """Prove the very file that was saved with the model, if there is one; raises ModelFileError when it has changed."""
    if subject.folder is None or out is not None:
        return False
    manifest = read_manifest(subject.folder)
    if not form.is_saved or form.file not in manifest["files"] or not (subject.folder / form.file).is_file():
        return False
    check_files(subject.folder, manifest, [form.file])
    shutil.copyfile(subject.folder / form.file, main)
    return True


def _check_parity(
    subject: Exportable, form: ExportFormat, main: Path, pool: ParityData, context: RunContext
) -> ParityReport:
    modality, ask = subject.encoder.spec.modality, form.exporter.open(main, 1)
    raw = raw_input(modality)
    said = predict_files(
        lambda opened: ask(raw.take(opened, subject.encoder)),
        pool.dataset(modality),
        available_cores(),
        context.progress,
    )
    library = _predict_with_library(subject, pool.take(said.rows), context)
    labels, check_parity = pool.known_labels, load_task(subject.model.target.task).check_parity
    proof: ParityReport = check_parity(library, said.outputs, None if labels is None else labels[said.rows])
    return proof


def _predict_with_library(subject: Exportable, pool: ParityData, context: RunContext) -> Any:  # noqa: ANN401 - an array (N, C)
    """Ask the library about the same files: nothing that it computed before is used."""
    fresh = replace(context, keep_features=False)
    found = read_features(pool.examples, pool.keys, (subject.encoder,), fresh)
    return subject.model.predictor.outputs(found.features[0].matrix)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Yield a folder in the place where the files will lie; what is left in it at the end is removed."""
    with write_errors("export.not_written", folder=folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".export.", ignore_cleanup_errors=True) as partial:
            yield Path(partial)


def _move(partial: Path, folder: Path) -> None:
    for path in sorted(partial.iterdir()):
        os.replace(path, folder / path.name)


def _record_proof(subject: Exportable, report: ExportReport, written: list[Path], *, inside: bool) -> None:
    """Write the proof into the manifest, and beside a file that leaves the model's folder."""
    digests = {path.name: {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)} for path in written}
    record = {**report.record(), "files": digests}
    if not inside:
        write_json(report.file.with_name(f"{report.file.stem}.proof.json"), record)
    if subject.folder is not None:
        record_export(subject.folder, record, inside=inside)
