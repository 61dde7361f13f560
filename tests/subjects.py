"""Small models with random weights to explain: a convolutional network, and a transformer with register tokens."""

from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import save_file

from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.encoders.torch_engine import TorchEncoder
from headstart.explain.explained_model import ExplainedModel
from headstart.heads.linear import LinearHead
from headstart.heads.probabilities import Softmax

SIDE = 64
PIXELS = ImagePreprocessing(SIDE, SIDE, "bilinear", 1.0, "squash", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
NETWORKS = {
    "convolutions": ("test_resnet", {}),
    "registers": ("test_vit", {"img_size": SIDE, "patch_size": 16, "reg_tokens": 4}),
}


def subject_of_kind(kind: str, folder: Path) -> ExplainedModel:
    """A model of three classes; its file of weights has a classifier beside the network, as saved models have."""
    architecture, arguments = NETWORKS[kind]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model(architecture, num_classes=0, **arguments)
        for parameter in network.parameters():  # so that no token and no scale is zero
            torch.nn.init.normal_(parameter, std=0.2) if parameter.ndim > 1 else torch.nn.init.uniform_(parameter, 0.5)
        head = torch.randn(3, network.num_features) / 4
    save_file(network.state_dict(), folder / f"{kind}.safetensors")
    bare = EncoderFiles(None, folder / f"{kind}.safetensors", {"architecture": architecture, "model_args": arguments})
    save_file({**network.state_dict(), "head.weight": head}, folder / f"{kind}-whole.safetensors")
    whole = EncoderFiles(None, folder / f"{kind}-whole.safetensors", bare.config)
    spec = EncoderSpec("tiny", architecture, network.num_features, "0" * 64, PIXELS, "none", "tests", engine="torch")
    fitted = LinearHead(head.numpy(), np.array([0.5, -0.5, 0.0], dtype=np.float32))
    return ExplainedModel(TorchEncoder(spec, bare, "cpu"), whole, fitted, Softmax(), ("ant", "bee", "fly"))


def noise(seed: int = 0) -> np.ndarray:
    """One input."""
    return np.random.default_rng(seed).normal(size=(3, SIDE, SIDE)).astype(np.float32)
