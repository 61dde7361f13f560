"""What timm's ``config.json`` says about a network with a linear head in the place of its classifier."""

from collections.abc import Sequence
from typing import Any

from headstart.encoders.spec import EncoderSpec

# Of the checkpoint's configuration: where its file and its classes came from, and input sizes not used.
NOT_OURS = (
    *("url", "file", "state_dict", "hf_hub_id", "hf_hub_filename", "source", "custom_load"),
    *("label_offset", "label_names", "label_descriptions"),
    *("test_input_size", "test_crop_pct", "test_pool_size", "min_input_size", "pool_size"),
)


def timm_config(spec: EncoderSpec, encoder: dict[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """Describe encoder and head as timm does; ``encoder`` is the ``config.json`` of the network without classifier."""
    kept = {key: value for key, value in encoder.get("pretrained_cfg", {}).items() if key not in NOT_OURS}
    return {
        **encoder,
        "architecture": spec.architecture,
        "num_classes": len(classes),
        "num_features": spec.dimension,
        "label_names": list(classes),
        "pretrained_cfg": {
            **kept,
            **_input_config(spec.preprocessing.to_json()),
            "num_classes": len(classes),
            "classifier": spec.classifier,
            "license": spec.licence,
        },
    }


def _input_config(described: dict[str, Any]) -> dict[str, Any]:
    return {
        "input_size": [3, described["height"], described["width"]],
        "interpolation": described["interpolation"],
        "crop_pct": described["crop_fraction"],
        "crop_mode": described["crop_mode"],
        "mean": list(described["mean"]),
        "std": list(described["std"]),
    }
