"""What is installed, what is here, and what is wrong."""

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headstart.encoders.loading import EncoderRow

ENOUGH_DISK = 2 * 1024**3  # bytes: an environment, a few encoders, features of 100,000 pictures


@dataclass(frozen=True, slots=True)
class MachineReport:
    """The machine, the environment and the cache folder as they are now.

    Attributes
    ----------
    facts
        What is there, by name.
    problems
        What is wrong or missing, one sentence each with the remedy; empty when all is well.
    """

    facts: dict[str, Any]
    problems: tuple[str, ...]

    def lines(self) -> list[str]:
        """Say the same for people."""
        packages = self.facts["packages"]
        rows = {
            "Python": f"{self.facts['python']} ({self.facts['implementation']})",
            "System": f"{self.facts['platform']}, {self.facts['cores']} cores",
            "Packages": ", ".join(f"{name} {version}" for name, version in packages.items() if version),
            "Not installed": ", ".join(name for name, version in packages.items() if not version) or "nothing",
            "Cache": f"{self.facts['cache']} ({self.facts['cache_mb']:.0f} MB, {self.facts['free_gb']:.0f} GB free)",
            "Encoders here": ", ".join(self.facts["encoders"]) or "none",
            "GPU": "an NVIDIA driver is here" if self.facts["nvidia"] else "none",
        }
        lines = [f"{name + ':':15}{value}" for name, value in rows.items()]
        return [*lines, "", *(self.problems or ("All is well.",))]

    def to_json(self) -> dict[str, Any]:
        """Give plain data."""
        return {**self.facts, "problems": list(self.problems)}


def examine_machine(cache: Path, encoders: tuple[EncoderRow, ...], facts: dict[str, Any]) -> MachineReport:
    """Look at the machine; ``facts`` are those of :func:`headstart.runtime.environment.environment`."""
    existing = next(folder for folder in (cache, *cache.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    seen = {
        **{key: value for key, value in facts.items() if key not in ("started", "command")},
        "cache": str(cache),
        "cache_mb": round(_size(cache) / 1e6, 1),
        "free_gb": round(free / 1e9, 1),
        "encoders": [row.name for row in encoders if row.here],
        "nvidia": Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None,
    }
    return MachineReport(seen, tuple(_problems(existing, free)))


def _problems(cache: Path, free: int) -> list[str]:
    problems = []
    missing = [name for name in ("torch", "torchvision", "timm", "onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        problems.append(
            f"Not installed: {', '.join(missing)}. Prediction works; a new encoder needs them:"
            ' pip install "headstart[train]"'
        )
    if free < ENOUGH_DISK:
        problems.append(f"Only {free / 1e9:.1f} GB are free at '{cache}'. Free some, or set HEADSTART_CACHE elsewhere.")
    if not (cache.is_dir() and os.access(cache, os.W_OK)):
        problems.append(
            f"Nothing can be written to the cache '{cache}': features are computed anew in every run."
            " Change its rights, or set HEADSTART_CACHE elsewhere."
        )
    return problems


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
