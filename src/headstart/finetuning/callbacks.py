"""Who looks on while weights move: TensorBoard, and PyTorch's profiler."""

import csv
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity

from headstart.errors import MissingExtraError
from headstart.finetuning.history import Epoch
from headstart.runtime.findings import Finding

DEAREST = 10
WARM_UP, PROFILED = 2, 6  # steps
NOT_AN_OPERATION = "ProfilerStep"  # the profiler's own mark around each step


class Callback:
    """Told of every step and every epoch; this one takes no note."""

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Record a step, counted from 1."""

    def epoch(self, epoch: Epoch) -> None:
        """Record an epoch."""

    def close(self) -> None:
        """Write what is not written yet."""


class TensorBoardCallback(Callback):
    """Writes event files into ``folder/tensorboard``; a resumed training goes on with its own step numbers.

    Raises
    ------
    MissingExtraError
        When tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        if find_spec("tensorboard") is None:
            raise MissingExtraError("tensorboard", "tensorboard", "finetuning.to_write_tensorboard")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries that tensorboard imports
            from torch.utils.tensorboard import SummaryWriter
        self._writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a step."""
        for name, value in values.items():
            self._writer.add_scalar(f"step/{name}", value, step)

    def epoch(self, epoch: Epoch) -> None:
        """Write the values of an epoch, at the number of its last step."""
        for name, value in epoch.to_json().items():
            if value is not None and name not in ("epoch", "steps"):
                self._writer.add_scalar(f"epoch/{name}", value, epoch.steps)

    def close(self) -> None:
        """Write what is not written yet."""
        self._writer.close()


@dataclass(slots=True)
class Profile:
    """A profile under way: ``step`` is called after each step; ``lines`` are there at the end."""

    profiler: Any
    lines: list[Finding] = field(default_factory=list)

    def step(self) -> None:
        """Record that a step is over."""
        self.profiler.step()


@contextmanager
def profile(folder: Path) -> Iterator[Profile]:
    """Profile some steps of the block; write a trace for Chrome or Perfetto, and a table of the dearest operations.

    ``folder/profile/trace.json`` and ``folder/profile/operations.csv``; the time is that of an operation itself,
    without those it calls.
    """
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if torch.cuda.is_available() else [])]
    target = folder / "profile"
    target.mkdir(parents=True, exist_ok=True)
    found = Profile(None)
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # or the profiler prints its stages, and that there is no GPU

    def finish(profiler: Any) -> None:  # noqa: ANN401 - a torch profiler
        profiler.export_chrome_trace(str(target / "trace.json"))
        found.lines[:] = _write_operations(profiler, target / "operations.csv")

    schedule = torch.profiler.schedule(wait=0, warmup=WARM_UP, active=PROFILED, repeat=1)
    with torch.profiler.profile(activities=activities, schedule=schedule, on_trace_ready=finish) as profiler:
        found.profiler = profiler
        yield found
    if not found.lines:
        found.lines.append(Finding("finetuning.nothing_profiled", {"steps": WARM_UP}))


def _write_operations(profiler: Any, path: Path) -> list[Finding]:  # noqa: ANN401 - a torch profiler
    averages = [row for row in profiler.key_averages() if not row.key.startswith(NOT_AN_OPERATION)]
    rows = sorted(averages, key=lambda row: row.self_cpu_time_total, reverse=True)[:DEAREST]
    total = sum(row.self_cpu_time_total for row in averages) or 1.0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("operation", "calls", "self_cpu_ms", "share"))
        for row in rows:
            share = row.self_cpu_time_total / total
            writer.writerow((row.key, row.count, round(row.self_cpu_time_total / 1000, 3), round(share, 4)))
    shown = [(row.self_cpu_time_total / total, row.key, row.count) for row in rows]
    return [
        Finding("finetuning.dearest", {"operations": len(rows), "steps": PROFILED}),
        *(Finding("finetuning.operation", {"share": share, "name": name, "calls": n}) for share, name, n in shown),
    ]
