"""The first stages of a network as an encoder of their own: what leaves them, pooled to one vector per example."""

from functools import partial

import torch

from headstart.encoders.stages import find_stages
from headstart.encoders.variants import ALL_STAGES


class Staged(torch.nn.Module):
    """Inputs (N, 3, H, W) -> pooled output of the first stages (N, C), or of each stage, one behind the other.

    Parameters
    ----------
    module
        A network without classifier.
    count
        How many stages; -1 takes each of them, and the network's own features last.

    Examples
    --------
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 5, 3), torch.nn.Flatten(1))
    >>> Staged(network, 1)(torch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 4])
    """

    def __init__(self, module: torch.nn.Module, count: int) -> None:
        super().__init__()
        self.module = module
        entrances = [stage.modules[0] for stage in find_stages(module)[1:]]
        wanted = entrances if count == ALL_STAGES else entrances[count - 1 : count]
        self._whole = count == ALL_STAGES
        self._seen: dict[int, torch.Tensor] = {}
        for number, entrance in enumerate(wanted):
            module.get_submodule(entrance).register_forward_pre_hook(partial(self._look, number))

    def _look(self, number: int, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self._seen[number] = inputs[0]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run the network and give what was asked for; a graph leaves out what comes after it."""
        features = self.module(inputs)
        rows = [pooled(self._seen[number]) for number in sorted(self._seen)]
        self._seen.clear()
        if self._whole:
            rows.append(features)
        return rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)


def pooled(activations: torch.Tensor) -> torch.Tensor:
    """Take the mean over places: (N, C, H, W), (N, H, W, C) with H = W, (N, T, C) or (N, C) -> (N, C).

    Examples
    --------
    >>> pooled(torch.ones(2, 7, 7, 3)).shape, pooled(torch.ones(2, 3, 7, 7)).shape, pooled(torch.ones(2, 9, 4)).shape
    (torch.Size([2, 3]), torch.Size([2, 3]), torch.Size([2, 4]))
    """
    if activations.ndim == 4:
        last = activations.shape[1] == activations.shape[2] != activations.shape[3]
        return activations.mean(dim=(1, 2) if last else (2, 3))
    return activations.mean(dim=1) if activations.ndim == 3 else activations
