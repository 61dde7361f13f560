"""``manifest.json``: what a model is, and the digests of its files; pure but for reading."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headstart.data.example import LABEL
from headstart.encoders.spec import EncoderFiles
from headstart.errors import ModelFileError
from headstart.registry import nearest
from headstart.runtime.files import json_text, write_json
from headstart.runtime.findings import Finding, did_you_mean
from headstart.runtime.hashing import sha256_of_file, sha256_of_json
from headstart.saving.values import Baseline, SavedModel
from headstart.tasks.base import load_task
from headstart.version import __version__

MANIFEST = "manifest.json"
# Raised by one when a change would make an older Headstart misread the folder.
FORMAT = 2


def manifest_of(model: SavedModel, encoder: EncoderFiles, files: Iterable[Path]) -> dict[str, Any]:
    """Describe a model and the files it was written to; the manifest carries a digest of itself.

    ``encoder`` are the files of its encoder.
    """
    head, baseline, files_of = model.head, model.baseline, load_task(model.target.task).policy_files
    policy = None if model.policy is None else files_of.policy_to_json(model.policy)
    manifest = {
        "format": FORMAT,
        "headstart": __version__,
        "task": model.target.task,
        "modality": model.spec.modality,
        "classes": list(model.target.names),  # for whoever reads the model without Headstart
        "targets": {LABEL: {"target": asdict(model.target), "fitted": dict(model.fitted_labels)}},
        "decoding": asdict(model.decoding),
        "head": {"kind": head.kind, "settings": head.settings()},
        "encoder": model.spec.to_json(),
        "encoder_config": encoder.config,
        **({"encoder_files": [*encoder.beside]} if encoder.beside else {}),
        "baseline": _baseline_json(baseline) if baseline else None,
        "training": model.training.to_json(),
        "notices": list(model.notices),
        "findings": [finding.to_json() for finding in model.findings],
        "guard": policy and policy | {"scores": model.policy_scores},
        "files": {path.name: {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)} for path in sorted(files)},
    }
    return signed(manifest)


def signed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest with the digest of itself."""
    plain = json.loads(json_text(manifest))  # as it will be read: the digest must not depend on tuples or key types
    return {**plain, "digest": sha256_of_json(plain)}


def find_model(path: Path) -> Path:
    """Find the model folder a user means: the folder itself, or the ``model`` folder of a run.

    Raises
    ------
    ModelFileError
        When there is none; the text names the nearest one.
    """
    for folder in (path, path / "model"):
        if (folder / MANIFEST).is_file():
            return folder
    if not path.exists():
        near = _nearest_neighbour(path)
        raise ModelFileError("saving.no_model", path=path, hint=did_you_mean(near, Finding("saving.check_path")))
    if not path.is_dir():
        near = next((folder for folder in (path.parent, path.parent / "model") if (folder / MANIFEST).is_file()), None)
        raise ModelFileError("saving.is_file", path=path, hint=did_you_mean(near, Finding("saving.name_one")))
    inside = [found.parent for pattern in (MANIFEST, f"model/{MANIFEST}") for found in path.glob(f"*/{pattern}")]
    newest = max(inside, key=lambda folder: (folder / MANIFEST).stat().st_mtime_ns, default=None)
    raise ModelFileError(
        "saving.no_manifest", path=path, file=MANIFEST, hint=did_you_mean(newest, Finding("saving.name_one"))
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the manifest of a model folder.

    Raises
    ------
    ModelFileError
        When it is damaged, foreign, or from a newer Headstart.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelFileError("saving.not_opened", folder=folder, path=path, error=error.strerror) from error
    except ValueError as error:
        raise ModelFileError("saving.not_json", folder=folder, path=path, error=error) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int) or "digest" not in manifest:
        raise ModelFileError("saving.foreign_manifest", folder=folder, file=MANIFEST)
    if manifest["format"] > FORMAT:
        raise ModelFileError(
            "saving.newer", folder=folder, version=manifest.get("headstart"), format=manifest["format"], known=FORMAT
        )
    if manifest.pop("digest") != sha256_of_json(manifest):
        raise ModelFileError("saving.changed", folder=folder, path=path)
    try:
        return manifest if manifest["format"] == FORMAT else _converted(manifest)
    except KeyError as error:
        raise ModelFileError("saving.does_not_fit", folder=folder, path=path, error=error) from error


def _converted(manifest: dict[str, Any]) -> dict[str, Any]:
    """Convert a manifest of format 1, which knew examples and classes alone; raises KeyError."""
    old = dict(manifest)
    target = {"target": {"names": old.pop("classes")}, "fitted": {"counts": old.pop("class_counts")}}
    for part in (old, old["baseline"]) if old["baseline"] else (old,):
        part["decoding"] = {"temperature": part.pop("temperature")}
    return {**old, "format": FORMAT, "task": "classification", "modality": "image", "targets": {LABEL: target}}


def check_files(folder: Path, manifest: dict[str, Any], names: Iterable[str]) -> None:
    """Compare files of a model with their digests.

    Raises
    ------
    ModelFileError
        When one is missing or has changed; the text names it.
    """
    for name in names:
        path = folder / name
        expected = manifest["files"][name]
        try:
            got = sha256_of_file(path)
        except FileNotFoundError:
            raise ModelFileError("saving.file_missing", folder=folder, path=path) from None
        except OSError as error:
            raise ModelFileError("saving.not_opened", folder=folder, path=path, error=error.strerror) from error
        if got != expected["sha256"]:
            raise ModelFileError(
                "saving.wrong_digest",
                folder=folder,
                path=path,
                expected=expected["sha256"][:12],
                expected_bytes=expected["bytes"],
                got=got[:12],
                got_bytes=path.stat().st_size,
            )


def record_export(folder: Path, record: dict[str, Any], *, inside: bool) -> None:
    """Write into the manifest what was exported and how it was proven; an earlier record of the same file goes.

    ``record`` names the ``file`` that is opened and the digests of all its ``files``; those ``inside`` the model's
    folder become files of the model. Raises ModelFileError and OutputError as reading and writing do.
    """
    manifest = read_manifest(folder)
    record = {**record, "inside": inside}
    same = {"file": record["file"], "inside": inside}
    others = [kept for kept in manifest.get("exports", []) if {key: kept[key] for key in same} != same]
    manifest["exports"] = [*others, record]
    if inside:
        manifest["files"] = dict(sorted({**manifest["files"], **record["files"]}.items()))
    write_json(folder / MANIFEST, signed(manifest))


def model_digest(path: Path) -> str:
    """Compute the SHA-256 of a model's manifest, which holds the digests of all its files; raises ModelFileError."""
    return sha256_of_file(find_model(path) / MANIFEST)


def _baseline_json(baseline: Baseline) -> dict[str, Any]:
    return {
        "encoder": baseline.spec.to_json(),
        "kind": baseline.head.kind,
        "settings": baseline.head.settings(),
        "decoding": asdict(baseline.decoding),
    }


def _nearest_neighbour(path: Path) -> Path | None:
    siblings = [found.parent for found in path.parent.glob(f"*/{MANIFEST}")]
    siblings += [found.parent.parent for found in path.parent.glob(f"*/model/{MANIFEST}")]
    name = nearest(path.name, [sibling.name for sibling in siblings])
    return path.parent / name if name else None
