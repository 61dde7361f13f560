"""Build a network of timm from a file of weights, and turn it into an ONNX graph."""

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import timm
import torch
from timm.data.config import resolve_model_data_config
from timm.models import PretrainedCfg, filter_pretrained_cfg

from headstart.arrays import Singles
from headstart.encoders.checkpoints import read_checkpoint, with_timm_names
from headstart.encoders.graphs import TOLERANCE, compare_outputs, export_module
from headstart.encoders.spec import Preprocessing
from headstart.encoders.weights import Weights, read_config
from headstart.errors import EncoderError, UnknownNameError
from headstart.modalities.base import DEFAULT, load_modality
from headstart.registry import nearest
from headstart.runtime.findings import Finding, did_you_mean

Tensors = dict[str, torch.Tensor]

# Where weights come from: said elsewhere, and of no use to whoever opens a saved model.
_NOT_KEPT = ("state_dict", "label_names", "label_descriptions", "label_offset", "custom_load")


@dataclass(frozen=True, slots=True)
class Network:
    """A network without classifier, in evaluation mode, and what is known about it.

    Attributes
    ----------
    module
        Inputs (N, 3, H, W) -> features (N, D).
    preprocessing
        How examples are prepared, from timm's configuration of these weights.
    dimension
        D.
    classifier
        Name of the linear layer that a head on the features can replace, or "" when there is no such layer.
    config
        What timm's ``config.json`` says about the network.
    """

    module: torch.nn.Module
    preprocessing: Preprocessing
    dimension: int
    classifier: str
    config: dict[str, Any]


def build_network(weights: Weights) -> Network:
    """Build the network that ``weights`` belong to and load them, every tensor or none.

    timm itself reads the tensors, so checkpoints of other layouts that timm knows how to convert can be used. The
    features are timm's own with ``num_classes=0``: after pooling, before the classifier.

    Raises
    ------
    UnknownNameError
        When timm has no such network.
    EncoderError
        When the weights do not fit, or the network gives anything but one vector per picture.
    """
    architecture, arguments = _blueprint(weights)
    usual = timm.get_pretrained_cfg(architecture)
    if weights.size and usual is not None and usual.fixed_input_size:
        arguments = {**arguments, "img_size": weights.size}  # positions are interpolated by timm
    bare = _create(weights, architecture, arguments, num_classes=0)
    read = with_timm_names(read_checkpoint(weights.path), list(bare.state_dict()))
    tensors = {name: torch.from_numpy(array) for name, array in read.items()}
    full = _load(weights, architecture, arguments, tensors, bare.pretrained_cfg)
    kept = {name: tensor for name, tensor in full.state_dict().items() if name in bare.state_dict()}
    try:
        bare.load_state_dict(kept, strict=True)
    except RuntimeError as error:
        raise _misfit(weights, error) from error
    bare.eval()
    preprocessing: Any = load_modality(DEFAULT).preprocessing.from_timm(resolve_model_data_config(bare))  # type: ignore[no-untyped-call]
    if weights.size:
        preprocessing = replace(preprocessing, height=weights.size, width=weights.size)
    dimension = _measure_dimension(bare, preprocessing, weights)
    return Network(
        module=bare,
        preprocessing=preprocessing,
        dimension=dimension,
        classifier=_replaceable_layer(bare, architecture, arguments, preprocessing),
        config=_config_of(bare, dimension, arguments, weights.size),
    )


def create_network(config: dict[str, Any], tensors: Tensors | None) -> torch.nn.Module:
    """Build a network from its ``config.json`` and its own tensors, in evaluation mode.

    Without tensors its weights are drawn by torch's generator.
    """
    module: torch.nn.Module = timm.create_model(
        config["architecture"], pretrained=False, num_classes=0, **config.get("model_args", {})
    )
    if tensors is not None:
        module.load_state_dict(tensors, strict=True)
    if "stages" in config:
        from headstart.encoders.staged import Staged

        return Staged(module.eval(), config["stages"]).eval()
    return module.eval()


def export_graph(network: Network, path: Path) -> None:
    """Write the network as one ONNX file that takes batches of any length; raises as :func:`export_module`."""
    example = torch.zeros(2, *network.preprocessing.shape)
    export_module(network.module, example, path, network.config["architecture"])


def compare_graph(network: Network, path: Path, inputs: Singles | None = None) -> float:
    """Compare the graph with the network; see :func:`compare_outputs`.

    ``inputs`` have the shape (n, 3, H, W); without them seeded noise is taken.
    """
    if inputs is None:
        size = (4, *network.preprocessing.shape)
        batch = torch.randn(size, generator=torch.Generator().manual_seed(0))
    else:
        batch = torch.from_numpy(inputs)
    return compare_outputs(network.module, path, batch, network.config["architecture"])


def _blueprint(weights: Weights) -> tuple[str, dict[str, Any]]:
    """Name of the network, with timm's tag, and the arguments that build it."""
    if not timm.is_model(weights.architecture):
        near = nearest(weights.architecture.split(".")[0], timm.list_models())
        raise UnknownNameError(
            "encoders.unknown_network",
            architecture=weights.architecture,
            name=weights.name,
            hint=did_you_mean(near, Finding("encoders.timm_lists_models")),
        )
    if weights.config is None:
        return weights.architecture, {}
    config = read_config(weights.config)
    known = {field.name for field in fields(PretrainedCfg)}
    stated = config.get("pretrained_cfg", config)  # older folders have all keys on one level
    kept = {key: value for key, value in _without_source(stated).items() if key in known}
    # timm writes the number of classes among the arguments; here the classifier is left off, or its size is given.
    arguments = {key: value for key, value in config.get("model_args", {}).items() if key != "num_classes"}
    return weights.architecture, {**arguments, "pretrained_cfg": kept}


