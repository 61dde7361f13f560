"""A transformer of the BERT family in torch: the network whose graph Headstart writes, for whoever moves its weights.

Its parameters have BERT's names, as :meth:`Transformer.shapes` lists them, and no others.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from headstart.arrays import Integers
from headstart.encoders.onnx_engine import open_session
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.encoders.text.blocks import find_product, read_blocks
from headstart.encoders.text.graph_tensors import read_graph
from headstart.encoders.text.loading import weights_stay
from headstart.encoders.text.transformer import WORDS, Transformer
from headstart.encoders.text.transformer_graph import distance_classes, narrow_names, write_transformer
from headstart.encoders.text.written import GRAPH
from headstart.encoders.weight_files import Array
from headstart.errors import EncoderError

HIDDEN = -1  # number of a token that fills a batch up
TOLERANCE = 1e-5  # of features of the graph against those of the network
TOGETHER = 16  # rows; more are divided by their lengths, or most of what is computed for short ones fills them up
_FAR = -1e9  # added to the scores of hidden tokens


class TorchTransformer(nn.Module):
    """Numbers of tokens (B, T) -> the features of :mod:`headstart.encoders.text.transformer_graph` (B, 2 W).

    A batch is filled up with :data:`HIDDEN`, or says by a mask which tokens count. What reads tokens instead of
    documents takes :meth:`hidden_states`; it is put together from :meth:`embed` and :meth:`run`.

    Examples
    --------
    >>> tiny = Transformer("bert", 2, 8, 2, 16, 50, 20, 2, 0, 0, 1e-12)
    >>> network = TorchTransformer(tiny)
    >>> network(torch.tensor([[5, 6, 7], [8, 9, HIDDEN]])).shape
    torch.Size([2, 16])
    >>> [states.shape for states in network.hidden_states(torch.tensor([[5, 6, 7]]))][-1]
    torch.Size([1, 3, 8])
    """

    fixed = (WORDS,)  # what stays as it is while all the rest moves: nothing was lost by it

    def __init__(self, network: Transformer) -> None:
        super().__init__()
        self.network, width = network, network.width
        tables = {"word": network.vocabulary, "position": network.places, "token_type": network.types}
        embeddings: dict[str, nn.Module] = {
            f"{name}_embeddings": nn.Embedding(rows, width) for name, rows in tables.items() if rows
        }
        self.embeddings = nn.ModuleDict({**embeddings, "LayerNorm": nn.LayerNorm(width, eps=network.epsilon)})
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_layer(network) for _ in range(network.depth))})
        if network.distances:
            self.encoder["relative_attention_bias"] = nn.Embedding(network.distances, network.heads)
            reach = network.positions
            classes = distance_classes(np.arange(1 - reach, reach), network.distances)
            self.register_buffer("classes", torch.from_numpy(classes), persistent=False)

    @property
    def adapted(self) -> tuple[str, ...]:
        """Beginnings of the names of the layers that low-rank matrices are put beside: the upper two thirds.

        What lies below is as good as it was, and need not be computed again in every epoch.
        """
        return tuple(f"encoder.layer.{number}." for number in range(self.network.depth // 3, self.network.depth))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Compute features (B, 2 W): the unit means of the last two layers."""
        mask = input_ids != HIDDEN if attention_mask is None else attention_mask.bool()
        if len(mask) > TOGETHER:
            order = mask.sum(dim=1).argsort(stable=True)
            parts = [self._trimmed(input_ids[rows], mask[rows]) for rows in order.chunk(2)]
            return torch.cat(parts)[order.argsort()]
        return self.pool(self.hidden_states(input_ids, mask), mask)

    def hidden_states(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, ...]:
        """Compute the states of all tokens (B, T, W): as they enter the first layer, then after each; the last last."""
        mask = input_ids != HIDDEN if attention_mask is None else attention_mask.bool()
        return self.run(self.embed(input_ids), mask)

    def embed(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Compute what enters the first layer (B, T, W)."""
        tables = cast(dict[str, Any], self.embeddings)
        first, count = self.network.first_place, input_ids.shape[1]
        states = tables["word_embeddings"](input_ids.clamp_min(0))
        states = states + tables["position_embeddings"].weight[first : first + count]
        if self.network.types:
            states = states + tables["token_type_embeddings"].weight[0]  # every token is of the first type
        embedded: torch.Tensor = tables["LayerNorm"](states)
        return embedded

    def run(
        self, states: torch.Tensor, mask: torch.Tensor, first: int = 0, end: int | None = None
    ) -> tuple[torch.Tensor, ...]:
        """Run the layers from ``first`` to ``end``, and return their input and what each of them gives, (B, T, W)."""
        bias = self._bias(mask)
        found = [states]
        for layer in cast(Sequence[Any], self.encoder["layer"])[first:end]:
            found.append(self._run_layer(layer, found[-1], bias))
        return tuple(found)

    def pool(self, states: Sequence[torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        """Join the unit means over the tokens that count of the last two of several states (B, T, W)."""
        weights = mask.float()[:, None]
        means = [functional.normalize((weights @ one)[:, 0], dim=1) for one in (states[-1], states[-2])]
        return torch.cat(means, dim=1)

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Describe the stages, as timm asks for them: what stands before the layers, then each layer."""
        return {"stem": r"^embeddings|^encoder\.relative", "blocks": r"^encoder\.layer\.(\d+)"}

    def _trimmed(self, input_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Compute features without the places at the end that no row fills."""
        end = int(mask.any(dim=0).nonzero().max()) + 1
        return self.forward(input_ids[:, :end], mask[:, :end])

    def _run_layer(self, layer: Any, states: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:  # noqa: ANN401
        attention, heads = layer["attention"], self.network.heads
        query, key, value = (
            attention["self"][name](states).unflatten(2, (heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        attended = _add(attention["output"], mixed.transpose(1, 2).flatten(2), states)
        inner = functional.gelu(layer["intermediate"]["dense"](attended), approximate=self.network.activation)
        return _add(layer["output"], inner, attended)

    def _bias(self, mask: torch.Tensor) -> torch.Tensor | None:
        """Return what is added to the scores of attention, or None where that is nothing."""
        whole = bool(mask.all())
        if whole and not self.network.distances:
            return None
        bias = torch.where(mask, 0.0, _FAR)[:, None, None]
        if not self.network.distances:
            return bias
        places = torch.arange(mask.shape[1], device=mask.device)
        classes = cast(torch.Tensor, self.classes)[places[None] - places[:, None] + self.network.positions - 1]
        scores: torch.Tensor = cast(Any, self.encoder["relative_attention_bias"])(classes)
        return bias + scores.permute(2, 0, 1)[None]


def load_tensors(spec: EncoderSpec, files: EncoderFiles) -> dict[str, Array]:
    """Load the weights of an encoder from its graph, under BERT's names; those of bytes are blocks of 4 bits.

    Raises
    ------
    RecipeError
        When its network is none of the BERT family.
    """
    if "vocabulary" not in files.config:
        raise weights_stay(spec.name)
    return _read_tensors(files)


def create_network(config: Mapping[str, Any], tensors: Mapping[str, Array] | None) -> TorchTransformer:
    """Build a network of its description; see :func:`build_transformer`."""
    return build_transformer(Transformer(**config), tensors)


def store_network(
    module: TorchTransformer, spec: EncoderSpec, files: EncoderFiles, inputs: Integers, place: Path
) -> None:
    """Write the graph and the tokenizer of a network whose weights moved; what did not move stays in its blocks.

    Raises
    ------
    EncoderError
        When the graph computes something else on ``inputs``, numbers of tokens (n, T).
    """
    write_transformer(module.network, keep_blocks(module, _read_tensors(files)), place / GRAPH)
    for name in files.beside:  # the tokenizer, and the words that the baseline knows
        (place / name).write_bytes(files.read(name))
    with torch.inference_mode():
        expected = module(torch.from_numpy(inputs)).numpy()
    given = {"input_ids": np.maximum(inputs, 0), "attention_mask": (inputs != HIDDEN).astype(np.int64)}
    (got,) = open_session(place / GRAPH, threads=1).run(None, given)
    worst = float(np.abs(got - expected).max())  # of features of length 1
    if not worst <= TOLERANCE:
        raise EncoderError("encoders.graph_differs", name=spec.name, worst=worst, most=TOLERANCE)


def keep_blocks(module: nn.Module, before: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors of a network; of those that are what they were before, the blocks that they were read from.

    Where a product of two narrow matrices was added to one, its blocks stay too, with these beside them.
    """
    tensors = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    for name, old in before.items():
        if old.dtype != np.uint8:
            continue
        plain = read_blocks(old)
        added = None if name == WORDS else find_product(plain, tensors[name])
        if added is not None and added[0].size:
            tensors |= dict(zip(narrow_names(name), added, strict=True))
        if added is not None or np.array_equal(plain, tensors[name]):
            tensors[name] = old
    return tensors


def build_transformer(network: Transformer, tensors: Mapping[str, Array] | None) -> TorchTransformer:
    """Build the network in evaluation mode with tensors under BERT's names, those of bytes being blocks of 4 bits.

    Without tensors its weights are drawn by torch's generator as BERT's were. Raises EncoderError when a tensor is
    missing, foreign, or of another shape.
    """
    made = TorchTransformer(network)
    if tensors is None:
        for module in made.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        return made.eval()
    plain = {
        name: read_blocks(array) if array.dtype == np.uint8 else np.array(array) for name, array in tensors.items()
    }
    try:  # the numbers of the words are many: no second copy of them
        made.load_state_dict({name: torch.from_numpy(array) for name, array in plain.items()}, strict=True, assign=True)
    except RuntimeError as error:
        said = " ".join(line.strip() for line in str(error).splitlines()[:2])[:300].rstrip(" .:")
        name = network.architecture
        raise EncoderError("encoders.weights_do_not_fit", name=name, architecture=name, error=said) from error
    return made.eval()


def _read_tensors(files: EncoderFiles) -> dict[str, Array]:
    assert files.graph is not None, "encoders of documents have graphs"
    return read_graph(Transformer(**files.config), files.graph)


def _layer(network: Transformer) -> nn.ModuleDict:
    wide, inner = network.width, network.inner
    attention = nn.ModuleDict({name: nn.Linear(wide, wide) for name in ("query", "key", "value")})
    return nn.ModuleDict(
        {
            "attention": nn.ModuleDict({"self": attention, "output": _residual(wide, wide, network.epsilon)}),
            "intermediate": nn.ModuleDict({"dense": nn.Linear(wide, inner)}),
            "output": _residual(inner, wide, network.epsilon),
        }
    )


def _residual(given: int, wide: int, epsilon: float) -> nn.ModuleDict:
    return nn.ModuleDict({"dense": nn.Linear(given, wide), "LayerNorm": nn.LayerNorm(wide, eps=epsilon)})


def _add(part: Any, changed: torch.Tensor, states: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 - of _residual
    added: torch.Tensor = part["LayerNorm"](part["dense"](changed) + states)
    return added
