"""The same network with other weights: drawn at random, or its own, shuffled."""

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.encoders.folders import new_cache_folder, save_tensors
from headstart.encoders.graph_cache import GRAPH, WEIGHTS
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder
from headstart.errors import EncoderError
from headstart.runtime.hashing import sha256_of_json, sha256_of_parts

if TYPE_CHECKING:
    import torch


def untrained_encoder(spec: EncoderSpec, files: EncoderFiles, seed: int, cache: Path) -> LoadedEncoder:
    """Create an encoder of the same network and preprocessing, whose weights were drawn with ``seed`` and kept.

    The statistics of its normalisation layers are those a new network has: mean 0 and variance 1. It runs from a graph
    of its own, which is made once; torch is loaded only then, and where the network cannot be exported.
    """
    stem = spec.architecture.split(".")[0]
    size = list(spec.preprocessing.shape[1:])  # the graph takes no other
    deciding = [spec.architecture, files.config.get("model_args"), size, seed, version("torch"), version("timm"), 2]
    digest = sha256_of_parts([json.dumps(["random weights", *deciding]).encode()])
    folder = cache / "untrained" / f"{stem}-{seed}-{digest[:12]}"
    if not (folder / WEIGHTS).is_file():
        _make_untrained(spec, files, seed, folder)
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
