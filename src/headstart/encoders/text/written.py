"""What a graph that was written into a folder of the cache is."""

from dataclasses import dataclass
from typing import Any

GRAPH = "encoder.onnx"


@dataclass(frozen=True, slots=True)
class WrittenEncoder:
    """A graph and its tokenizer.

    Attributes
    ----------
    architecture
        Name of the network.
    dimension
        Length of the features.
    positions
        How many tokens it reads at a time, those of a frame among them.
    config
        What its weights do not say.
    pooling, layers
        How its output became features: see :class:`headstart.encoders.preprocess.text_tokens.TextPreprocessing`.
    """

    architecture: str
    dimension: int
    positions: int
    config: dict[str, Any]
    pooling: str = "mean"
    layers: int = 2
