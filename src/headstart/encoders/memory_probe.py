"""How much memory an encoder needs at work, measured in a process of its own, where nothing else is in the way."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from headstart.encoders.onnx_engine import open_session
from headstart.encoders.spec import EncoderFiles, Preprocessing

BATCH = 8  # examples at a time, as when features are computed on a processor


def megabytes_at_work(files: EncoderFiles, preprocessing: Preprocessing) -> float | None:
    """Measure what encoding batches of eight adds to the memory of a process that has ONNX Runtime loaded already.

    None where there is no graph, or where the system does not tell a process its peak.
    """
    if files.graph is None or not Path("/proc/self/status").exists():
        return None
    shape = map(str, preprocessing.shape)
    command = [sys.executable, "-m", "headstart.encoders.memory_probe", str(files.graph), *shape]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(answer.stdout) if answer.returncode == 0 else None


def peak_megabytes(status: str, name: str = "VmHWM") -> float:
    r"""Read a size from ``/proc/self/status``.

    Examples
    --------
    >>> peak_megabytes("Name: python\nVmHWM:     2500 kB\n")
    2.56
    """
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / 1e6


def _measure(graph: str, *shape: int) -> float:
    import onnxruntime  # noqa: F401 - it stays out of the difference

    status = Path("/proc/self/status")
    before = peak_megabytes(status.read_text(), "VmRSS")
    session = open_session(Path(graph), threads=1)
    batch = np.zeros((BATCH, *shape), dtype=np.float32)
    for _ in range(2):
        session.run(None, {session.get_inputs()[0].name: batch})
    return peak_megabytes(status.read_text()) - before


if __name__ == "__main__":
    sys.stdout.write(f"{_measure(sys.argv[1], *map(int, sys.argv[2:])):.1f}\n")
