"""Moving an encoder of documents together with a linear head on its tokens: labels of tokens, or ends of an answer."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from torch.nn import functional

from headstart.arrays import Booleans, Integers
from headstart.data.splits import hold_out
from headstart.encoders.spec import LoadedEncoder
from headstart.encoders.text.torch_transformer import (
    HIDDEN,
    TorchTransformer,
    create_network,
    keep_blocks,
    load_tensors,
)
from headstart.encoders.weight_files import Array
from headstart.finetuning.batches import Subset, Views
from headstart.finetuning.build import FEWEST_TO_DIVIDE
from headstart.finetuning.classifier import build_classifier, choose_moving
from headstart.finetuning.distributed import Engine, choose_engine, own_generator, use_cores
from headstart.finetuning.job import TrainingExamples, TrainingJob, ValidationSet
from headstart.finetuning.lora import merge_matrices
from headstart.finetuning.losses import Labels, Scores, TrainingLoss
from headstart.finetuning.resume import find_checkpoint
from headstart.finetuning.text_views import TokenViews
from headstart.finetuning.train_job import TrainingRecord, run_job
from headstart.finetuning.weight_interpolation import choose_weights
from headstart.heads.head import Decoding
from headstart.heads.linear import LinearHead
from headstart.heads.probabilities import Softmax
from headstart.runtime.context import RunContext
from headstart.runtime.malloc import retained_memory
from headstart.settings.recipe import Recipe
from headstart.settings.rules import TrainingPlan, training_plan

IGNORED = -100  # a token whose label does not count
FAR = -1e9  # score of what fills a window up


@dataclass(frozen=True, slots=True, eq=False)
class TokenInputs:
    """What a training of tokens learns from; see :class:`headstart.finetuning.inputs.LearnedFrom`.

    Attributes
    ----------
    recipe, encoder
        The settings, and the pretrained network.
    windows, labels
        Numbers of the tokens of each of N windows (T,); the label of each (N, T), or the places of two ends (N, 2).
    groups, held
        Of each window the number of its text (N,), and whether it is held out for choosing (N,).
    head
        What training starts from: it was fitted to the frozen network, without what is held out.
    ends
        Whether the ends of an answer are learnt.
    """

    recipe: Recipe
    encoder: LoadedEncoder
    windows: Sequence[Integers]
    labels: Integers
    groups: Integers
    held: Booleans
    head: LinearHead
    ends: bool

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What tells the windows from others."""
        return tuple(ids.tobytes() for ids in self.windows)


def hold_out_texts(texts: Sequence[str], recipe: Recipe) -> Booleans:
    """Draw which examples are held out for choosing, (N,): a share, and equal texts together; none of few."""
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
    if recipe.split.validation_fraction == 0 or len(numbers) < FEWEST_TO_DIVIDE:
        return np.zeros(len(texts), bool)
    return hold_out(np.zeros(len(texts), int), groups, recipe.split.validation_fraction, recipe.run.seed)


