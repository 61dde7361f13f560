"""Low-rank adaptation by the library peft: small matrices beside the large ones, merged when the training is over."""

import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import torch

from headstart.errors import EncoderError, MissingExtraError

MARK = "lora_"


def add_matrices(encoder: torch.nn.Module, rank: int, seed: int) -> tuple[str, ...]:
    """Put matrices of this rank beside every linear and every ungrouped convolutional layer.

    A network may name the ends of those that are meant as its ``adapted``.
    The second of each pair starts at zero, so that the network starts as it was (Hu et al. 2022). Return the names of
    the parameters that move.

    Raises
    ------
    MissingExtraError
        When peft is not installed.
    EncoderError
        When the network has no such layer.
    """
    if find_spec("peft") is None:
        raise MissingExtraError("peft", "lora", "finetuning.for_lora")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that peft imports
        from peft import LoraConfig, inject_adapter_in_model
    targets = [
        name
        for name, module in encoder.named_modules()
        if (isinstance(module, torch.nn.Linear) or (isinstance(module, torch.nn.Conv2d) and module.groups == 1))
        and name.endswith(getattr(encoder, "adapted", ""))
    ]
    if not targets:
        raise EncoderError("finetuning.no_layer_for_lora")
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets, bias="none")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the first matrix of each pair is drawn
        inject_adapter_in_model(config, encoder)
    return tuple(name for name, _ in encoder.named_parameters() if MARK in name)


def freeze_first(start: Mapping[str, torch.Tensor], end: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take the first matrix of each pair from the end of the training.

    The network is still the one it started as, because the second matrices are zero; and from here to the end their
    product, which is what is added to the weights, grows in a straight line.

    Examples
    --------
    >>> start = {"a.lora_A.default.weight": torch.ones(1), "a.lora_B.default.weight": torch.zeros(1)}
    >>> end = {name: torch.full((1,), 3.0) for name in start}
    >>> [float(tensor) for tensor in freeze_first(start, end).values()]
    [3.0, 0.0]
    """
    return {name: end[name] if f".{MARK}A." in name else tensor for name, tensor in start.items()}


def merge_matrices(encoder: torch.nn.Module) -> None:
    """Add the small matrices to the large ones and take them away: the network has its own layers and names again."""
    for name, module in list(encoder.named_modules()):
        merge: Any = getattr(module, "get_base_layer", None)
        if merge is None or not hasattr(module, "merge"):
            continue
        module.merge()
        parent = encoder.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], merge())
