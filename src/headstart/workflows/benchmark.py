"""The forms of a model beside each other: how large, how fast, how much memory.

``python -m headstart.workflows.benchmark`` is the process that measures one form: it reads a job as JSON from its
standard input and writes the figures, as JSON, to its standard output.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headstart.data.readers.base import Reader, reader_of
from headstart.errors import ExportError, HeadstartError
from headstart.export.end_to_end_graph import raw_input
from headstart.export.exporting import examples_at_hand
from headstart.export.formats import ExportFormat, Source, require_form
from headstart.export.graph_parts import RawInput
from headstart.export.parity_data import ParityData
from headstart.export.predictors import open_onnx_batch
from headstart.modalities.base import load_modality
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.runtime.machine import available_cores
from headstart.saving.bundle import require_whole
from headstart.saving.manifest import check_files, find_model, read_manifest
from headstart.studies.benchmark_report import BenchmarkReport, MeasuredForm
from headstart.studies.flops import graph_operations
from headstart.studies.format_timing import BATCHES, FormatTiming, Opened, measure_form
from headstart.workflows.embed import Data
from headstart.workflows.model import load

LIBRARY = "library"
FORMS = {
    "onnx": ExportFormat(),
    "onnx-half": ExportFormat(precision="fp16"),
    "onnx-int8": ExportFormat(precision="int8"),
    "openvino": ExportFormat("openvino"),
    "openvino-half": ExportFormat("openvino", "fp16"),
    "openvino-int8": ExportFormat("openvino", "int8"),
    "torch": ExportFormat("torch"),
}


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What is to be measured: forms by name (none: those that are in the model's folder), for how long, how."""

    forms: tuple[str, ...] = ()
    seconds: float = 2.0
    threads: int = 0  # as many as there are cores
    data: Data = None  # training examples for an int8 form that is not there yet


def run_benchmark(folder: Path, wanted: BenchmarkRequest, context: RunContext) -> BenchmarkReport:
    """Measure the forms of a saved model, each in a process of its own, the library first.

    Forms that are asked for and not there are made for the occasion, and not kept.

    Raises
    ------
    ExportError
        When a form has an unknown name or cannot be made.
    ModelFileError
        When there is no model, or one of its files has changed.
    """
    unknown = [name for name in wanted.forms if name not in (LIBRARY, *FORMS)]
    if unknown:
        raise ExportError("workflows.unknown_form", name=unknown[0], names=(LIBRARY, *FORMS))
    home = find_model(folder)
    require_whole(home, read_manifest(home))
    if getattr(load_modality(read_manifest(home)["modality"]), "graph", None) is None:
        raise ExportError("workflows.nothing_to_measure")
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    threads = wanted.threads or available_cores()
    same: dict[str, Any] = {
        "modality": str(read_manifest(home)["modality"]),
        "threads": threads,
        "seconds": wanted.seconds,
    }
    measured, notices = [], []
    with TemporaryDirectory(prefix="headstart-") as scratch:
        files = _files(home, wanted, Path(scratch), context)
        for number, (name, file) in enumerate(files.items()):
            context.progress("Measuring forms", number, len(files), name)
            job = {"form": name, "file": str(file), "home": str(home), **same}
            try:
                measured.append(_measured(name, file, home, _in_a_process(job)))
            except ExportError as error:
                notices.append(Finding("workflows.form_failed", {"name": name, "error": error}))
        context.progress("Measuring forms", len(files), len(files))
    if not measured:
        raise ExportError("workflows.no_form_measured", reasons=notices)
    answers = "classes" if read_manifest(home)["classes"] else "numbers"
    sample = raw_input(same["modality"]).SAMPLE
    return BenchmarkReport(tuple(measured), _operations(home), threads, busy, tuple(notices), answers, sample)


