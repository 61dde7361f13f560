"""Which layer of a network to look at: the last one whose places still matter to the features."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from headstart.errors import EncoderError

SEED = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """How the output of a layer is read as maps.

    Attributes
    ----------
    form
        ``channels first`` (N, K, h, w), ``channels last`` (N, h, w, K) or ``tokens`` (N, T, K).
    height, width
        Of the maps.
    prefix
        How many tokens stand before those of the places: class and register tokens.
    """

    form: str
    height: int
    width: int
    prefix: int = 0

    def maps(self, output: torch.Tensor) -> torch.Tensor:
        """Read a layer's output as maps (N, K, h, w).

        Examples
        --------
        >>> Shape("tokens", 2, 2, prefix=1).maps(torch.arange(5.0).reshape(1, 5, 1)).tolist()
        [[[[1.0, 2.0], [3.0, 4.0]]]]
        """
        if self.form == "channels first":
            return output
        if self.form == "channels last":
            return output.permute(0, 3, 1, 2)
        places = output[:, self.prefix :]
        return places.transpose(1, 2).reshape(len(output), -1, self.height, self.width)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer by the path of its module, and how its output is read."""

    name: str
    shape: Shape


def choose_layer(network: torch.nn.Module, pixels: torch.Tensor) -> Layer:
    """Choose the last layer with maps on whose places the features depend.

    A convolutional network gives its last maps. In a transformer that reads its answer from the class token, the
    patches of the last block's output do not matter any more; what matters last is what enters its attention.

    Parameters
    ----------
    network
        Pictures (N, 3, H, W) -> features (N, D), in evaluation mode.
    pixels
        One input, shape (1, 3, H, W).

    Raises
    ------
    EncoderError
        When no layer has maps.
    """
    outputs = _outputs(network, pixels)
    for name, output in reversed(outputs.items()):
        shape = read_shape(network, output, pixels)
        if shape is not None and output.grad is not None and bool(shape.maps(output.grad).abs().max() > 0):
            return Layer(name, shape)
    raise EncoderError("explain.no_layer")


def read_shape(network: torch.nn.Module, output: torch.Tensor, pixels: torch.Tensor) -> Shape | None:
    """Return how a layer's output can be read as maps with as many channels as the last maps; None when it cannot."""
    channels = int(getattr(network, "num_features", 0))
    if output.ndim == 4 and min(output.shape[2:]) * max(output.shape[2:]) > 1 and output.shape[1] == channels:
        return Shape("channels first", output.shape[2], output.shape[3])
    if output.ndim == 4 and output.shape[3] == channels and output.shape[1] * output.shape[2] > 1:
        return Shape("channels last", output.shape[1], output.shape[2])
    if output.ndim == 3 and output.shape[2] == channels:
        return _token_shape(network, output.shape[1], pixels)
    return None


def _token_shape(network: torch.nn.Module, count: int, pixels: torch.Tensor) -> Shape | None:
    ratio = pixels.shape[2] / pixels.shape[3]
    for prefix in dict.fromkeys((int(getattr(network, "num_prefix_tokens", 0)), 0)):
        places = count - prefix
        height = round(math.sqrt(max(places, 0) * ratio))
        if height > 0 and places > 1 and places % height == 0 and round(height / ratio) == places // height:
            return Shape("tokens", height, places // height, prefix)
    return None


def _outputs(network: torch.nn.Module, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Run the network forwards and back from a random direction; outputs of the modules in the order they ended."""
    outputs: dict[str, torch.Tensor] = {}
    handles = [module.register_forward_hook(_keeper(name, outputs)) for name, module in network.named_modules() if name]
    try:
        features = network(pixels)
        direction = torch.randn(features.shape, generator=torch.Generator().manual_seed(SEED))
        (features * direction).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
        network.zero_grad(set_to_none=True)
    return outputs


def _keeper(name: str, outputs: dict[str, torch.Tensor]) -> Callable[[torch.nn.Module, object, object], object]:
    def keep(_module: torch.nn.Module, _inputs: object, output: object) -> object:
        if not isinstance(output, torch.Tensor) or not output.requires_grad:
            return None
        output.retain_grad()
        outputs.pop(name, None)
        outputs[name] = output
        return output.clone()  # what changes its input in place, as some ReLUs do, shall not change what is kept

    return keep
