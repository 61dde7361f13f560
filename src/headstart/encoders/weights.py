"""Find the weights of an encoder on this machine: nothing is downloaded and no torch is loaded here.

An encoder is named in one of five ways:

* a name of the catalogue: ``efficientnet_lite0``;
* ``timm:NAME``, whose weights ``headstart encoders get timm:NAME`` has brought into the cache;
* ``hf:OWNER/NAME``, a repository of transformers that ``headstart encoders get hf:OWNER/NAME`` has brought;
* a folder in timm's layout: ``config.json`` beside ``model.safetensors`` or ``pytorch_model.bin``;
* ``ARCHITECTURE@FILE``: timm's name of the network and a file of weights, as in ``resnet50@weights.pth``.

Behind each may stand which of its stages, and which size of examples: see :mod:`headstart.encoders.variants`.
"""

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Literal

from headstart.encoders.catalogue import CatalogueEntry, load_catalogue
from headstart.encoders.variants import Variant, read_variant
from headstart.errors import DigestError, EncoderError, MissingWeightsError, UnknownNameError
from headstart.modalities.base import DEFAULT
from headstart.registry import names, nearest, resolve
from headstart.runtime.findings import Finding, did_you_mean
from headstart.runtime.hashing import sha256_of_file

Kind = Literal["package", "cache", "hub", "folder", "file"]

HUB_PREFIX, HF_PREFIX = "timm:", "hf:"
HUB_PREFIXES = {HUB_PREFIX: DEFAULT, HF_PREFIX: "text"}  # and which kind of examples their encoders read
TRANSFORMER_FILES = ("tokenizer.json", "config.json")  # beside the weights in a repository of transformers
FOLDER_FILES = ("model.safetensors", "pytorch_model.bin")
WEIGHT_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".npz")

_ARCHITECTURE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)?")


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights on this machine, and what is known about it.

    Attributes
    ----------
    name
        The name the user gave.
    path, sha256
        The file and its digest.
    architecture
        timm's name of the network, with its tag where there is one (``resnet50.a1_in1k``).
    licence, source
        Licence as stated by whoever gives the weights, and where they come from, for a person.
    kind
        How they were found.
    config
        timm's ``config.json`` of a folder, or None where timm's own configuration is taken.
    stages, size
        Of a variant: see :class:`headstart.encoders.variants.Variant`.
    others
        More files that are needed, with their digests.
    """

    name: str
    path: Path
    sha256: str
    architecture: str
    licence: str
    source: str
    kind: Kind
    config: Path | None = None
    stages: int = 0
    size: int = 0
    others: tuple[tuple[Path, str], ...] = ()


def find_weights(name: str, cache: Path) -> Weights:
    """Find the weights that ``name`` stands for, and check that the file is the right one.

    Raises
    ------
    UnknownNameError
        When ``name`` stands for nothing.
    MissingWeightsError
        When its weights are not on this machine; the message says what brings them.
    DigestError
        When the file has other bytes than it should.

    Examples
    --------
    >>> find_weights("efficientnet_lite0", Path("cache")).sha256[:8]
    '57934424'
    """
    weights = locate_weights(name, cache)
    check_digest(weights)
    return weights


def locate_weights(name: str, cache: Path) -> Weights:
    """Find the weights without reading a file whose digest is already on record; raises as :func:`find_weights`."""
    variant = Variant(name) if os.path.isdir(name) else read_variant(name)
    if variant.base != name:
        return replace(locate_weights(variant.base, cache), name=name, stages=variant.stages, size=variant.size)
    if name in names("encoders"):
        return _from_package(resolve("encoders", name), cache)
    if name.startswith(tuple(HUB_PREFIXES)):
        return _from_cached_hub(name, cache)
    if os.path.isdir(name):  # unlike pathlib it is silent about names no file system takes
        return _from_folder(name)
    architecture, at, path = name.partition("@")
    if at and _ARCHITECTURE.fullmatch(architecture):
        return _from_file(name, architecture, Path(path))
    if Path(name).suffix.lower() in WEIGHT_SUFFIXES:
        raise EncoderError("encoders.weights_without_network", name=name)
    raise unknown_name(name, DEFAULT)


def check_digest(weights: Weights) -> None:
    """Compare the file with the digest on record; raises DigestError with both when they differ."""
    files = ((weights.path, weights.sha256), *weights.others)
    digests = ((path, expected, sha256_of_file(path)) for path, expected in files)
    path, expected, got = next((one for one in digests if one[1] != one[2]), (None, "", ""))
    if path is None:
        return
    remedy = Finding("encoders.delete_and_get", {"name": weights.name})
    if weights.kind == "package":
        requirement = resolve("encoders", read_variant(weights.name).base).requirement
        remedy = Finding("encoders.install_again", {"requirement": requirement})
    raise DigestError("encoders.wrong_digest", path=path, name=weights.name, sha256=expected, got=got, remedy=remedy)


def weights_folder(name: str, cache: Path) -> Path:
    """Name the folder in the cache for the weights of a catalogue or of a hub's name."""
    return cache / "weights" / file_name(name)


def file_name(name: str) -> str:
    """Turn a name into one that every file system takes.

    Examples
    --------
    >>> file_name("timm:resnet50.a1_in1k")
    'timm-resnet50.a1_in1k'
    """
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:80]


def unknown_name(name: str, modality: str = "") -> UnknownNameError:
    """Create the error for a name that stands for nothing, with those that do for one kind of examples or any."""
    known = list(load_catalogue(modality))
    hint = did_you_mean(nearest(name, known))
    return UnknownNameError("encoders.unknown_encoder", name=name, names=known, hint=hint)


