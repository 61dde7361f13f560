"""The same transformer with weights drawn at random: what its tokenizer and its shape alone are worth."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from headstart.encoders.folders import new_cache_folder
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.transformer import Transformer
from headstart.encoders.text.transformer_graph import REVISION, write_transformer
from headstart.encoders.text.written import GRAPH
from headstart.encoders.weight_files import Array
from headstart.errors import RecipeError
from headstart.runtime.hashing import sha256_of_json

SPREAD = np.float32(0.02)  # standard deviation of all that is no normalisation: BERT's own start


def untrained_encoder(spec: EncoderSpec, files: EncoderFiles, seed: int, cache: Path) -> TextEncoder:
    """Create an encoder with the same network and tokenizer, whose weights were drawn with ``seed``; without torch.

    Raises
    ------
    RecipeError
        When the network is no transformer.
    """
    try:
        network = Transformer(**files.config)
    except TypeError as error:
        raise RecipeError("encoders.no_random_weights", name=spec.name) from error
    digest = sha256_of_json(["random weights", files.config, seed, version("numpy"), REVISION])
    folder = cache / "untrained" / f"{network.architecture}-{seed}-{digest[:12]}"
    if not (folder / GRAPH).is_file():
        with new_cache_folder(folder) as place:
            write_transformer(network, draw_tensors(network.shapes(), seed), place / GRAPH)
    named = replace(spec, name=f"{spec.name} (random weights)", source="random weights", weights_digest=digest)
    return TextEncoder(named, replace(files, graph=folder / GRAPH))


def draw_tensors(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, Array]:
    """Draw the tensors of a transformer as BERT begins: small weights, no bias, normalisations that do nothing.

    Examples
    --------
    >>> drawn = draw_tensors({"a.LayerNorm.weight": (2,), "b.weight": (50, 50), "b.bias": (2,)}, seed=0)
    >>> drawn["a.LayerNorm.weight"].tolist(), drawn["b.bias"].tolist(), round(float(drawn["b.weight"].std()), 3)
    ([1.0, 1.0], [0.0, 0.0], 0.02)
    """
    draw, drawn = np.random.default_rng(seed), dict[str, Array]()
    for name, shape in shapes.items():
        if len(shape) == 1:
            drawn[name] = np.full(shape, name.endswith("weight"), np.float32)
        else:
            drawn[name] = SPREAD * draw.standard_normal(shape, np.float32)
    return drawn