def _create(weights: Weights, architecture: str, arguments: dict[str, Any], **more: Any) -> Any:  # noqa: ANN401 - timm
    try:
        return timm.create_model(architecture, **arguments, **more)
    except (RuntimeError, TypeError, ValueError, KeyError, AssertionError) as error:
        raise _misfit(weights, error) from error


def _load(
    weights: Weights, architecture: str, arguments: dict[str, Any], tensors: Tensors, pretrained: dict[str, Any]
) -> torch.nn.Module:
    """Let timm load the tensors strictly, with the classifier they come with."""
    problem: EncoderError | None = None
    for count in _class_counts(tensors, pretrained):
        overlay = {"state_dict": dict(tensors), "num_classes": count, "label_offset": 0, "custom_load": False}
        try:
            network: torch.nn.Module = _create(
                weights, architecture, arguments, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=count
            )
        except EncoderError as error:
            problem = problem or error
        else:
            return network
    raise problem or EncoderError("encoders.weights_not_loaded", name=weights.name)


def _class_counts(tensors: Tensors, pretrained: dict[str, Any]) -> list[int]:
    """How many classes the classifier in the file may have: what its shape says, else what timm says or none."""
    layers = pretrained.get("classifier") or ()
    first = layers if isinstance(layers, str) else next(iter(layers), "")
    if f"{first}.weight" in tensors:
        return [len(tensors[f"{first}.weight"])]
    return list(dict.fromkeys((0, int(pretrained.get("num_classes") or 0))))


def _measure_dimension(module: torch.nn.Module, preprocessing: Preprocessing, weights: Weights) -> int:
    try:
        with torch.inference_mode():
            features = module(torch.zeros(1, *preprocessing.shape))
    except Exception as error:  # whatever the network raises for a size it cannot take
        if not weights.size:
            raise
        raise EncoderError(
            "encoders.size_refused",
            architecture=weights.architecture,
            size=weights.size,
            error=str(error).strip().splitlines()[0][:200].rstrip(". "),
        ) from error
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        raise EncoderError("encoders.no_vector", architecture=weights.architecture)
    return int(features.shape[1])


def _replaceable_layer(
    bare: Any,  # noqa: ANN401 - timm's modules carry their configuration as an attribute
    architecture: str,
    arguments: dict[str, Any],
    preprocessing: Preprocessing,
) -> str:
    """Name of the classifier, if the network with it computes exactly: linear layer of the features."""
    name = bare.pretrained_cfg.get("classifier") or _usual_classifier(architecture)
    if not isinstance(name, str):
        return ""
    full = timm.create_model(architecture, **{**arguments, "num_classes": 2}).eval()
    layer = dict(full.named_modules()).get(name)
    if not isinstance(layer, torch.nn.Linear):
        return ""
    full.load_state_dict(bare.state_dict(), strict=False)
    generator = torch.Generator().manual_seed(0)
    torch.nn.init.normal_(layer.weight, generator=generator)  # some networks begin with zeros, which prove nothing
    batch = torch.randn(2, *preprocessing.shape, generator=generator)
    with torch.inference_mode():
        features, logits = bare(batch), full(batch)
        if features.shape[1] != layer.in_features:
            return ""
        error = (logits - layer(features)).abs().max() / logits.abs().max()
    return name if error < TOLERANCE else ""


def _usual_classifier(architecture: str) -> object:
    """Name the classifier as timm does, for folders whose config.json does not."""
    usual = timm.get_pretrained_cfg(architecture)
    return usual.classifier if usual else None


def _without_source(config: dict[str, Any]) -> dict[str, Any]:
    filtered: dict[str, Any] = filter_pretrained_cfg(config, remove_source=True)  # type: ignore[no-untyped-call]
    return filtered


def _config_of(bare: Any, dimension: int, arguments: dict[str, Any], size: int) -> dict[str, Any]:  # noqa: ANN401
    pretrained = _without_source(bare.pretrained_cfg)
    if size:
        pretrained = {key: value for key, value in pretrained.items() if key not in ("pool_size", "test_input_size")}
        pretrained["input_size"] = [3, size, size]
    kept = {key: value for key, value in pretrained.items() if key not in (*_NOT_KEPT, "architecture")}
    config = {
        "architecture": bare.pretrained_cfg["architecture"],
        "num_classes": 0,
        "num_features": dimension,
        "model_args": {key: value for key, value in arguments.items() if key != "pretrained_cfg"},
        "pretrained_cfg": {**kept, "num_classes": 0},
    }
    if not config["model_args"]:
        del config["model_args"]
    plain: dict[str, Any] = json.loads(json.dumps(config))  # as it will be read back: lists instead of tuples
    return plain


def _misfit(weights: Weights, error: Exception) -> EncoderError:
    lines = [line.strip() for line in str(error).strip().splitlines()] or [type(error).__name__]
    return EncoderError(
        "encoders.weights_do_not_fit",
        name=weights.name,
        architecture=weights.architecture,
        error=" ".join(lines[:2])[:300].rstrip(" .:"),
    )