def _files(home: Path, wanted: BenchmarkRequest, scratch: Path, context: RunContext) -> dict[str, Path]:
    """Find the file of each form, or make it; the library comes first, then the forms in the usual order."""
    manifest = read_manifest(home)
    here = {name for name, form in FORMS.items() if form.file in manifest["files"] and name != "torch"}
    if {"model.safetensors", "config.json"} <= set(manifest["files"]) and "torch" in wanted.forms:
        here.add("torch")
    files = {LIBRARY: home}
    for name, form in FORMS.items():
        if name not in (wanted.forms or here):
            continue
        if name in here:
            check_files(
                home, manifest, [one for one in (form.file, *form.companions(form.file)) if one in manifest["files"]]
            )
            files[name] = home / form.file
        else:
            files[name] = _made(home, form, scratch / name, wanted, context)
    return files


def _made(home: Path, form: ExportFormat, folder: Path, wanted: BenchmarkRequest, context: RunContext) -> Path:
    folder.mkdir()
    model = load(home)
    require_form(form, model.saved, model.files)
    pool = ParityData.empty()
    if form.precision == "int8":
        pool = examples_at_hand(model.saved, home, wanted.data, context.progress)
    source = Source(model.saved, model.encoder, model.files, pool)
    form.exporter.write(folder / form.file, form, source, context.progress)
    return folder / form.file


def _measured(name: str, file: Path, home: Path, found: dict[str, Any]) -> MeasuredForm:
    throughput = {int(size): rate for size, rate in found.pop("throughput").items()}
    figures = FormatTiming(throughput=throughput, **found)
    if name == LIBRARY:
        parts = [home / one for one in ("encoder.onnx", "encoder.safetensors", "head.safetensors", "manifest.json")]
        precision = str(read_manifest(home)["encoder"]["precision"])
    else:
        parts = [file, *(file.with_name(one) for one in FORMS[name].companions(file.name))]
        precision = FORMS[name].precision
    size = sum(path.stat().st_size for path in parts if path.is_file())
    return MeasuredForm(name, str(file), precision, size, figures)


def _operations(home: Path) -> int:
    graph = home / "encoder.onnx"
    if not graph.is_file() or read_manifest(home)["encoder"]["precision"] != "fp32":
        return 0
    return graph_operations(graph)


def _in_a_process(job: dict[str, Any]) -> dict[str, Any]:
    threads = str(job["threads"])
    limits = {name: threads for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    answer = subprocess.run(
        [sys.executable, "-m", "headstart.workflows.benchmark"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **limits},
    )
    if answer.returncode:
        last = answer.stderr.strip().splitlines()[-1:] or [f"exit {answer.returncode}"]
        raise ExportError("workflows.not_measured", error=last[0][:300])
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def _open(job: dict[str, Any], reader: Reader, raw: RawInput) -> Opened:
    """Open a form for one example and for several; those that take no batch are asked one by one."""
    form, file, threads = job["form"], Path(job["file"]), job["threads"]
    if form == LIBRARY:
        model = load(file)
        return Opened(model.predict_proba, model.predict_proba)
    # Where a graph does not prepare examples itself, the encoder does: its network stays closed.
    encoder: Any = None if raw.ONE else load(job["home"]).encoder
    ask = FORMS[form].exporter.open(file, threads)
    if FORMS[form].to == "onnx":
        ask_several = open_onnx_batch(file, threads)
        return Opened(
            lambda example: ask(raw.take(example, encoder)), lambda batch: ask_several(raw.take_several(batch, encoder))
        )
    return Opened(
        lambda example: ask(raw.take(example, encoder)),
        lambda batch: [ask(raw.take(reader.open_example(one), encoder)) for one in batch],
    )


def main(text: str) -> Sequence[str]:
    """Do a job: measure a form, and give the figures as lines to print."""
    job = json.loads(text)
    if hasattr(os, "sched_setaffinity"):  # so that the library keeps to the threads as well
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job["threads"]])
    reader, raw = reader_of(job["modality"]), raw_input(job["modality"])
    examples = raw.samples(max(BATCHES))
    opener = partial(_open, job, reader, raw)
    return [json.dumps(measure_form(opener, reader.open_example(examples[0]), examples, job["seconds"]).to_json())]


if __name__ == "__main__":
    try:
        sys.stdout.write("\n".join(main(sys.stdin.read())) + "\n")
    except HeadstartError as problem:
        sys.exit(str(problem))
