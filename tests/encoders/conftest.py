"""Pictures that come with packages, and a tiny network with weights of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_sample_image

from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder


@pytest.fixture(scope="session")
def photographs() -> dict[str, Image.Image]:
    """Real photographs, upright RGB, of different sizes and shapes."""
    arrays = {name: getattr(skimage.data, name)() for name in ("astronaut", "camera", "cat", "coffee", "rocket")}
    arrays |= {name: load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    return {name: Image.fromarray(array).convert("RGB") for name, array in arrays.items()}


def _random_network(name: str, seed: int = 0, **arguments: object) -> torch.nn.Module:
    """Build a network of timm with seeded random weights, in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = timm.create_model(name, **arguments).eval()
        for name, buffer in network.named_buffers():  # statistics that do not hide a mix-up
            if name.endswith("running_mean"):
                buffer.uniform_(-0.1, 0.1)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
    return network


@pytest.fixture(scope="session")
def random_network() -> Callable[..., torch.nn.Module]:
    """Makes a network of timm with seeded random weights."""
    return _random_network


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a tiny ResNet, with the classifier."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file(_random_network("test_resnet").state_dict(), path)
    return path


@pytest.fixture(scope="session")
def tiny(tiny_file: Path, session_cache: Path) -> OnnxEncoder:
    """The tiny ResNet, prepared once."""
    encoder = load_encoder(f"test_resnet@{tiny_file}", cache=session_cache, device="cpu")
    assert isinstance(encoder, OnnxEncoder)
    return encoder


@pytest.fixture
def noise() -> np.ndarray:
    """A batch of seven inputs of the tiny ResNet, shape (7, 3, 160, 160)."""
    return np.random.default_rng(0).normal(size=(7, 3, 160, 160)).astype(np.float32)
