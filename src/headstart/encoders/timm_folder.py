"""A model folder in timm's layout at work: opened by timm alone, prepared by timm's own transform."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import timm
import torch
from timm.data.config import resolve_model_data_config
from timm.data.transforms_factory import create_transform

from headstart.arrays import Singles
from headstart.encoders.silence_output import quiet


def open_timm_folder(folder: Path) -> Callable[[Any], Singles]:
    """Open a folder with ``config.json`` and ``model.safetensors`` as a function from an example to probabilities (C,).

    Nothing of Headstart is in it but the softmax.
    """
    with quiet():
        network: Any = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
        transform: Any = create_transform(**resolve_model_data_config(network))  # type: ignore[no-untyped-call]

    def ask(example: Any) -> Singles:  # noqa: ANN401 - what the transform takes
        with torch.inference_mode():
            probabilities: Singles = network(transform(example)[None]).softmax(1)[0].numpy()
        return probabilities

    return ask