def kind_of_hub(name: str) -> str:
    """Return which kind of examples the encoders of a hub read; those of no hub read the usual kind.

    Examples
    --------
    >>> kind_of_hub("hf:intfloat/multilingual-e5-small"), kind_of_hub("resnet50.pth")
    ('text', 'image')
    """
    return HUB_PREFIXES.get(name.partition(":")[0] + ":", DEFAULT)


def recorded_name(record: Path) -> str:
    """Return the name of what was brought from a hub, by the file that says where it comes from."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(record.read_text(encoding="utf-8"))["name"])
    return HUB_PREFIX + record.parent.name.removeprefix("timm-")


def _from_package(entry: CatalogueEntry, cache: Path) -> Weights:
    digests = {entry.file: entry.sha256, **{other.file: other.sha256 for other in entry.others}}
    installed = _installed_files(entry, digests)
    folder = weights_folder(entry.name, cache)
    path, *others = installed or [folder / Path(file).name for file in digests]
    if not all(file.is_file() for file in (path, *others)):
        raise MissingWeightsError(
            "encoders.weights_in_package",
            name=entry.name,
            package=entry.package,
            size_mb=entry.size_mb,
            licence=entry.licence,
        )
    return Weights(
        name=entry.name,
        path=path,
        sha256=entry.sha256,
        architecture=entry.architecture,
        licence=entry.licence,
        source=f"package {entry.package} {entry.package_version}",
        kind="package" if installed else "cache",
        others=tuple(zip(others, list(digests.values())[1:], strict=True)),
    )


def _installed_files(entry: CatalogueEntry, files: Iterable[str]) -> list[Path]:
    """Return the files in an installed package; none where one of them is not there, or lies in parts."""
    try:
        # By its metadata, not by an import: another version may carry other weights, and an import may cost seconds.
        found = distribution(entry.package)
    except PackageNotFoundError:
        return []
    paths = [Path(str(found.locate_file(file))) for file in files]
    whole = found.version == entry.package_version and not entry.parts and all(path.is_file() for path in paths)
    return paths if whole else []


def _from_cached_hub(name: str, cache: Path) -> Weights:
    folder = weights_folder(name, cache)
    try:
        record = json.loads((folder / "origin.json").read_text(encoding="utf-8"))
        for file in (record["file"], *record.get("others", ())):
            if not (folder / file).is_file():
                raise FileNotFoundError(file)
        return Weights(
            name=name,
            path=folder / record["file"],
            sha256=record["sha256"],
            architecture=record["architecture"],
            licence=record["licence"],
            source=record["source"],
            kind="hub",
            others=tuple((folder / file, sha256) for file, sha256 in record.get("others", {}).items()),
        )
    except (FileNotFoundError, NotADirectoryError):
        raise MissingWeightsError("encoders.weights_on_hub", name=name) from None
    except (ValueError, KeyError, TypeError) as error:
        raise EncoderError("encoders.damaged_origin", name=name, file=folder / "origin.json") from error


def _from_folder(name: str) -> Weights:
    folder = Path(name)
    if not (folder / "config.json").exists() and (folder / "model" / "config.json").exists():
        folder = folder / "model"  # a run of Headstart: its model is meant
    config = read_config(folder / "config.json")
    for file in FOLDER_FILES:
        if (folder / file).is_file():
            stated = config.get("pretrained_cfg", config).get("license")
            return Weights(
                name=name,
                path=folder / file,
                sha256=digest_of_given(folder / file),
                architecture=config["architecture"],
                licence=stated or "not stated",
                source=f"folder {folder.resolve().name}",
                kind="folder",
                config=folder / "config.json",
            )
    raise MissingWeightsError("encoders.folder_without_weights", name=name, one=FOLDER_FILES[0], other=FOLDER_FILES[1])


def read_config(path: Path) -> dict[str, Any]:
    """Read timm's ``config.json``: it names the architecture; raises EncoderError when it cannot be used."""
    remedy = Finding("encoders.timm_layout")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EncoderError("encoders.not_timm_layout", folder=path.parent, remedy=remedy) from None
    except (OSError, ValueError) as error:
        raise EncoderError("encoders.file_not_readable", path=path, error=error, remedy=remedy) from error
    if not isinstance(config, dict) or not isinstance(config.get("architecture"), str):
        raise EncoderError("encoders.no_architecture", path=path, remedy=remedy)
    if not isinstance(config.get("pretrained_cfg", {}), dict):
        raise EncoderError("encoders.no_pretrained_cfg", path=path, remedy=remedy)
    return config


def read_model_type(path: Path) -> str:
    """Read which kind of network a ``config.json`` of transformers describes; raises EncoderError."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError("encoders.damaged_config", path=path, error=repr(error)[:200]) from error


def _from_file(name: str, architecture: str, path: Path) -> Weights:
    if not os.path.isfile(path):
        raise MissingWeightsError("encoders.weights_missing", path=path, name=name)
    return Weights(
        name=name,
        path=path,
        sha256=digest_of_given(path),
        architecture=architecture,
        licence="not stated",
        source=f"file {path.name}",
        kind="file",
    )


def digest_of_given(path: Path) -> str:
    """Compute the digest of a file that a user named; raises EncoderError when it cannot be read."""
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise EncoderError("encoders.weights_not_readable", path=path, error=error.strerror) from error
