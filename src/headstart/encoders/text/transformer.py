"""What a transformer of the BERT family is, beside its weights, and under which names these must be there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from headstart.encoders.weight_files import Array
from headstart.errors import EncoderError

WORDS, PLACES, TYPES = (f"embeddings.{name}_embeddings.weight" for name in ("word", "position", "token_type"))
DISTANCES = "encoder.relative_attention_bias.weight"
ACTIVATIONS = {"gelu": "none", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}  # as ONNX calls them

# Beside an encoder, checkpoints hold parts that no features are taken from.
_LEFT_OUT = (
    "pooler.",
    "cls.",
    "lm_head.",
    "classifier.",
    "qa_outputs.",
    "embeddings.position_ids",
    "pre_classifier.",
    "vocab_",
)
DEEPEST = 1000  # layers: a larger number in a file is no truth
_ATTENTION = {"query": "q", "key": "k", "value": "v"}
KINDS = ("bert", "roberta", "xlm-roberta", "mpnet", "distilbert")
# What DistilBERT calls the parts of BERT, in its configuration and among its tensors.
_DISTILLED_SIZES = {
    "n_layers": "num_hidden_layers",
    "dim": "hidden_size",
    "n_heads": "num_attention_heads",
    "hidden_dim": "intermediate_size",
    "activation": "hidden_act",
}
_DISTILLED = {
    "transformer.layer.": "encoder.layer.",
    **{f".attention.{short}_lin.": f".attention.self.{part}." for part, short in _ATTENTION.items()},
    ".attention.out_lin.": ".attention.output.dense.",
    ".sa_layer_norm.": ".attention.output.LayerNorm.",
    ".ffn.lin1.": ".intermediate.dense.",
    ".ffn.lin2.": ".output.dense.",
    ".output_layer_norm.": ".output.LayerNorm.",
}


@dataclass(frozen=True, slots=True)
class Transformer:
    """A transformer encoder: attention, addition and normalisation, a network of two layers, and so on.

    Attributes
    ----------
    kind
        One of :data:`KINDS`, as transformers' ``config.json`` says.
    depth, width, heads, inner
        Layers, numbers of a token, heads of an attention, numbers between the two layers of its network.
    vocabulary, places, types
        Rows of the three tables of embeddings; the last is 0 where there is none.
    first_place
        Row of the first token in the table of places.
    distances
        Classes of distances, each with a number for every head; 0 where attention does not look at them.
    epsilon, activation
        Of the normalisation, and ``none`` or ``tanh`` for the exact or the approximated GELU.
    """

    kind: str
    depth: int
    width: int
    heads: int
    inner: int
    vocabulary: int
    places: int
    types: int
    first_place: int
    distances: int
    epsilon: float
    activation: str = "none"

    @property
    def positions(self) -> int:
        """How many tokens it can read at a time."""
        return self.places - self.first_place

    @property
    def architecture(self) -> str:
        """Its name for people and digests."""
        return f"{self.kind}-{self.depth}x{self.width}"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of its tensors, under BERT's names."""
        wide, inner, norm = self.width, self.inner, "LayerNorm"
        shapes: dict[str, tuple[int, ...]] = {WORDS: (self.vocabulary, wide), PLACES: (self.places, wide)}
        if self.types:
            shapes[TYPES] = (self.types, wide)
        if self.distances:
            shapes[DISTANCES] = (self.distances, self.heads)
        linear = {f"attention.self.{name}": (wide, wide) for name in _ATTENTION}
        linear |= {"attention.output.dense": (wide, wide), "intermediate.dense": (inner, wide)}
        linear["output.dense"] = (wide, inner)
        for layer in (f"encoder.layer.{number}." for number in range(self.depth)):
            shapes |= {f"{layer}{name}.weight": shape for name, shape in linear.items()}
            shapes |= {f"{layer}{name}.bias": shape[:1] for name, shape in linear.items()}
            norms = (f"{layer}attention.output.{norm}", f"{layer}output.{norm}")
            shapes |= {f"{name}.{part}": (wide,) for name in norms for part in ("weight", "bias")}
        return shapes | {f"embeddings.{norm}.{part}": (wide,) for part in ("weight", "bias")}

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], path: Path) -> Self:
        """Read transformers' ``config.json``; raises EncoderError for a network of another kind."""
        try:
            kind = config["model_type"]
            if kind == "distilbert":
                config = {_DISTILLED_SIZES.get(name, name): value for name, value in config.items()}
            if kind not in KINDS:
                raise EncoderError("encoders.other_transformer", path=path, kind=kind)
            if config.get("position_embedding_type", "absolute") != "absolute" or config.get("is_decoder"):
                raise EncoderError("encoders.other_transformer", path=path, kind=f"{kind} (decoder, or other places)")
            made = cls(
                kind=kind,
                depth=int(config["num_hidden_layers"]),
                width=int(config["hidden_size"]),
                heads=int(config["num_attention_heads"]),
                inner=int(config["intermediate_size"]),
                vocabulary=int(config["vocab_size"]),
                places=int(config["max_position_embeddings"]),
                types=0 if kind in ("mpnet", "distilbert") else int(config.get("type_vocab_size", 2)),
                first_place=0 if kind in ("bert", "distilbert") else int(config.get("pad_token_id", 1)) + 1,
                distances=int(config.get("relative_attention_num_buckets", 32)) if kind == "mpnet" else 0,
                epsilon=float(config.get("layer_norm_eps", 1e-12)),
                activation=ACTIVATIONS[config.get("hidden_act", "gelu")],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise EncoderError("encoders.damaged_config", path=path, error=repr(error)[:200]) from error
        sides = (made.depth, made.width, made.heads, made.inner, made.vocabulary, made.positions)
        if min(sides) < 1 or made.width % made.heads or made.depth > DEEPEST:
            raise EncoderError("encoders.damaged_config", path=path, error=str(sides))
        return made


def read_transformer(path: Path) -> Transformer:
    """Read ``config.json`` of a transformer; raises EncoderError."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError("encoders.damaged_config", path=path, error=str(error)[:200]) from error
    if not isinstance(config, dict):
        raise EncoderError("encoders.damaged_config", path=path, error=type(config).__name__)
    return Transformer.from_config(config, path)


def name_tensors(network: Transformer, tensors: Mapping[str, Array], path: Path) -> dict[str, Array]:
    """Return the tensors of a network in single precision under BERT's names.

    Raises
    ------
    EncoderError
        When a tensor is missing, has another shape, or is one that the network does not have; it is named.
    """
    named = {_plain_name(network.kind, name): tensor for name, tensor in tensors.items()}
    expected = network.shapes()
    foreign = [name for name in named if name not in expected and not name.startswith(_LEFT_OUT)]
    lacking = [name for name in expected if name not in named]
    if foreign or lacking:
        names, code = (lacking, "encoders.tensor_missing") if lacking else (foreign, "encoders.tensor_unexpected")
        raise EncoderError(code, path=path, names=sorted(names), network=network.architecture)
    for name, shape in expected.items():
        if named[name].shape != shape or named[name].dtype.kind != "f":
            got = f"{named[name].dtype.name} {named[name].shape}"
            raise EncoderError("encoders.tensor_of_other_shape", path=path, name=name, shape=str(shape), got=got)
    return {name: named[name].astype(np.float32, copy=False) for name in expected}


def _plain_name(kind: str, name: str) -> str:
    name = name.removeprefix(f"{kind.removeprefix('xlm-')}.")
    if kind == "distilbert":
        for theirs, ours in _DISTILLED.items():
            name = name.replace(theirs, ours)
    if kind != "mpnet":
        return name
    for ours, theirs in _ATTENTION.items():
        name = name.replace(f".attention.attn.{theirs}.", f".attention.self.{ours}.")
    name = name.replace(".attention.attn.o.", ".attention.output.dense.")
    return name.replace(".attention.LayerNorm.", ".attention.output.LayerNorm.")
