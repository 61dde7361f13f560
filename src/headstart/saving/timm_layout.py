"""A linear model in timm's own layout, so that it opens without Headstart: model.safetensors and config.json.

``timm.create_model("local-dir:FOLDER", pretrained=True)`` takes the file called ``model.safetensors`` before any other
in the folder. Its logits are the scores divided by the temperature, so their softmax gives Headstart's probabilities.
"""

from pathlib import Path

import numpy as np

from headstart.encoders.spec import EncoderFiles
from headstart.encoders.timm_config import timm_config
from headstart.heads.linear import as_linear
from headstart.heads.probabilities import Softmax
from headstart.runtime.files import write_json
from headstart.runtime.findings import Finding
from headstart.saving.tensors import read_tensors, write_tensors
from headstart.saving.values import SavedModel


def obstacle(model: SavedModel, files: EncoderFiles) -> Finding | None:
    """Return why a model cannot be written for timm, or None when it can."""
    if not model.spec.is_network:
        return Finding("saving.no_network", severity="note")
    if not isinstance(model.decoding, Softmax):
        return Finding("saving.timm_task", {"task": model.target.task}, "note")
    if as_linear(model.head) is None:
        return Finding("saving.timm_head", {"kind": model.head.kind}, "note")
    if model.spec.precision == "int8":
        return Finding("saving.timm_int8", severity="note")
    if not model.spec.classifier:
        return Finding("saving.timm_classifier", {"name": model.spec.architecture}, "note")
    return Finding("saving.timm_weights", severity="note") if files.weights is None else None


def write_timm_layout(folder: Path, model: SavedModel, files: EncoderFiles) -> None:
    """Write ``model.safetensors`` and ``config.json``; :func:`obstacle` must have said None."""
    head, decoding = as_linear(model.head), model.decoding
    assert head is not None
    assert files.weights is not None
    assert isinstance(decoding, Softmax)
    classifier = model.spec.classifier
    tensors = read_tensors(files.weights)
    tensors[f"{classifier}.weight"] = (head.weight / decoding.temperature).astype(np.float32)
    tensors[f"{classifier}.bias"] = (head.bias / decoding.temperature).astype(np.float32)
    write_tensors(folder / "model.safetensors", tensors)
    write_json(folder / "config.json", timm_config(model.spec, files.config, model.classes))
