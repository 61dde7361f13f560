"""The same network with other weights: drawn at random, or its own, shuffled."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.encoders.blueprints import REVISION, has_blueprint
from headstart.encoders.checkpoints import read_checkpoint
from headstart.encoders.folders import new_cache_folder, save_arrays, save_tensors
from headstart.encoders.graph_cache import GRAPH, WEIGHTS
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder
from headstart.errors import EncoderError, MissingExtraError
from headstart.runtime.hashing import sha256_of_json, sha256_of_parts

if TYPE_CHECKING:
    import torch


def untrained_encoder(spec: EncoderSpec, files: EncoderFiles, seed: int, cache: Path) -> LoadedEncoder:
    """Create an encoder of the same network and preprocessing, whose weights were drawn with ``seed`` and kept.

    The statistics of its normalisation layers are those a new network has: mean 0 and variance 1. It runs from a graph
    of its own, which is made once; torch is loaded only then, for a network without blueprint, and where there is none.

    Raises
    ------
    MissingExtraError
        When torch is needed and not installed.
    """
    stem = spec.architecture.split(".")[0]
    size = list(spec.preprocessing.shape[1:])  # the graph takes no other
    drawn = has_blueprint(files.config) and files.weights is not None
    if not drawn and find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "encoders.to_run", name=f"{spec.name} (random weights)")
    makers = ["numpy", version("numpy"), REVISION] if drawn else [version("torch"), version("timm")]
    deciding = [spec.architecture, files.config.get("model_args"), size, seed, *makers, 2]
    digest = sha256_of_parts([json.dumps(["random weights", *deciding]).encode()])
    folder = cache / "untrained" / f"{stem}-{seed}-{digest[:12]}"
    if not (folder / WEIGHTS).is_file():
        (_draw_untrained if drawn else _make_untrained)(spec, files, seed, folder)
    graph = folder / GRAPH
    kept = EncoderFiles(graph if graph.is_file() else None, folder / WEIGHTS, files.config)
    own = replace(
        spec,
        name=f"{spec.name} (random weights)",
        source="random weights",
        weights_digest=digest,
        engine="onnxruntime" if kept.graph else "torch",
    )
    if kept.graph is not None:
        return OnnxEncoder(own, kept)
    from headstart.encoders.torch_engine import TorchEncoder

    return TorchEncoder(own, kept, "cpu")


def shuffled_weights(spec: EncoderSpec, files: EncoderFiles, seed: int, cache: Path) -> EncoderFiles:
    """Return the files of the same network with every tensor of weights shuffled in itself; there is no graph.

    Mean, variance and every other moment of each layer are those of the pretrained network, and nothing else of it is
    left (the comparison of Raghu et al. 2019). The statistics of its normalisation layers are those of a new network.
    """
    import torch
    from safetensors.torch import load_file

    assert files.weights is not None, "an encoder that is loaded by name has its weights"
    digest = sha256_of_json(["shuffled", spec.weights_digest, seed, 1])
    folder = cache / "untrained" / f"{spec.architecture.split('.')[0]}-shuffled-{digest[:12]}"
    if not (folder / WEIGHTS).is_file():
        generator = torch.Generator().manual_seed(seed)
        fresh = {"running_mean": 0.0, "running_var": 1.0}
        tensors = {}
        for name, tensor in sorted(load_file(files.weights).items()):
            start = fresh.get(name.rsplit(".", 1)[-1])
            tensors[name] = torch.full_like(tensor, start) if start is not None else _shuffled(tensor, generator)
        with new_cache_folder(folder) as place:
            save_tensors(place / WEIGHTS, tensors)
    return EncoderFiles(None, folder / WEIGHTS, files.config)


def _shuffled(tensor: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
    import torch

    order = torch.randperm(tensor.numel(), generator=generator)
    return tensor.reshape(-1)[order].reshape(tensor.shape).contiguous()


def draw_weights(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, npt.NDArray[Any]]:
    """Draw the tensors of a network with a blueprint by the rule of timm and TensorFlow.

    Convolutions are normal with variance 2 / (numbers of the kernel x outputs of a group); normalisations do nothing.

    Examples
    --------
    >>> drawn = draw_weights({"bn1.running_var": (2,), "conv_stem.weight": (32, 3, 3, 3)}, seed=0)
    >>> drawn["bn1.running_var"].tolist(), bool(abs(drawn["conv_stem.weight"].std() - (2 / (9 * 32)) ** 0.5) < 0.01)
    ([1.0, 1.0], True)
    """
    draw = np.random.default_rng(seed)
    drawn: dict[str, npt.NDArray[Any]] = {}
    for name, shape in sorted(shapes.items()):
        if len(shape) == 4:
            outputs, per_group, *kernel = shape
            fan = math.prod(kernel) * (1 if per_group == 1 else outputs)  # one input for each group: depthwise
            drawn[name] = draw.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / fan))
        elif name.endswith("num_batches_tracked"):
            drawn[name] = np.zeros(shape, np.int64)
        else:
            drawn[name] = np.full(shape, name.endswith((".weight", ".running_var")), np.float32)
    return drawn


def _draw_untrained(spec: EncoderSpec, files: EncoderFiles, seed: int, folder: Path) -> None:
    from headstart.encoders.blueprint_graphs import write_graph  # loads onnx: only where a graph is made

    assert files.weights is not None, "shapes are read from weights"
    trained = read_checkpoint(files.weights)
    tensors = draw_weights({name: array.shape for name, array in trained.items()}, seed)
    architecture, stages = files.config["architecture"], files.config.get("stages", 0)
    with new_cache_folder(folder) as place:
        save_arrays(place / WEIGHTS, tensors)
        write_graph(architecture, tensors, stages, spec.preprocessing.shape[1], place / GRAPH)


def _make_untrained(spec: EncoderSpec, files: EncoderFiles, seed: int, folder: Path) -> None:
    import torch

    from headstart.encoders.networks import Network, compare_graph, create_network, export_graph
    from headstart.encoders.silence_output import quiet

    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        module = create_network(files.config, None)
    network = Network(module, spec.preprocessing, spec.dimension, "", files.config)
    with new_cache_folder(folder) as place, quiet():
        save_tensors(place / WEIGHTS, module.state_dict())
        try:
            export_graph(network, place / GRAPH)
            compare_graph(network, place / GRAPH)
        except EncoderError:  # it runs in torch
            (place / GRAPH).unlink(missing_ok=True)
