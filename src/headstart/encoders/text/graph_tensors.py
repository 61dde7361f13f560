"""The tensors of a transformer, read back from its graph: no second file of weights is kept beside it."""

from pathlib import Path
from typing import Any

import numpy as np

from headstart.encoders.text.blocks import join_blocks, read_blocks, unpack_pairs
from headstart.encoders.text.transformer import DISTANCES, PLACES, TYPES, WORDS, Transformer
from headstart.encoders.text.transformer_graph import distance_classes, narrow_names
from headstart.encoders.weight_files import Array
from headstart.errors import EncoderError


def read_graph(network: Transformer, path: Path) -> dict[str, Array]:
    """Read the tensors that :func:`headstart.encoders.text.transformer_graph.write_transformer` was given.

    They have BERT's names; those of bytes are blocks of 4-bit numbers. The vector of the first type of tokens, which
    the graph adds to the places, stays there: types are zeros.

    Raises
    ------
    EncoderError
        When the file cannot be read, or is the graph of another network.
    """
    import onnx
    from onnx import numpy_helper

    try:
        kept: Any = onnx.load(str(path)).graph.initializer
        arrays: dict[str, Array] = {one.name: numpy_helper.to_array(one) for one in kept}
        return {name: _tensor(network, name, shape, arrays) for name, shape in network.shapes().items()}
    except Exception as error:  # protobuf has exceptions of its own
        said = f"{type(error).__name__}: {error}"[:200].rstrip(".")
        raise EncoderError("encoders.unreadable_weights", path=path, error=said) from error


def _tensor(network: Transformer, name: str, shape: tuple[int, ...], arrays: dict[str, Array]) -> Array:
    if name == TYPES:
        return np.zeros(shape, np.float32)
    if name == PLACES:
        before = np.zeros((network.first_place, network.width), np.float32)
        return np.concatenate([before, arrays["places"]])
    if name == DISTANCES:
        reach = network.positions
        classes = distance_classes(np.arange(1 - reach, reach), network.distances)
        table = np.zeros(shape, np.float32)
        table[classes] = arrays["distances"]
        return table
    if name in arrays:
        return arrays[name].reshape(shape)
    if name == WORDS:
        return join_blocks(arrays[f"{name}.scales"], arrays[f"{name}.bits"])
    layer = name.removesuffix(".weight")
    blocks = join_blocks(arrays[f"{layer}.scales"][:, :, None], unpack_pairs(arrays[f"{layer}.bits"]))
    left, right = (arrays.get(one) for one in narrow_names(name))
    return blocks if left is None or right is None else read_blocks(blocks) + (right @ left).T
