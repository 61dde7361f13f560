"""Frozen means frozen: neither parameters nor the statistics of normalisation change, nor is anything dropped."""

from collections.abc import Sequence

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.encoders.stages import Stage


def set_training(module: torch.nn.Module, moving: Sequence[Stage], *, trained_statistics: bool) -> None:
    """Put the moving stages into training mode and all the rest into evaluation mode.

    It is called in place of ``module.train()``, which would let BatchNorm of frozen stages go on learning
    (requires_grad has no say in that). Without ``trained_statistics`` BatchNorm of the moving stages keeps its
    statistics too.

    Examples
    --------
    >>> from headstart.encoders.stages import find_stages
    >>> network = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 1), torch.nn.Dropout())
    >>> set_training(network, find_stages(network)[1:], trained_statistics=True)
    >>> [child.training for child in network]
    [False, True, True]
    """
    module.eval()
    for stage in moving:
        for path in stage.modules:
            module.get_submodule(path).train()
    if not trained_statistics:
        for child in module.modules():
            if isinstance(child, _BatchNorm):
                child.eval()


def norm_parameters(module: torch.nn.Module) -> tuple[str, ...]:
    """Name the parameters of normalisation layers, and all biases: what ``method = "norm"`` moves.

    Examples
    --------
    >>> norm_parameters(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2)))
    ('0.bias', '1.weight', '1.bias')
    """
    normal = {
        f"{path}.{name}" if path else name
        for path, child in module.named_modules()
        if "norm" in type(child).__name__.lower()
        for name, _ in child.named_parameters(recurse=False)
    }
    return tuple(name for name, _ in module.named_parameters() if name in normal or name.rpartition(".")[2] == "bias")
