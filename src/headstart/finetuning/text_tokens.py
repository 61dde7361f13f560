"""Moving an encoder of documents together with a linear head on its tokens: labels of tokens, or ends of an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from headstart.arrays import Integers, Singles
from headstart.encoders.text.torch_transformer import HIDDEN, TorchTransformer, build_transformer
from headstart.encoders.text.transformer import TYPES, WORDS, Transformer
from headstart.encoders.weight_files import Array
from headstart.finetuning.lora import add_matrices, merge_matrices
from headstart.runtime.progress import Progress

IGNORED = -100  # a token whose label does not count
BATCH, STEPS = 16, 300
RATES = {"probe": 5e-3, "lora": 2e-3, "full": 1e-4}
HEAD_RATE = 2e-3  # at least: a head has further to go than a network
WARM = 0.1  # share of the steps in which the rate rises


@dataclass(frozen=True, slots=True)
class TokenWindow:
    """Numbers of tokens (T,), and the label of each (T,), or the places (2,) of the first and the last of an answer."""

    ids: Integers
    targets: Integers


@dataclass(frozen=True, slots=True)
class TokenTraining:
    """How tokens are learnt: ``ends`` for the two ends of an answer; 0 epochs and rate 0 are chosen by rule."""

    method: str
    ends: bool = False
    epochs: int = 0
    rate: float = 0.0
    rank: int = 8
    seed: int = 0

    def passes(self, windows: int) -> int:
        """Return the number of epochs: about 300 steps, 2 to 30 passes over the windows.

        Examples
        --------
        >>> TokenTraining("lora").passes(100), TokenTraining("lora").passes(5000), TokenTraining("lora").passes(5)
        (30, 2, 30)
        """
        return self.epochs or min(30, max(2, STEPS * BATCH // max(1, windows)))


@dataclass(frozen=True, slots=True)
class TunedTokens:
    """Tensors under BERT's names, weight (K, 2 W) and bias (K,) of the head, and the loss of each epoch."""

    tensors: Mapping[str, Array]
    weight: Singles
    bias: Singles
    losses: tuple[float, ...]


def tune_tokens(  # six: a network in two values, what it learns, from where, how
    network: Transformer,
    tensors: Mapping[str, Array],
    windows: Sequence[TokenWindow],
    start: tuple[Singles, Singles],
    training: TokenTraining,
    progress: Progress,
) -> TunedTokens:
    """Train a head that starts as ``start``, and the network as the method says; the table of words stays as it is."""
    torch.manual_seed(training.seed)
    model, head = build_transformer(network, tensors), nn.Linear(start[0].shape[1], len(start[1]))
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(start[0].copy()))
        head.bias.copy_(torch.from_numpy(start[1].copy()))
    moving = _choose(model, training)
    rate = training.rate or RATES[training.method]
    groups = [{"params": moving, "lr": rate}, {"params": [*head.parameters()], "lr": max(rate, HEAD_RATE)}]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.01)
    losses = _run(model, head, windows, optimiser, training, progress)
    if training.method == "lora":
        merge_matrices(model)
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    kept = (
        tensors if not moving else {**state, WORDS: tensors[WORDS], **({TYPES: state[TYPES]} if network.types else {})}
    )
    return TunedTokens(kept, head.weight.detach().numpy(), head.bias.detach().numpy(), tuple(losses))


def _choose(model: TorchTransformer, training: TokenTraining) -> list[nn.Parameter]:
    for name, parameter in model.named_parameters():
        parameter.requires_grad = training.method == "full" and name not in model.fixed
    if training.method == "lora":
        add_matrices(model, training.rank, training.seed)
        for name, parameter in model.named_parameters():
            parameter.requires_grad = "lora_" in name
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _run(  # six: see tune_tokens
    model: TorchTransformer,
    head: nn.Linear,
    windows: Sequence[TokenWindow],
    optimiser: torch.optim.Optimizer,
    training: TokenTraining,
    progress: Progress,
) -> list[float]:
    random, passes = np.random.default_rng(training.seed), training.passes(len(windows))
    starts = range(0, len(windows), BATCH)
    total = passes * len(starts)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / max(1, WARM * total), max(0.0, (total - step) / total))
    )
    losses = []
    for epoch in range(passes):
        order, sums = random.permutation(len(windows)), 0.0
        for number, start in enumerate(starts):
            progress("Training", epoch * len(starts) + number, total, "")
            batch = [windows[place] for place in order[start : start + BATCH]]
            loss = _loss(model, head, batch, training.ends)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's
            torch.nn.utils.clip_grad_norm_([one for group in optimiser.param_groups for one in group["params"]], 1.0)
            optimiser.step()
            schedule.step()
            sums += float(loss.detach()) * len(batch)
        losses.append(sums / len(windows))
    progress("Training", total, total, "")
    return losses


def _loss(model: TorchTransformer, head: nn.Linear, batch: Sequence[TokenWindow], ends: bool) -> torch.Tensor:
    ids = nn.utils.rnn.pad_sequence([torch.from_numpy(one.ids) for one in batch], True, HIDDEN)
    states = model.hidden_states(ids)
    scores = head(torch.cat([states[-1], states[-2]], dim=2))  # (B, T, K)
    if ends:
        places = torch.from_numpy(np.stack([one.targets for one in batch]))
        hidden = scores.masked_fill((ids == HIDDEN)[:, :, None], -1e9)
        return functional.cross_entropy(hidden, places)  # over the tokens of each, for its first and for its last one
    labels = nn.utils.rnn.pad_sequence([torch.from_numpy(one.targets) for one in batch], True, IGNORED)
    return functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
