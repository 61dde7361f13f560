"""The same network with random weights: what its architecture alone is worth."""

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from headstart.encoders.folders import whole_folder
from headstart.encoders.networks import create_network
from headstart.encoders.onnx_engine import EncoderFiles
from headstart.encoders.prepared import WEIGHTS
from headstart.encoders.spec import EncoderSpec
from headstart.encoders.torch_engine import TorchEncoder


def untrained_encoder(spec: EncoderSpec, files: EncoderFiles, seed: int, cache: Path) -> TorchEncoder:
    """Make an encoder of the same network and preprocessing, whose weights were drawn with ``seed`` and kept.

    The statistics of its normalisation layers are those a new network has: mean 0 and variance 1.
    """
    name = f"{spec.architecture}-{seed}"
    digest = hashlib.sha256(f"random weights of {name} by torch {torch.__version__}".encode()).hexdigest()
    folder = cache / "untrained" / f"{name}-{digest[:12]}"
    if not (folder / WEIGHTS).is_file():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = create_network(files.config, None)
        with whole_folder(folder) as place:
            save_file({key: tensor.contiguous() for key, tensor in module.state_dict().items()}, place / WEIGHTS)
    own = replace(
        spec, name=f"{spec.name} (random weights)", source="random weights", weights_digest=digest, engine="torch"
    )
    return TorchEncoder(own, EncoderFiles(None, folder / WEIGHTS, files.config), "cpu")
