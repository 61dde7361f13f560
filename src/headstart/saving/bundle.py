"""A model becomes a folder and a folder a model: nothing half-written, no change unnoticed, no pickle, no torch."""

from pathlib import Path
from typing import Any

from headstart.data.example import LABEL
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.errors import ModelFileError
from headstart.heads.family import load_head
from headstart.heads.head import Head
from headstart.modalities.base import load_modality
from headstart.registry import TABLES, resolve
from headstart.runtime.files import require_free, whole_folder, write_errors, write_json, write_text
from headstart.runtime.findings import Finding, about
from headstart.saving.manifest import MANIFEST, check_files, find_model, manifest_of, read_manifest
from headstart.saving.reference_set import NAMES, REFERENCES, read_references, write_references
from headstart.saving.tensors import read_digests, read_tensors, write_digests, write_tensors
from headstart.saving.values import Baseline, Bundle, SavedModel, TrainingRecord
from headstart.tasks.base import load_task

GRAPH = "encoder.onnx"
WEIGHTS = "encoder.safetensors"  # only where there is no graph, because the network cannot be exported
HEAD = "head.safetensors"
BASELINE = "baseline.safetensors"
POLICY = "guard.safetensors"  # held-out scores; only where something was held out
FITTED = "fitted.safetensors"  # digests of the examples the head was fitted on
OPENED = (GRAPH, WEIGHTS, HEAD, BASELINE, FITTED, REFERENCES, NAMES, POLICY)
TIMM_WEIGHTS = "model.safetensors"
CARD = "README.md"


def save_bundle(folder: Path, model: SavedModel, files: EncoderFiles) -> tuple[Finding, ...]:
    """Write a model into a new folder, whole or not at all; return notices for the user.

    ``files`` are those of the model's encoder; they are copied. Where it can be done the model is also written as
    one graph from raw examples (``model.onnx``) and in timm's layout.

    Raises
    ------
    OutputError
        When the folder exists and is not empty, or cannot be written.
    """
    from headstart.saving.card import model_card  # only where a model is written
    from headstart.saving.timm_layout import obstacle, write_timm_layout

    why_not = obstacle(model, files)
    told = why_not if getattr(load_modality(model.spec.modality), "timm", False) else ""  # nobody would open it there
    require_free(folder)
    with write_errors("saving.not_written", folder=folder), whole_folder(folder) as partial:
        _copy_encoder(partial, files)
        write_tensors(partial / HEAD, model.head.arrays())
        if model.baseline:
            write_tensors(partial / BASELINE, model.baseline.head.arrays())
        if model.fitted_keys:
            write_tensors(partial / FITTED, {"sha256": write_digests(sorted(model.fitted_keys))})
        if model.references is not None:
            write_references(partial, model.references)
        held_out = {} if model.policy is None else load_task(model.target.task).policy_files.policy_arrays(model.policy)
        if held_out:
            write_tensors(partial / POLICY, held_out)
        if not why_not:
            write_timm_layout(partial, model, files)
        no_raw = resolve("exporters", "onnx").save(partial, model, files)  # a later stage: known by name alone
        write_text(partial / CARD, model_card(model, why_not and told, no_raw))
        write_json(partial / MANIFEST, manifest_of(model, files, partial.iterdir()))
    return tuple(dict.fromkeys(reason for reason in (told, no_raw) if isinstance(reason, Finding)))


def load_bundle(path: str | Path) -> Bundle:
    """Open a model folder, or the run folder around it; needs neither torch nor scikit-learn.

    The files that are opened are compared with their digests; :func:`verify_bundle` compares all of them.

    Raises
    ------
    ModelFileError
        When there is no model, when a newer Headstart wrote it, or when a file is missing or has changed.
    """
    folder = find_model(Path(path).expanduser())
    manifest = read_manifest(folder)
    require_whole(folder, manifest)
    beside = [name for name in manifest.get("encoder_files", []) if Path(name).name == name]
    check_files(folder, manifest, [name for name in (*OPENED, *beside) if name in manifest["files"]])
    try:
        model = _model_from(folder, manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError("saving.does_not_fit", folder=folder, path=folder / MANIFEST, error=error) from error
    where = folder.absolute()  # the encoder is opened when it is first used: its program may have changed its folder
    graph, weights = _existing(where, manifest, GRAPH), _existing(where, manifest, WEIGHTS, TIMM_WEIGHTS)
    others = {name: where / name for name in beside if name in manifest["files"]}
    return Bundle(folder, model, EncoderFiles(graph, weights, manifest["encoder_config"], others))


def require_whole(folder: Path, manifest: dict[str, Any]) -> None:
    """Raise ModelFileError for a model whose answers are parts of a text: it has no vectors, no head and no classes."""
    if manifest["task"] in TABLES["part_tasks"]:
        raise ModelFileError("saving.answers_with_parts", folder=folder, task=manifest["task"])


def verify_bundle(path: str | Path) -> tuple[str, ...]:
    """Compare every file of a model with its digest, those for timm and the card included; return their names.

    Raises
    ------
    ModelFileError
        When there is no model, or a file is missing or has changed.
    """
    folder = find_model(Path(path))
    manifest = read_manifest(folder)
    check_files(folder, manifest, manifest["files"])
    return (MANIFEST, *manifest["files"])


def _copy_encoder(folder: Path, files: EncoderFiles) -> None:
    import shutil  # only where a model is written

    if files.graph is not None:
        shutil.copyfile(files.graph, folder / GRAPH)
    elif files.weights is not None:
        shutil.copyfile(files.weights, folder / WEIGHTS)
    for name in files.beside:
        (folder / name).write_bytes(files.read(name))


def _read_head(path: Path, description: dict[str, Any]) -> Head:
    return load_head(description["kind"], read_tensors(path), description["settings"])


def _model_from(folder: Path, manifest: dict[str, Any]) -> SavedModel:
    task, simple, policy = load_task(manifest["task"]), manifest["baseline"], manifest.get("guard")
    held_out = read_tensors(folder / POLICY) if POLICY in manifest["files"] else {}
    fitted = read_tensors(folder / FITTED) if FITTED in manifest["files"] else {}
    described = manifest["targets"][LABEL]
    baseline = None
    if simple:
        head = _read_head(folder / BASELINE, simple)
        baseline = Baseline(EncoderSpec.from_json(simple["encoder"]), head, task.decoding(**simple["decoding"]))
    return SavedModel(
        spec=EncoderSpec.from_json(manifest["encoder"]),
        head=_read_head(folder / HEAD, manifest["head"]),
        decoding=task.decoding(**manifest["decoding"]),
        target=task.target(**{name: _frozen(value) for name, value in described["target"].items()}),
        fitted_labels=described["fitted"],
        training=TrainingRecord(**manifest["training"]),
        baseline=baseline,
        notices=tuple(manifest["notices"]),
        findings=about(map(Finding.from_json, manifest.get("findings", [])), manifest["modality"]),
        fitted_keys=frozenset(read_digests(fitted["sha256"]) if fitted else ()),
        references=read_references(folder) if REFERENCES in manifest["files"] else None,
        policy=task.policy_files.read_policy(held_out, policy) if policy else None,
        policy_scores=policy["scores"] if policy else None,
    )


def _frozen(value: Any) -> Any:  # noqa: ANN401 - plain data
    return tuple(value) if isinstance(value, list) else value


def _existing(folder: Path, manifest: dict[str, Any], *names: str) -> Path | None:
    return next((folder / name for name in names if name in manifest["files"]), None)
