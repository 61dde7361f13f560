"""Commands as whole processes: how long they take, how much memory they need, and on what machine that was."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from headstart.runtime.machine import available_cores

# The same output everywhere, and no question to a hub: what is compared is here already.
SURROUNDINGS = {"NO_COLOR": "1", "COLUMNS": "100", "HF_HUB_OFFLINE": "1"}
# With it every process compiles what it imports anew: three times as slow as what a user sees from the second call on.
UNSET = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended well: what it printed, its time from start to end, and its peak memory."""

    output: str
    seconds: float
    megabytes: float


def run(command: Sequence[str]) -> Finished:
    """Run a command to its end; end the benchmark with the command's own words when it fails."""
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        environment = {name: text for name, text in os.environ.items() if name != UNSET} | SURROUNDINGS
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment)
        with process:
            output = process.stdout.read() if process.stdout else b""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"{errors.read()}\nThis command failed with {process.returncode}: {' '.join(command)}")
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return Finished(output.decode(), seconds, usage.ru_maxrss * bytes_per_unit / 1e6)


def headstart(*arguments: str | Path) -> list[str]:
    """Give the command that belongs to this Python."""
    command = Path(sys.executable).with_name("headstart")
    return [*([str(command)] if command.exists() else [sys.executable, "-m", "headstart"]), *map(str, arguments)]


def machine() -> str:
    """Describe in one line what the figures were made on, and how busy it was."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("headstart", "numpy", "onnxruntime"))
    system = f"{available_cores()} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{_processor()}, {system}, {packages}; load {os.getloadavg()[0]:.1f} before the start"


def middle(values: Sequence[float], digits: int) -> str:
    """Write the median, with the smallest and the largest value where there are several."""
    text = f"{statistics.median(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
