"""From the name of an encoder to an encoder that is ready to run, and the list of those there are."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from headstart.data.example import Example
from headstart.encoders.catalogue import CatalogueEntry, load_catalogue
from headstart.encoders.graph_cache import prepare_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import Device, LoadedEncoder
from headstart.encoders.variants import require_whole
from headstart.encoders.weights import Weights, kind_of_hub, locate_weights, recorded_name
from headstart.errors import EncoderError, MissingExtraError, MissingWeightsError
from headstart.modalities.base import DEFAULT
from headstart.registry import names, resolve
from headstart.runtime.findings import NOTE, Finding
from headstart.runtime.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class EncoderRow:
    """One line of the list of encoders; ``here`` says whether its weights are on this machine."""

    name: str
    architecture: str
    dimension: int | None
    size_mb: float
    licence: str
    source: str
    here: bool
    top1: float | None
    note: Finding | str
    modality: str = DEFAULT


def require_encoder(name: str, cache: Path, examples: Sequence[Example]) -> str:
    """Find the weights of an encoder without reading them; raises as :func:`locate_weights`."""
    _require_kind(name)
    return locate_weights(name, cache).name


def require_trainable(name: str, method: str) -> None:
    """Raise RecipeError when the weights of a part of a network are to be moved."""
    require_whole(name, method)


def list_names(cache: Path, examples: Sequence[Example]) -> tuple[str, ...]:
    """List the encoders whose weights are on this machine."""
    return tuple(row.name for row in list_encoders(cache) if row.here and row.modality == DEFAULT)


def load_encoder(  # seven parameters: see EncoderSource
    name: str,
    *,
    cache: Path,
    device: Device = "auto",
    progress: Progress = silent,
    threads: int = 1,
    examples: Sequence[Example] = (),
) -> LoadedEncoder:
    """Load a pretrained network by its name; its graph is made on the first use and kept in the cache.

    Parameters
    ----------
    name
        A name of the catalogue, ``timm:NAME``, a folder in timm's layout, or ``ARCHITECTURE@FILE``.
    cache
        Folder for weights and graphs.
    device
        ``auto`` takes a CUDA device when there is one.
    threads
        Threads within one call of ``encode``, on the CPU.
    examples
        Not looked at: the network is fitted to nothing.

    Raises
    ------
    EncoderError
        And its kinds: weights missing or damaged, no CUDA device, a network that cannot be used.
    UnknownNameError
        When ``name`` stands for nothing.
    MissingExtraError
        When torch is needed and not installed.
    """
    _require_kind(name)
    weights = locate_weights(name, cache)
    on_gpu = _wants_gpu(device)
    prepared = prepare_encoder(weights, cache, progress)
    if not on_gpu and prepared.files.graph is not None:
        return OnnxEncoder(prepared.spec, prepared.files, threads)
    if find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "encoders.to_run", name=name)
    from headstart.encoders.torch_engine import TorchEncoder  # loads torch: seconds

    spec = replace(prepared.spec, engine="torch")
    return TorchEncoder(spec, prepared.files, "cuda" if on_gpu else "cpu", prepared.notice)


def list_encoders(cache: Path) -> tuple[EncoderRow, ...]:
    """List the catalogue, then the encoders that were brought from a hub into the cache."""
    rows = [_catalogue_row(entry, cache) for entry in load_catalogue().values()]
    for record in sorted(cache.glob("weights/*-*/origin.json")):
        with suppress(MissingWeightsError):  # its file was deleted: it is neither here nor in the catalogue
            rows.append(_hub_row(locate_weights(recorded_name(record), cache)))
    return tuple(rows)


def _require_kind(name: str) -> None:
    """Raise EncoderError for an encoder of the catalogue that is for examples of another kind."""
    kind = resolve("encoders", name).modality if name in names("encoders") else kind_of_hub(name)
    if kind != DEFAULT:
        raise EncoderError("encoders.for_other_examples", name=name, names=list(load_catalogue(DEFAULT)))


def _wants_gpu(device: Device) -> bool:
    if device == "cpu":
        return False
    driver = _has_driver()
    if driver and find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return True
    if device == "cuda":
        raise EncoderError(
            "encoders.no_cuda", reason=Finding("encoders.torch_without_cuda" if driver else "encoders.no_driver")
        )
    return False


def _has_driver() -> bool:
    """Find an NVIDIA driver without loading torch, which takes seconds."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _catalogue_row(entry: CatalogueEntry, cache: Path) -> EncoderRow:
    try:
        locate_weights(entry.name, cache)
        here = True
    except MissingWeightsError:
        here = False
    return EncoderRow(
        name=entry.name,
        architecture=entry.architecture,
        dimension=entry.dimension,
        size_mb=entry.size_mb,
        licence=entry.licence,
        source=f"package {entry.package} {entry.package_version}",
        here=here,
        top1=entry.top1,
        note=entry.note,
        modality=entry.modality,
    )


def _hub_row(weights: Weights) -> EncoderRow:
    return EncoderRow(
        name=weights.name,
        architecture=weights.architecture,
        dimension=None,  # known only once the network is built
        size_mb=round(weights.path.stat().st_size / 1e6, 1),
        licence=weights.licence,
        source=weights.source,
        here=True,
        top1=None,
        note=Finding("encoders.note_hub", severity=NOTE),
        modality=kind_of_hub(weights.name),
    )
