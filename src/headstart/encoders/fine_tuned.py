"""A network whose weights have moved becomes an encoder again: graph, weights and spec in a folder of the cache."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import torch

from headstart.arrays import Singles
from headstart.encoders.folders import new_cache_folder
from headstart.encoders.graph_cache import GRAPH, WEIGHTS, PreparedEncoder
from headstart.encoders.spec import EncoderFiles, EncoderSpec, TrainableNetworks
from headstart.modalities.base import load_modality
from headstart.runtime.hashing import sha256_of_parts


@dataclass(frozen=True, slots=True)
class Origin:
    """What a network was before its weights moved: ``method`` says how they did."""

    spec: EncoderSpec
    files: EncoderFiles
    method: str


def store_fine_tuned(module: torch.nn.Module, origin: Origin, inputs: Singles, cache: Path) -> PreparedEncoder:
    """Write the network into ``cache/tuned/``, export its graph and compare the two on real examples.

    Parameters
    ----------
    module
        The encoder without head; it is put into evaluation mode.
    inputs
        Prepared examples, shape (n, ...): the graph must give the network's features for them.

    Raises
    ------
    EncoderError
        When the graph computes something else.
    OutputError
        When the cache cannot be written to.
    """
    module = module.eval().cpu().to(memory_format=torch.contiguous_format)
    spec = replace(
        origin.spec,
        name=f"{origin.spec.name}+{origin.method}",
        source=f"{origin.spec.source}; weights moved by {origin.method}",
        weights_digest=_digest(module),
    )
    networks: TrainableNetworks = load_modality(spec.modality).networks
    # A folder of its own for every training: whoever has copied it into a run may delete it.
    folder = cache / "tuned" / f"{spec.architecture.split('.')[0]}-{spec.weights_digest[:12]}-{uuid4().hex[:8]}"
    with new_cache_folder(folder) as place:
        notice = networks.store_network(module, spec, origin.files, inputs, place)
    graph, weights = (path if path.is_file() else None for path in (folder / GRAPH, folder / WEIGHTS))
    beside = {name: folder / name for name in origin.files.beside if (folder / name).is_file()}
    files = EncoderFiles(graph, weights, origin.files.config, beside)
    return PreparedEncoder(replace(spec, engine="onnxruntime" if files.graph else "torch"), files, notice)


def _digest(module: torch.nn.Module) -> str:
    """SHA-256 over names, shapes and bytes of all tensors."""
    return sha256_of_parts(
        part
        for name, tensor in sorted(module.state_dict().items())
        for part in (
            json.dumps([name, list(tensor.shape), str(tensor.dtype)]).encode(),
            tensor.contiguous().numpy().tobytes(),
        )
    )
