"""A prepared encoder: spec, graph and weights in one folder of the cache, made once per network.

``encoders/<architecture>-<digest>/`` holds ``encoder.json``, ``encoder.onnx`` and ``weights.safetensors``. Opening one
loads no torch.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headstart.encoders.blueprints import CLASSIFIER, REVISION, STAGES, blueprint_of, network_config, network_names
from headstart.encoders.checkpoints import read_checkpoint, with_timm_names
from headstart.encoders.folders import new_cache_folder, save_arrays, save_tensors, set_aside
from headstart.encoders.silence_output import quiet
from headstart.encoders.spec import EncoderFiles, EncoderSpec, Engine, Preprocessing
from headstart.encoders.variants import ALL_STAGES, Variant, read_variant
from headstart.encoders.weights import Weights, check_digest, file_name
from headstart.errors import EncoderError, MissingExtraError
from headstart.modalities.base import DEFAULT, load_modality
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_file, sha256_of_json
from headstart.runtime.progress import Progress

GRAPH, WEIGHTS, DESCRIPTION = "encoder.onnx", "weights.safetensors", "encoder.json"
NEEDED = ("torch", "timm", "onnxscript")


@dataclass(frozen=True, slots=True)
class PreparedEncoder:
    """What is needed to run an encoder: ``notice`` says why there is no graph, if there is none."""

    spec: EncoderSpec
    files: EncoderFiles
    notice: Finding | None


def prepare_encoder(weights: Weights, cache: Path, progress: Progress) -> PreparedEncoder:
    """Open the prepared encoder for these weights; make it first when it is not there or damaged.

    Raises
    ------
    MissingExtraError
        When it must be made by torch, and torch, timm or onnxscript is not installed.
    DigestError
        When it must be made and the file of weights is not the right one.
    EncoderError
        When the weights cannot be turned into an encoder.
    OutputError
        When the cache cannot be written to.
    """

    def check() -> None:
        if not blueprint_of(weights):
            _check_installed()

    def write(place: Path) -> None:
        if blueprint_of(weights):
            _write(weights, place)
        elif not _cut_out(weights, cache, progress, place):
            _make(weights, place)

    return prepare_in(prepared_folder(weights, cache), weights, progress, write, check)


def prepare_in(
    folder: Path,
    weights: Weights,
    progress: Progress,
    write: Callable[[Path], None],
    check: Callable[[], None] = lambda: None,
) -> PreparedEncoder:
    """Open the prepared encoder in a folder; let ``write`` fill the folder first when it is not there or damaged.

    ``check`` is asked before anything is made. Raises as :func:`prepare_encoder`.
    """
    existed = folder.exists()  # asked first: another process may finish it in the meantime
    found = open_prepared(folder, weights)
    if found is not None:
        return found
    check()
    check_digest(weights)
    progress("Preparing", 0, 1, weights.name)
    if existed:
        set_aside(folder)
    with new_cache_folder(folder) as place:
        write(place)
    progress("Preparing", 1, 1, weights.name)
    made = open_prepared(folder, weights)
    if made is None:
        raise EncoderError("encoders.prepared_and_gone", name=weights.name, folder=folder)
    return made


def prepared_folder(weights: Weights, cache: Path) -> Path:
    """Name the folder: it depends on the weights, their configuration, and the versions that make the graph."""
    deciding = {
        "revision": 1,
        "weights": weights.sha256,
        "architecture": weights.architecture,
        "config": sha256_of_file(weights.config) if weights.config else "",
        "versions": ["blueprint", REVISION]
        if blueprint_of(weights)
        else [_version(package) for package in ("torch", "timm")],
    }
    if weights.stages or weights.size:
        deciding["variant"] = [weights.stages, weights.size]
    digest = sha256_of_json(deciding)
    return cache / "encoders" / f"{file_name(weights.architecture)}-{digest[:12]}"


def open_prepared(folder: Path, weights: Weights) -> PreparedEncoder | None:
    """Open a prepared folder without torch; None when it is not there or a byte of it has changed."""
    try:
        data = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        digests: dict[str, str] = data["files"]
        if any(sha256_of_file(folder / name) != digest for name, digest in digests.items()):
            return None
        spec = EncoderSpec.from_json(data["spec"])
        graph, weights_file = (folder / name if name in digests else None for name in (GRAPH, WEIGHTS))
        beside = {name: folder / name for name in data.get("beside", ()) if name in digests}
        files = EncoderFiles(graph, weights_file, data["config"], beside)
        notice = _read_notice(data["notice"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not there, or damaged: the caller makes it again
    # The same weights may be known by several names, in several places.
    named = replace(spec, name=weights.name, licence=weights.licence, source=weights.source)
    return PreparedEncoder(named, files, notice)


def _cut_out(weights: Weights, cache: Path, progress: Progress, place: Path) -> bool:
    """Create the encoder of the first stages from that of all stages, which is made once; False when it is none."""
    if weights.stages <= 0:
        return False
    whole = Variant(read_variant(weights.name).base, ALL_STAGES, weights.size).name
    every = prepare_encoder(replace(weights, name=whole, stages=ALL_STAGES), cache, progress)
    widths = every.files.config["widths"]
    if weights.stages >= len(widths) or every.files.graph is None or every.files.weights is None:
        return False  # too many, or no graph: what builds it in torch says why
    from headstart.encoders.truncation import cut_graph

    width = widths[weights.stages - 1]
    cut_graph(every.files.graph, weights.stages, width, place / GRAPH)
    shutil.copyfile(every.files.weights, place / WEIGHTS)
    config = {key: value for key, value in every.files.config.items() if key != "widths"}
    spec = replace(every.spec, architecture=_architecture(config["architecture"], weights.stages), dimension=width)
    describe(place, spec, {**config, "stages": weights.stages, "num_features": width}, None)
    return True


def _architecture(name: str, stages: int) -> str:
    return Variant(name, stages).name


def in_torch(error: EncoderError) -> Finding:
    """Return what to say of a network that cannot be exported."""
    return Finding("encoders.in_torch", {"problem": error.problem_value, "reason": error.why})


def _read_notice(data: Any) -> Finding | None:  # noqa: ANN401 - what stands in a description
    if isinstance(data, str) and data:  # of an older Headstart
        return Finding("runtime.said", {"said": data})
    return Finding.from_json(data) if data else None


def describe(
    place: Path, spec: EncoderSpec, config: dict[str, Any], notice: Finding | None, beside: tuple[str, ...] = ()
) -> None:
    """Write the description of the files in a folder, ``beside`` being those that are needed beside a graph."""
    digests = {path.name: sha256_of_file(path) for path in sorted(place.iterdir())}
    data: dict[str, Any] = {
        "spec": spec.to_json(),
        "config": config,
        "notice": notice and notice.to_json(),
        "files": digests,
    }
    if beside:
        data["beside"] = list(beside)
    (place / DESCRIPTION).write_text(json.dumps(data, indent=1), encoding="utf-8")


def _make(weights: Weights, place: Path) -> None:
    # torch and timm: loaded here only, where a graph is made.
    from headstart.encoders.networks import build_network, compare_graph, export_graph

    notice = None
    with quiet():
        network = build_network(weights)
        tensors = network.module.state_dict()
        if weights.stages:
            from headstart.encoders.truncation import first_stages

            network = first_stages(network, weights.stages, weights.name)
        try:
            export_graph(network, place / GRAPH)
        except EncoderError as error:
            notice = in_torch(error)
            (place / GRAPH).unlink(missing_ok=True)
        else:
            compare_graph(network, place / GRAPH)
        save_tensors(place / WEIGHTS, tensors)
    spec = _spec(
        weights, network.config, network.preprocessing, network.classifier, "torch" if notice else "onnxruntime"
    )
    describe(place, spec, network.config, notice)


def _write(weights: Weights, place: Path) -> None:
    """Fill the blueprint of a network with its weights: no torch."""
    from headstart.encoders.blueprint_graphs import write_graph  # loads onnx: only where a graph is made

    architecture, stages = blueprint_of(weights), weights.stages
    if stages >= STAGES:
        raise EncoderError(
            "encoders.too_many_stages", name=weights.name, architecture=architecture, count=STAGES, most=STAGES - 1
        )
    config = network_config(architecture, weights.size)
    preprocessing = load_modality(DEFAULT).preprocessing.from_timm(config["pretrained_cfg"])
    named = with_timm_names(read_checkpoint(weights.path), network_names(architecture))
    tensors = {name: tensor for name, tensor in named.items() if not name.startswith(f"{CLASSIFIER}.")}
    widths = write_graph(architecture, tensors, stages, preprocessing.shape[1], place / GRAPH)
    save_arrays(place / WEIGHTS, tensors)
    if stages:
        config |= {"stages": stages, "num_features": sum(widths)}
    if stages == ALL_STAGES:
        config["widths"] = list(widths)
    describe(place, _spec(weights, config, preprocessing, "" if stages else CLASSIFIER, "onnxruntime"), config, None)


def _spec(
    weights: Weights, config: dict[str, Any], preprocessing: Preprocessing, classifier: str, engine: Engine
) -> EncoderSpec:
    return EncoderSpec(
        name=weights.name,
        architecture=_architecture(config["architecture"], weights.stages),
        dimension=config["num_features"],
        weights_digest=weights.sha256,
        preprocessing=preprocessing,
        licence=weights.licence,
        source=weights.source,
        engine=engine,
        classifier=classifier,
    )


def _check_installed() -> None:
    for package in NEEDED:
        if find_spec(package) is None:
            raise MissingExtraError(package, "train", "encoders.to_export")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
