"""A linear model in timm's own layout, so that it opens without Headstart: model.safetensors and config.json.

``timm.create_model("local-dir:FOLDER", pretrained=True)`` takes the file called ``model.safetensors`` before any other
in the folder. Its logits are the scores divided by the temperature, so their softmax gives Headstart's probabilities.
"""

from pathlib import Path
from typing import Any

import numpy as np

from headstart.encoders.onnx_engine import EncoderFiles
from headstart.encoders.spec import Preprocessing
from headstart.heads.linear import LinearHead
from headstart.reporting.runs import write_json
from headstart.saving.tensors import read_tensors, write_tensors
from headstart.saving.values import SavedModel

# Of the checkpoint's configuration: where its file and its classes came from, and input sizes not used.
NOT_OURS = (
    *("url", "file", "state_dict", "hf_hub_id", "hf_hub_filename", "source", "custom_load"),
    *("label_offset", "label_names", "label_descriptions"),
    *("test_input_size", "test_crop_pct", "test_pool_size", "min_input_size", "pool_size"),
)


def obstacle(model: SavedModel, files: EncoderFiles) -> str | None:
    """Say in one sentence why a model cannot be written for timm, or None when it can."""
    if not isinstance(model.head, LinearHead):
        return f"The model cannot be opened by timm: its head is not linear ({model.head.kind})."
    if model.spec.precision == "int8":
        return "The model cannot be opened by timm: its encoder computes in int8."
    if not model.spec.classifier:
        return (
            f"The model cannot be opened by timm: {model.spec.architecture} has no classifier layer to put the head in."
        )
    if files.weights is None:
        return "The model cannot be opened by timm: the weights of its encoder are not at hand."
    return None


def write_timm_layout(folder: Path, model: SavedModel, files: EncoderFiles) -> None:
    """Write ``model.safetensors`` and ``config.json``; :func:`obstacle` must have said None."""
    assert isinstance(model.head, LinearHead)
    assert files.weights is not None
    classifier = model.spec.classifier
    tensors = read_tensors(files.weights)
    tensors[f"{classifier}.weight"] = (model.head.weight / model.temperature).astype(np.float32)
    tensors[f"{classifier}.bias"] = (model.head.bias / model.temperature).astype(np.float32)
    write_tensors(folder / "model.safetensors", tensors)
    write_json(folder / "config.json", timm_config(model, files.config))


def timm_config(model: SavedModel, encoder: dict[str, Any]) -> dict[str, Any]:
    """Describe the model as timm does; ``encoder`` is the ``config.json`` of its network without classifier."""
    kept = {key: value for key, value in encoder.get("pretrained_cfg", {}).items() if key not in NOT_OURS}
    return {
        **encoder,
        "architecture": model.spec.architecture,
        "num_classes": len(model.classes),
        "num_features": model.spec.dimension,
        "label_names": list(model.classes),
        "pretrained_cfg": {
            **kept,
            **_input_config(model.spec.preprocessing),
            "num_classes": len(model.classes),
            "classifier": model.spec.classifier,
            "license": model.spec.licence,
        },
    }


def _input_config(preprocessing: Preprocessing) -> dict[str, Any]:
    return {
        "input_size": [3, preprocessing.height, preprocessing.width],
        "interpolation": preprocessing.interpolation,
        "crop_pct": preprocessing.crop_fraction,
        "crop_mode": preprocessing.crop_mode,
        "mean": list(preprocessing.mean),
        "std": list(preprocessing.std),
    }
