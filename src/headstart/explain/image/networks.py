"""The network of a model in torch, built again from its files, and what a picture does in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from headstart.arrays import Singles
from headstart.encoders.networks import create_network
from headstart.encoders.silence_output import quiet
from headstart.encoders.spec import EncoderFiles
from headstart.errors import EncoderError
from headstart.explain.image.layers import Layer, choose_layer
from headstart.explain.image.onnx_feature_maps import Maps
from headstart.explain.torch_graph import Scorer


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network without head, in evaluation mode, and the layer to look at."""

    module: torch.nn.Module
    layer: Layer


@dataclass(frozen=True, slots=True, eq=False)
class LayerView:
    """What one picture does in the chosen layer.

    Attributes
    ----------
    maps
        Shape (K, h, w).
    gradients
        Of a score with respect to the maps, the same shape.
    features
        Shape (D,).
    """

    maps: Singles
    gradients: Singles
    features: Singles


def open_network(files: EncoderFiles, pixels: Singles) -> Network:
    """Build the network of an encoder; one that was built lately is taken again.

    ``pixels`` is any input of it, shape (3, H, W).

    Raises
    ------
    EncoderError
        When its weights are not there, or it has no layer to look at.
    """
    if files.weights is None or not files.weights.is_file():
        raise EncoderError("explain.not_built")
    return _build(
        files.weights, files.weights.stat().st_mtime_ns, json.dumps(files.config, sort_keys=True), pixels.shape[1:]
    )


def view_layer(network: Network, scores: Scorer, pixels: Singles, target: int) -> LayerView:
    """Run one input forwards and the score of the class number ``target`` back to the chosen layer."""
    with hook_output(network) as kept:
        features = network.module(torch.from_numpy(pixels[None]))
        scores(features)[0, target].backward()  # type: ignore[no-untyped-call]
    network.module.zero_grad(set_to_none=True)
    (output,) = kept
    gradient = torch.zeros_like(output) if output.grad is None else output.grad
    shape = network.layer.shape
    return LayerView(
        maps=shape.maps(output.detach())[0].numpy().copy(),
        gradients=shape.maps(gradient)[0].numpy().copy(),
        features=features.detach()[0].numpy(),
    )


def pooled_maps(network: Network, pixels: Singles) -> Maps | None:
    """Run one input and keep the maps of the chosen layer if the features are their mean; None otherwise."""
    with hook_output(network) as kept, torch.inference_mode():
        features = network.module(torch.from_numpy(pixels[None]))[0]
    maps = network.layer.shape.maps(kept[0])[0]
    if len(maps) != len(features) or not torch.allclose(maps.mean(dim=(1, 2)), features, rtol=1e-4, atol=1e-5):
        return None
    return Maps(maps.numpy().copy(), features.numpy().copy())


@contextmanager
def hook_output(network: Network) -> Iterator[list[torch.Tensor]]:
    """Keep what the chosen layer gives, with its gradient, while the block lasts."""
    kept: list[torch.Tensor] = []

    def keep(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 - as torch has it
        if output.requires_grad:
            output.retain_grad()
        kept[:] = [output]
        return output.clone()  # what changes its input in place, as some ReLUs do, shall not change what is kept

    handle = dict(network.module.named_modules())[network.layer.name].register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


@lru_cache(maxsize=2)  # a network may be large
def _build(weights: Path, _changed: int, config: str, size: tuple[int, int]) -> Network:
    with quiet(), torch.random.fork_rng(devices=[]):
        module = create_network(json.loads(config), None)
        stored = load_file(weights)
        # A model in timm's layout has the fitted classifier beside the network.
        module.load_state_dict({name: stored[name] for name in module.state_dict()}, strict=True)
        noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
        return Network(module, choose_layer(module, noise))