@dataclass(frozen=True, slots=True, eq=False)
class TokenLoss(TrainingLoss):
    """Cross-entropy of the labels of tokens, or of two ends over the tokens of a window.

    Scores are those of all tokens in a row, (N, T K), filled up to the longest window. ``labelled`` is how many tokens
    of a window have a label on average: so the mean over windows is the mean over tokens.
    """

    linear_head: ClassVar[str] = "logistic"
    width: int
    ends: bool
    labelled: float = 1.0
    longest: int = 1

    @classmethod
    def of(cls, labels: Labels, width: int, recipe: Recipe) -> Self:
        """Return the loss of a training on these labels of tokens."""
        return cls(width, ends=False, labelled=max(1.0, float((labels >= 0).sum() / len(labels))))

    @property
    def guessing(self) -> float:
        """Return the loss of an answer that knows nothing."""
        return math.log(self.longest if self.ends else self.width)

    def targets(self, labels: torch.Tensor) -> torch.Tensor:
        """Return the labels themselves."""
        return labels

    def losses(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the loss of each window."""
        tokens = scores.float().view(len(scores), -1, self.width)  # (N, T, K)
        if self.ends:
            return functional.cross_entropy(tokens, targets, reduction="none").mean(dim=1)
        found = functional.cross_entropy(tokens.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")
        return found.sum(dim=1) / self.labelled

    def total(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the sum of the losses."""
        return self.losses(scores, labels).sum()

    def credits(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute of each window the share of its labels, or of its two ends, that are right."""
        tokens = scores.detach().view(len(scores), -1, self.width)
        right = (tokens.argmax(dim=1 if self.ends else 2) == targets).float()
        return right.mean(dim=1) if self.ends else right.sum(dim=1) / (targets >= 0).sum(dim=1).clamp(min=1)

    def credit(self, scores: torch.Tensor, targets: torch.Tensor) -> float:
        """Add up what is right."""
        return float(self.credits(scores, targets).sum())

    def fold(self, head: LinearHead, decoding: Decoding) -> LinearHead:
        """Return the head itself."""
        return head

    def fit_decoding(self, scores: Scores, labels: Labels, weights: Scores) -> Decoding:
        """Return the plain softmax."""
        return Softmax()

    def held_out_losses(self, scores: Scores, labels: Labels, decoding: Decoding | None = None) -> Scores:
        """Compute the loss of each window."""
        return self.losses(torch.from_numpy(scores), torch.from_numpy(labels)).numpy().astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class TunedTokens:
    """Tensors under BERT's names, the head on them, and how it went; with a share of 0 they are those of the start."""

    tensors: Mapping[str, Array]
    head: LinearHead
    record: TrainingRecord


def plan_tokens(recipe: Recipe, windows: int, *, choosing: bool) -> TrainingPlan:
    """Plan how weights move, as for texts with classes, from the head of the frozen network on.

    Where something is held out, the share of the way is chosen on it, and may be none of it.
    """
    plan = training_plan(recipe, windows, (), "text")
    assert plan is not None, "the method moves weights"
    wise = recipe.training.wise or ("auto" if choosing else "")
    return replace(plan, from_probe=True, regularisation=0.0, wise=wise, views=1, cached=False)


def tune_tokens(ground: TokenInputs, context: RunContext) -> TunedTokens:
    """Move the network and its head, and choose on what was held out how far; the table of words stays as it is.

    Raises
    ------
    RecipeError
        When a checkpoint of another run is to be resumed.
    OutputError
        When a checkpoint cannot be written.
    """
    use_cores()
    engine, resumed = choose_engine(ground.recipe.run.device, 1), find_checkpoint(ground, context)
    plan = plan_tokens(ground.recipe, int((~ground.held).sum()), choosing=bool(ground.held.any()))
    if resumed is not None:
        plan = TrainingPlan(**resumed.values["plan"])
    tensors = load_tensors(ground.encoder.spec, ground.encoder.files)
    with retained_memory(), own_generator():
        ran = run_job(ground, _create_job(ground, plan, tensors, engine), engine, context, resumed)
        choice = choose_weights(ran.training, ran.outcome, ran.starts)
        record = ran.record(choice, np.flatnonzero(ground.held), time.perf_counter() - ran.began, ())
    if choice.share == 0:
        return TunedTokens(tensors, ground.head, record)
    classifier = ran.training.task.moving.classifier.cpu()
    if plan.method == "lora":
        merge_matrices(classifier.encoder)
    weight, bias = (one.detach().numpy().copy() for one in (classifier.head.weight, classifier.head.bias))
    return TunedTokens(keep_blocks(classifier.encoder, tensors), LinearHead(weight, bias), record)


def _create_job(ground: TokenInputs, plan: TrainingPlan, tensors: Mapping[str, Array], engine: Engine) -> TrainingJob:
    longest, width = max(map(len, ground.windows)), len(ground.head.bias)
    classifier = build_classifier(
        lambda: create_network(ground.encoder.files.config, tensors),
        ground.head,
        ground.head.weight.shape[1],
        ground.recipe.run.seed,
    )
    moving = choose_moving(classifier, plan, ground.recipe)
    classifier.to(engine.device)
    network = cast(TorchTransformer, classifier.encoder)

    def forward(ids: torch.Tensor) -> torch.Tensor:
        states = network.hidden_states(ids)
        scores = classifier.head(torch.cat([states[-1], states[-2]], dim=2)).masked_fill(
            (ids == HIDDEN)[..., None], FAR
        )
        filled: torch.Tensor = functional.pad(scores, (0, 0, 0, longest - ids.shape[1]), value=FAR).flatten(1)
        return filled

    views = cast(Views, TokenViews([(ids,) for ids in ground.windows]))  # numbers of tokens are inputs, too
    train, held = np.flatnonzero(~ground.held), np.flatnonzero(ground.held)
    loss = TokenLoss.of(ground.labels[train], width, ground.recipe)
    loss = replace(loss, ends=ground.ends, longest=longest)
    return TrainingJob(
        moving=moving,
        forward=forward,
        train=TrainingExamples(Subset(views, train), ground.labels[train]),
        validation=_validation(ground, views, held, loss) if len(held) else None,
        width=longest * width,
        loss=loss,
        recipe=ground.recipe,
    )


def _validation(ground: TokenInputs, views: Views, rows: Integers, loss: TokenLoss) -> ValidationSet:
    def credit(scores: Scores, labels: Labels) -> Any:  # noqa: ANN401 - an array (N,)
        return loss.credits(torch.from_numpy(scores), torch.from_numpy(labels)).numpy()

    groups = np.unique(ground.groups[rows], return_inverse=True)[1]
    weights = np.full(len(rows), 1 / len(rows))
    return ValidationSet(Subset(views, rows), ground.labels[rows], weights, groups, loss, credit)
