"""Weights between weights: moving averages, and the line from the probe to the fine-tuned network."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch.nn.modules.batchnorm import _BatchNorm

Tensors = dict[str, torch.Tensor]


def update_average(average: Tensors, live: Mapping[str, torch.Tensor], decay: float, step: int) -> None:
    """Move an exponential moving average towards the weights, in place; ``step`` counts from 0.

    The decay grows as (1 + step) / (10 + step) up to ``decay``, so that the first steps are not remembered for ever.
    BatchNorm's statistics are averaged as the weights are.

    Examples
    --------
    >>> average = {"a": torch.zeros(1)}
    >>> update_average(average, {"a": torch.ones(1)}, decay=0.9, step=0)
    >>> round(float(average["a"]), 6)
    0.9
    """
    kept = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, tensor in average.items():
            tensor.lerp_(live[name], 1 - kept)


def interpolate(start: Mapping[str, torch.Tensor], end: Mapping[str, torch.Tensor], share: float) -> Tensors:
    """Return the weights at ``share`` of the way from ``start`` to ``end`` (WiSE-FT, Wortsman et al. 2022).

    Counters of whole numbers are those of ``end``. At 0 and 1 the weights are those of start and end to the last bit.

    Examples
    --------
    >>> interpolate({"a": torch.zeros(1)}, {"a": torch.full((1,), 4.0)}, 0.25)["a"].tolist()
    [1.0]
    """
    if share in (0.0, 1.0):
        return dict(end if share else start)
    return {
        name: torch.lerp(start[name], tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in end.items()
    }


def renew_statistics(
    module: torch.nn.Module, forward: Callable[[torch.Tensor], object], batches: Iterable[torch.Tensor]
) -> None:
    """Estimate the statistics of BatchNorm anew, where it is in training mode: mixed weights need their own.

    Those halfway between the statistics of two networks belong to neither (Izmailov et al. 2018, section 3.2). Each is
    the mean over the batches; modes are left as they are.

    Examples
    --------
    >>> norm = torch.nn.BatchNorm1d(1)
    >>> renew_statistics(norm, norm, [torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [7.0]])])
    >>> norm.running_mean.tolist(), norm.momentum
    ([4.0], 0.1)
    """
    learning = [child for child in module.modules() if isinstance(child, _BatchNorm) and child.training]
    usual = [child.momentum for child in learning]
    for child in learning:
        child.reset_running_stats()
        child.momentum = None  # the plain mean over all batches
    try:
        with torch.no_grad():
            for batch in batches:
                forward(batch)
    finally:
        for child, momentum in zip(learning, usual, strict=True):
            child.momentum = momentum
