"""Networks of timm whose weights move: see :class:`headstart.encoders.spec.TrainableNetworks`."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from headstart.arrays import Singles
from headstart.encoders.folders import save_tensors
from headstart.encoders.graph_cache import GRAPH, WEIGHTS, in_torch
from headstart.encoders.networks import Network, Tensors, compare_graph, create_network, export_graph
from headstart.encoders.silence_output import quiet
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.errors import EncoderError
from headstart.runtime.findings import Finding

__all__ = ["create_network", "load_tensors", "store_network"]


def load_tensors(spec: EncoderSpec, files: EncoderFiles) -> Tensors:
    """Load the weights of an encoder by name."""
    assert files.weights is not None, "an encoder that is loaded by name has its weights"
    return load_file(files.weights)


def store_network(
    module: torch.nn.Module, spec: EncoderSpec, files: EncoderFiles, inputs: Singles, place: Path
) -> Finding | None:
    """Write the weights and the graph of a network; see :class:`headstart.encoders.spec.TrainableNetworks`."""
    save_tensors(place / WEIGHTS, module.state_dict())
    network = Network(module, spec.preprocessing, spec.dimension, spec.classifier, files.config)
    with quiet():
        try:
            export_graph(network, place / GRAPH)
        except EncoderError as error:
            (place / GRAPH).unlink(missing_ok=True)
            return in_torch(error)
        compare_graph(network, place / GRAPH, inputs)
    return None
