"""Networks whose graph is written without torch: EfficientNet-Lite and MobileNetV2, as far as weights do not say it.

Both are the same network (Sandler et al. 2018): a stem, seven stages of inverted residuals, a last convolution, and the
mean over places. Widths and kernels stand in the weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headstart.encoders.variants import read_variant
from headstart.encoders.weights import Weights
from headstart.registry import TABLES

REVISION = 1  # of the graphs: raise it when what they compute changes
CLASSIFIER = "classifier"
STRIDES = (1, 2, 2, 2, 1, 2, 1)  # of the first block of each stage
STAGES = len(STRIDES) + 1  # with the stem; the last convolution belongs to the last stage


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What the weights do not say of a network.

    Attributes
    ----------
    repeats
        Blocks of each stage.
    side, crop
        Usual side of an example in pixels, and how much of the middle of an example it shows.
    mean, std, tag
        Of timm's configuration.
    epsilon
        Of the normalisation.
    even_padding
        The same on both sides, as torch does it; TensorFlow puts what is odd behind.
    """

    repeats: tuple[int, ...]
    side: int
    crop: float
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    tag: str = "in1k"
    epsilon: float = 1e-3
    even_padding: bool = False

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks, as timm gives them."""
        return tuple(f"blocks.{stage}.{block}" for stage, count in enumerate(self.repeats) for block in range(count))


_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
BLUEPRINTS = {
    "tf_efficientnet_lite0": Blueprint((1, 2, 2, 3, 3, 4, 1), 224, 0.875),
    "tf_efficientnet_lite1": Blueprint((1, 3, 3, 4, 4, 5, 1), 240, 0.882),
    "tf_efficientnet_lite2": Blueprint((1, 3, 3, 4, 4, 5, 1), 260, 0.89),
    "mobilenetv2_100": Blueprint(
        (1, 2, 3, 4, 3, 3, 1), 224, 0.875, **_IMAGENET, tag="ra_in1k", epsilon=1e-5, even_padding=True
    ),
}


def network_config(architecture: str, side: int) -> dict[str, Any]:
    """Return what timm's ``config.json`` says of a network without classifier; side 0 is the usual one."""
    blueprint = BLUEPRINTS[architecture]
    usual = side or blueprint.side
    pretrained = {
        "tag": blueprint.tag,
        "input_size": [3, usual, usual],
        "fixed_input_size": False,
        "interpolation": "bicubic",
        "crop_pct": blueprint.crop,
        "crop_mode": "center",
        "mean": list(blueprint.mean),
        "std": list(blueprint.std),
        "num_classes": 0,
        "pool_size": [-(-usual // 32)] * 2,
        "first_conv": "conv_stem",
        "classifier": CLASSIFIER,
        "license": "apache-2.0",
    }
    if side:
        del pretrained["pool_size"]
    return {"architecture": architecture, "num_classes": 0, "num_features": 1280, "pretrained_cfg": pretrained}


def has_blueprint(config: Mapping[str, Any]) -> bool:
    """Return whether the network of a ``config.json`` is one of these, as it usually is."""
    return config.get("architecture") in BLUEPRINTS and not config.get("model_args")


def blueprint_of(weights: Weights) -> str:
    """Return timm's name of the network, without tag, when weights of a package fill one of these; "" otherwise."""
    name = weights.architecture.split(".")[0]
    return name if read_variant(weights.name).base in TABLES["encoders"] and name in BLUEPRINTS else ""


def network_names(architecture: str) -> list[str]:
    """Return names of timm's tensors by which those of a package are known: one of the stem, and one of each block.

    Examples
    --------
    >>> network_names("mobilenetv2_100")[:3]
    ['conv_stem.weight', 'blocks.0.0.conv_dw.weight', 'blocks.1.0.conv_dw.weight']
    """
    return ["conv_stem.weight", *(f"{block}.conv_dw.weight" for block in BLUEPRINTS[architecture].blocks)]
