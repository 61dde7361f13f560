"""What a training needs, put together: the network with its start, who trains and who validates, and the inputs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load_file

from headstart.arrays import Integers
from headstart.data.example import Example
from headstart.data.splits import hold_out
from headstart.features.access import read_features
from headstart.finetuning.batches import FreshViews, Rows, StoredViews, Subset, Views
from headstart.finetuning.classifier import TrainableParameters, build_classifier, choose_moving
from headstart.finetuning.distributed import Engine
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.job import TrainingExamples, TrainingJob, ValidationSet
from headstart.finetuning.losses import TrainingLoss
from headstart.finetuning.prefix_cache import ViewsWanted, cut, prefix_encoders
from headstart.finetuning.views import Augmentation
from headstart.heads.linear import LinearHead, as_linear
from headstart.heads.training_set import TrainingSet
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.runtime.machine import available_cores
from headstart.settings.rules import TrainingPlan
from headstart.tasks.base import load_task

FEWEST_TO_DIVIDE = 20  # with fewer examples nothing is held out for choosing


@dataclass(frozen=True, slots=True)
class TrainValidation:
    """Rows that train, and rows that are held out for choosing (none when there are too few)."""

    train: Rows
    validation: Rows


def hold_out_validation(ground: TrainingInputs) -> TrainValidation:
    """Hold out a share of each class for choosing epoch, share of the way, and decoding; no group is divided."""
    count = len(ground.labels)
    everything = np.arange(count)
    if ground.recipe.split.validation_fraction == 0 or count < FEWEST_TO_DIVIDE:
        return TrainValidation(everything, everything[:0])
    held = hold_out(
        ground.target.strata(ground.labels),
        _dense(ground.groups),
        ground.recipe.split.validation_fraction,
        ground.recipe.run.seed,
    )
    return TrainValidation(everything[~held], everything[held])


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSetup:
    """A task, and what was noticed while it was put together."""

    task: TrainingJob
    notices: tuple[Finding, ...]


@contextmanager
def assemble(
    ground: TrainingInputs, plan: TrainingPlan, halves: TrainValidation, engine: Engine, context: RunContext
) -> Iterator[TrainingSetup]:
    """Build the network and its inputs; threads that open examples end with the block."""
    loss = loss_of(ground, halves)
    start = _start(ground, plan, halves, loss)
    files = ground.encoder.files
    assert files.weights is not None, "an encoder that is loaded by name has its weights"
    tensors = load_file(files.weights) if plan.pretrained else None
    classifier = build_classifier(files.config, tensors, start, ground.encoder.spec.dimension, ground.recipe.run.seed)
    moving = choose_moving(classifier, plan, ground.recipe)
    with ThreadPoolExecutor(available_cores()) as workers:
        cached = _cached(ground, moving, engine, context) if plan.cached else None
        views, forward = cached or (fresh_views(ground, plan, ground.examples, workers), classifier)
        classifier.to(engine.device)
        engine.spread([*classifier.parameters(), *classifier.buffers()])
        task = TrainingJob(
            moving=moving,
            forward=forward,
            train=TrainingExamples(Subset(views, halves.train), ground.labels[halves.train]),
            validation=_validation(ground, views, halves, loss),
            width=ground.target.width,
            loss=loss,
            recipe=ground.recipe,
        )
        notices = () if cached or not plan.cached else (NOT_CUT,)
        yield TrainingSetup(task, notices)


NOT_CUT = Finding("finetuning.not_cut", severity="note")


def _start(ground: TrainingInputs, plan: TrainingPlan, halves: TrainValidation, loss: TrainingLoss) -> LinearHead | int:
    """Fit the head that training starts from: a probe on the rows that train, its decoding folded in."""
    if not plan.from_probe:
        return ground.target.width
    own = as_linear(ground.probe.head) is not None
    linear = ground.recipe.replace(head=ground.probe.name if own else loss.linear_head)
    probe = fit_probe(
        ground.features[halves.train], ground.labels[halves.train], ground.target, ground.groups[halves.train], linear
    )
    head = as_linear(probe.head)
    assert head is not None, "its family fits linear heads"
    return loss.fold(head, probe.decoding)


def fresh_views(
    ground: TrainingInputs, plan: TrainingPlan, examples: Sequence[Example], workers: ThreadPoolExecutor
) -> FreshViews:
    """Return inputs that are made of examples when they are needed, augmented as planned."""
    sources = [example.source for example in examples]
    return FreshViews(
        sources, ground.encoder.spec.preprocessing, augmentation_of(plan), ground.recipe.run.seed, workers
    )


def _cached(
    ground: TrainingInputs, moving: TrainableParameters, engine: Engine, context: RunContext
) -> tuple[Views, Callable[[torch.Tensor], torch.Tensor]] | None:
    """Compute what enters the first moving stage, once for each view, and return what makes scores of it.

    None when the network cannot be cut there.
    """
    plan, first = moving.plan, len(moving.frozen)
    classifier = moving.classifier
    inputs = ground.sample()
    found = cut(classifier.encoder, moving.stages, first, torch.from_numpy(inputs)) if first else None
    if found is None:
        return None
    wanted = ViewsWanted(plan.views, augmentation_of(plan), ground.recipe.run.seed)
    encoders = prefix_encoders(ground.encoder.spec, found, first, wanted, inputs, context.cache_folder)
    walk = read_features(ground.examples, ground.keys, encoders, context)
    views = StoredViews(tuple(one.matrix for one in walk.features), found.shape)
    return views, lambda activations: classifier.head(found.suffix(activations))


def augmentation_of(plan: TrainingPlan) -> Augmentation:
    """Describe what an augmented view does."""
    return Augmentation(crop=plan.crop, flip=plan.flip, trivial=plan.trivial)


def _validation(
    ground: TrainingInputs, views: Views, halves: TrainValidation, loss: TrainingLoss
) -> ValidationSet | None:
    rows = halves.validation
    if not len(rows):
        return None
    held = TrainingSet(ground.features[rows], ground.labels[rows], ground.target.width, ground.recipe.head.balance)
    credit = load_task(ground.target.task).metrics.credit
    return ValidationSet(Subset(views, rows), held.labels, held.weights, _dense(ground.groups[rows]), loss, credit)


def loss_of(ground: TrainingInputs, halves: TrainValidation) -> TrainingLoss:
    """Return what a training on the rows that train minimises."""
    loss: TrainingLoss = load_task(ground.target.task).loss.of(
        ground.labels[halves.train], ground.target.width, ground.recipe
    )
    return loss


def _dense(groups: Integers) -> Integers:
    """Renumber the groups as 0, 1, 2 ... without gaps."""
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)
