"""Low-rank adaptation: small matrices beside the large ones, merged when the training is over (Hu et al. 2022)."""

from collections.abc import Mapping
from typing import Any

import torch

from headstart.errors import EncoderError

Layer = torch.nn.Linear | torch.nn.Conv2d
MARK = "lora_"
SCALE = 2.0  # of what the matrices add


class LowRankLayer(torch.nn.Module):
    """A linear or convolutional layer, and beside it two small ones whose product is added to its weight.

    The second of them starts at zero, so that nothing is added at first.

    Examples
    --------
    >>> whole = LowRankLayer(torch.nn.Linear(3, 2), rank=1)
    >>> inputs = torch.ones(1, 3)
    >>> torch.equal(whole(inputs), whole.layer(inputs))
    True
    """

    def __init__(self, layer: Layer, rank: int) -> None:
        super().__init__()
        self.layer = layer
        if isinstance(layer, torch.nn.Linear):
            self.lora_A: Layer = torch.nn.Linear(layer.in_features, rank, bias=False)
            self.lora_B: Layer = torch.nn.Linear(rank, layer.out_features, bias=False)
        else:  # of its own kind: some fill up the borders in a way of theirs
            names = ("kernel_size", "stride", "padding", "dilation")
            about: dict[str, Any] = {name: getattr(layer, name) for name in names}
            self.lora_A = type(layer)(layer.in_channels, rank, bias=False, **about)
            self.lora_B = torch.nn.Conv2d(rank, layer.out_channels, 1, bias=False)
        torch.nn.init.zeros_(self.lora_B.weight)

    @property
    def weight(self) -> torch.Tensor:
        """The weight with what is added to it."""
        product = self.lora_B.weight.flatten(1) @ self.lora_A.weight.flatten(1)
        return self.layer.weight + SCALE * product.view_as(self.layer.weight)

    @property
    def bias(self) -> torch.Tensor | None:
        """The bias, which stays as it is."""
        return self.layer.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute what the layer gives with the weight as it has become."""
        added: torch.Tensor = self.lora_B(SCALE * self.lora_A(inputs))
        whole: torch.Tensor = self.layer(inputs) + added
        return whole


def add_matrices(encoder: torch.nn.Module, rank: int, seed: int) -> tuple[str, ...]:
    """Put matrices of this rank beside every linear and every ungrouped convolutional layer.

    A network may name the beginnings of those that are meant as its ``adapted``. Return the names of the parameters
    that move.

    Raises
    ------
    EncoderError
        When the network has no such layer.
    """
    targets = {
        name: module
        for name, module in encoder.named_modules()
        if (isinstance(module, torch.nn.Linear) or (isinstance(module, torch.nn.Conv2d) and module.groups == 1))
        and name.startswith(getattr(encoder, "adapted", ""))
    }
    if not targets:
        raise EncoderError("finetuning.no_layer_for_lora")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the first matrix of each pair is drawn
        for name, module in targets.items():
            _exchange(encoder, name, LowRankLayer(module, rank))
    return tuple(name for name, _ in encoder.named_parameters() if MARK in name)


def freeze_first(start: Mapping[str, torch.Tensor], end: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take the first matrix of each pair from the end of the training.

    The network is still the one it started as, because the second matrices are zero; and from here to the end their
    product, which is what is added to the weights, grows in a straight line.

    Examples
    --------
    >>> start = {"a.lora_A.weight": torch.ones(1), "a.lora_B.weight": torch.zeros(1)}
    >>> end = {name: torch.full((1,), 3.0) for name in start}
    >>> [float(tensor) for tensor in freeze_first(start, end).values()]
    [3.0, 0.0]
    """
    return {name: end[name] if f".{MARK}A." in name else tensor for name, tensor in start.items()}


def merge_matrices(encoder: torch.nn.Module) -> None:
    """Add the small matrices to the large ones and take them away: the network has its own layers and names again."""
    for name, module in list(encoder.named_modules()):
        if isinstance(module, LowRankLayer):
            with torch.no_grad():
                module.layer.weight.copy_(module.weight)
            _exchange(encoder, name, module.layer)


def _exchange(encoder: torch.nn.Module, name: str, layer: torch.nn.Module) -> None:
    path, _, last = name.rpartition(".")
    setattr(encoder.get_submodule(path), last, layer)
