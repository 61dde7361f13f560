"""The network that is trained: an encoder with a linear head on its features, and what of it moves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from headstart.encoders.stages import Stage, find_stages
from headstart.finetuning.freezing import norm_parameters, set_training
from headstart.heads.linear import LinearHead
from headstart.settings.recipe import Recipe
from headstart.settings.rules import TrainingPlan

Tensors = dict[str, torch.Tensor]


class Classifier(torch.nn.Module):
    """Examples (N, 3, H, W) -> features (N, D) -> one score per class (N, C)."""

    def __init__(self, encoder: torch.nn.Module, head: torch.nn.Linear) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Score inputs."""
        scores: torch.Tensor = self.head(self.encoder(inputs))
        return scores


def build_classifier(
    create_encoder: Callable[[], torch.nn.Module], start: LinearHead | int, dimension: int, seed: int
) -> Classifier:
    """Build the network; a number of classes as ``start`` draws the head.

    Random weights depend on ``seed`` alone and leave torch's own generator as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = create_encoder()
        head = torch.nn.Linear(dimension, start if isinstance(start, int) else len(start.bias))
        torch.nn.init.normal_(head.weight, std=0.01)
        torch.nn.init.zeros_(head.bias)
    if isinstance(start, LinearHead):
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(np.ascontiguousarray(start.weight, dtype=np.float32)))
            head.bias.copy_(torch.from_numpy(np.ascontiguousarray(start.bias, dtype=np.float32)))
    return Classifier(encoder, head).to(memory_format=torch.channels_last)


@dataclass(frozen=True, slots=True, eq=False)
class TrainableParameters:
    """What moves: the stages from the input to the output, and how many of the last ones move in which epoch.

    Attributes
    ----------
    classifier
        The network.
    stages
        All stages of its encoder.
    names
        Parameters of the classifier that ever move.
    plan
        Decides the rest.
    """

    classifier: Classifier
    stages: tuple[Stage, ...]
    names: frozenset[str]
    plan: TrainingPlan

    def set_epoch(self, epoch: int) -> None:
        """Set what moves in this epoch (from 0), and training mode; frozen stages stay as they are to the last bit."""
        plan = self.plan
        count = len(self.stages) - len(self.frozen)
        if plan.method == "gradual":
            count = unfrozen_stages(epoch, plan.epochs, len(self.stages))
        active = self.stages[len(self.stages) - count :]
        set_training(self.classifier.encoder, active, trained_statistics=not plan.frozen_statistics)
        self.classifier.head.train()
        inside = {f"encoder.{name}" for stage in active for name in stage.parameters}
        everywhere = plan.method in ("norm", "lora")
        for name, parameter in self.classifier.named_parameters():
            parameter.requires_grad_(name in self.names and (everywhere or name in inside or name.startswith("head.")))

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """Return the parameters that ever move, in the order of the network."""
        for name, parameter in self.classifier.named_parameters():
            if name in self.names:
                yield parameter

    def tensors(self) -> Tensors:
        """Return everything a training can change: moving parameters, and the statistics beside them."""
        frozen = {f"encoder.{name}" for stage in self.frozen for name in (*stage.parameters, *stage.buffers)}
        fixed = {name for name, _ in self.classifier.named_parameters() if name not in self.names}
        return {
            name: tensor
            for name, tensor in self.classifier.state_dict().items()
            if name not in frozen and name not in fixed
        }

    @property
    def frozen(self) -> tuple[Stage, ...]:
        """The first stages, in which nothing ever moves."""
        moving = (any(f"encoder.{name}" in self.names for name in stage.parameters) for stage in self.stages)
        return self.stages[: next((number for number, moves in enumerate(moving) if moves), len(self.stages))]

    def load(self, tensors: Tensors) -> None:
        """Put values back that :meth:`tensors` gave."""
        own = self.classifier.state_dict()
        with torch.no_grad():
            for name, tensor in tensors.items():
                own[name].copy_(tensor)

    def groups(self, recipe: Recipe) -> list[dict[str, Any]]:
        """Make parameter groups: the rate falls from stage to stage towards the input, biases and norms keep weight.

        The decay is that of BEiT (Bao et al. 2022): ``rate * decay ** distance``, the last stage at distance 1, the
        head at 0 with a factor of its own. Parameters with one dimension, and those timm names, get no weight decay.
        """
        depth = {f"encoder.{name}": number for number, stage in enumerate(self.stages) for name in stage.parameters}
        spared = {f"encoder.{name}" for name in _is_exempt(self.classifier.encoder)}
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
        for name, parameter in self.classifier.named_parameters():
            if name not in self.names:
                continue
            inside = name.startswith("encoder.")
            distance = len(self.stages) - depth.get(name, len(self.stages) - 1) if inside else 0
            plain = parameter.ndim <= 1 or name in spared or (recipe.training.l2sp > 0 and inside)
            scale = self.plan.layer_decay**distance if inside else self.plan.head_factor
            key = (scale, 0.0 if plain else recipe.training.weight_decay)
            groups.setdefault(key, []).append(parameter)
        return [
            {"params": parameters, "scale": scale, "lr": self.plan.rate * scale, "weight_decay": decay}
            for (scale, decay), parameters in groups.items()
        ]


def choose_moving(classifier: Classifier, plan: TrainingPlan, recipe: Recipe) -> TrainableParameters:
    """Decide which parameters move, and freeze the others; for ``lora`` the small matrices are added."""
    stages = find_stages(classifier.encoder)
    head = {"head.weight", "head.bias"}
    if plan.method == "lora":
        from headstart.finetuning.lora import add_matrices

        names = head | {
            f"encoder.{name}" for name in add_matrices(classifier.encoder, recipe.training.rank, recipe.run.seed)
        }
        stages = find_stages(classifier.encoder)
    elif plan.method == "norm":
        names = head | {f"encoder.{name}" for name in norm_parameters(classifier.encoder)}
    else:
        moving = stages[len(stages) - plan.stages :] if plan.stages else stages
        names = head | {f"encoder.{name}" for stage in moving for name in stage.parameters}
    if plan.pretrained:
        names = names - {f"encoder.{name}" for name in getattr(classifier.encoder, "fixed", ())}
    for name, parameter in classifier.named_parameters():
        parameter.requires_grad_(name in names)
    return TrainableParameters(classifier, stages, frozenset(names), plan)


def unfrozen_stages(epoch: int, epochs: int, stages: int) -> int:
    """Estimate how many of the last stages move in an epoch (from 0) of gradual unfreezing (Howard and Ruder 2018).

    The last stage moves from the first epoch on, all of them in the last quarter.

    Examples
    --------
    >>> [unfrozen_stages(epoch, 8, 7) for epoch in range(8)]
    [1, 2, 3, 4, 5, 6, 7, 7]
    """
    return min(stages, 1 + int((stages - 1) * epoch / max(1.0, 0.75 * epochs)))


def create_optimizer(name: str, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """Make AdamW, Adam (its weight decay is a plain L2 penalty) or SGD with momentum 0.9."""
    if name == "sgd":
        return torch.optim.SGD(groups, momentum=0.9, nesterov=True)
    return torch.optim.Adam(groups) if name == "adam" else torch.optim.AdamW(groups)


def _is_exempt(encoder: torch.nn.Module) -> set[str]:
    names = getattr(encoder, "no_weight_decay", None)
    return set(names()) if callable(names) else set()
