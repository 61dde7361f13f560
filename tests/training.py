"""A ground to train on: tiny networks with random weights, pictures of coloured noise, features made by the network."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from headstart.data.example import Example
from headstart.data.readers.image import content_key
from headstart.data.targets.classes import Classes
from headstart.encoders.networks import create_network
from headstart.encoders.preprocess.image import ImagePreprocessing, prepare
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.finetuning.callbacks import Callback
from headstart.finetuning.distributed import Engine
from headstart.finetuning.inputs import TrainingInputs
from headstart.probing.probe import fit_probe
from headstart.runtime.progress import silent
from headstart.settings.recipe import Recipe

SIDE = 32
PIXELS = ImagePreprocessing(SIDE, SIDE, "bilinear", 1.0, "squash", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# One with BatchNorm and convolutions, one with neither; both of a few ten thousand parameters.
ARCHITECTURES = {
    "convolutions": ("test_resnet", {}),
    "transformer": ("test_vit", {"img_size": SIDE, "patch_size": 8}),
}
COLOURS = ((200, 60, 60), (60, 200, 60), (60, 60, 200))


@dataclass(frozen=True)
class TinyEncoder:
    """What training wants of an encoder: its spec and its files."""

    spec: EncoderSpec
    files: EncoderFiles
    notice: str = ""


def tiny_encoder(kind: str, folder: Path) -> TinyEncoder:
    architecture, arguments = ARCHITECTURES[kind]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model(architecture, pretrained=False, num_classes=0, **arguments)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / "w.safetensors")
    config = {"architecture": architecture, "num_classes": 0, "model_args": arguments}
    spec = EncoderSpec(
        "tiny", architecture, network.num_features, "0" * 64, PIXELS, "Apache-2.0", "tests", engine="torch"
    )
    return TinyEncoder(spec, EncoderFiles(None, folder / "w.safetensors", config))


def save_timm_folder(kind: str, folder: Path) -> None:
    """Save a tiny network in timm's layout, which ``--encoder`` takes."""
    encoder = tiny_encoder(kind, folder)
    (folder / "w.safetensors").rename(folder / "model.safetensors")
    pretrained = {
        "input_size": [3, SIDE, SIDE], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "crop_pct": 1.0,
        "interpolation": "bilinear", "crop_mode": "squash", "num_classes": 0,
    }  # fmt: skip
    config = {**encoder.files.config, "pretrained_cfg": pretrained}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def noise(label: int, number: int) -> Image.Image:
    random = np.random.default_rng([label, number])
    pixels = np.array(COLOURS[label]) + random.normal(scale=60, size=(24, 24, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def training_inputs(kind: str, folder: Path, per_class: int = 12, **settings) -> TrainingInputs:
    encoder = tiny_encoder(kind, folder)
    pictures = [(noise(label, number), label) for label in range(3) for number in range(per_class)]
    labels = np.array([label for _, label in pictures])
    network = create_network(encoder.files.config, load_file(encoder.files.weights))
    with torch.no_grad():
        inputs = np.stack([prepare(picture, PIXELS) for picture, _ in pictures])
        features = network(torch.from_numpy(inputs)).numpy()
    recipe = Recipe(
        **{"head": "logistic", "epochs": 3, "batch_size": 8, "seed": 1, "checkpoint_seconds": 0.0} | settings
    )
    target = Classes(("red", "green", "blue"))
    groups = np.arange(len(labels))
    return TrainingInputs(
        recipe=recipe,
        target=target,
        encoder=encoder,
        examples=tuple(Example(picture, f"#{number}") for number, (picture, _) in enumerate(pictures)),
        keys=tuple(content_key(picture) for picture, _ in pictures),
        labels=labels,
        groups=groups,
        features=features,
        probe=fit_probe(features, labels, target, groups, recipe),
    )


def quiet_hooks(keep=lambda checkpoint: None, progress=silent):
    from headstart.finetuning.job import LoopCallbacks

    return LoopCallbacks(keep, Callback(), progress)


ONE = Engine()
