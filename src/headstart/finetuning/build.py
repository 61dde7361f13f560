"""What a training needs, put together: the network with its start, who trains and who validates, and the inputs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from headstart.arrays import Integers
from headstart.data.example import Example
from headstart.data.splits import hold_out
from headstart.encoders.spec import TrainableNetworks
from headstart.finetuning.batches import Rows, Subset, Views
from headstart.finetuning.classifier import build_classifier, choose_moving
from headstart.finetuning.distributed import Engine
from headstart.finetuning.inputs import TrainingInputs, ViewSource
from headstart.finetuning.job import TrainingExamples, TrainingJob, ValidationSet
from headstart.finetuning.losses import CONTRASTIVE, ContrastiveLoss, TrainingLoss
from headstart.finetuning.views import augmentation_of
from headstart.heads.family import load_family
from headstart.heads.linear import LinearHead, as_linear
from headstart.heads.training_set import TrainingSet
from headstart.modalities.base import load_modality
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
    whole = ground.recipe.training.method == CONTRASTIVE  # folds choose
    if ground.recipe.split.validation_fraction == 0 or whole or count < FEWEST_TO_DIVIDE:
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
    loss, whole = loss_of(ground, halves), plan.method == CONTRASTIVE
    start = _start(ground, plan, halves, loss)
    files, modality = ground.encoder.files, load_modality(ground.encoder.spec.modality)
    networks: TrainableNetworks = modality.networks
    tensors = networks.load_tensors(ground.encoder.spec, files) if plan.pretrained else None
    classifier = build_classifier(
        lambda: networks.create_network(files.config, tensors),
        start,
        ground.encoder.spec.dimension,
        ground.recipe.run.seed,
    )
    moving = choose_moving(classifier, plan, ground.recipe)
    with ThreadPoolExecutor(available_cores()) as workers:
        views = fresh_views(ground, plan, ground.examples, workers)
        notices: tuple[Finding, ...] = getattr(views, "notices", ())
        forward: Callable[[torch.Tensor], torch.Tensor] = classifier.encoder if whole else classifier
        if plan.cached:
            source: ViewSource = modality.views
            cached = source.cache_stages(ground, moving, views, context)
            if isinstance(cached, Finding):
                notices = (*notices, cached)
            else:
                views, forward = cached.views, cached.forward
        classifier.to(engine.device)
        engine.spread([*classifier.parameters(), *classifier.buffers()])
        task = TrainingJob(
            moving=moving,
            forward=forward,
            train=TrainingExamples(Subset(views, halves.train), ground.labels[halves.train]),
            validation=_validation(ground, views, halves, loss),
            width=ground.encoder.spec.dimension if whole else ground.target.width,
            loss=ContrastiveLoss(loss, ground.target.width) if whole else loss,
            recipe=ground.recipe,
        )
        yield TrainingSetup(task, notices)


def _start(ground: TrainingInputs, plan: TrainingPlan, halves: TrainValidation, loss: TrainingLoss) -> LinearHead | int:
    """Fit the head that training starts from: a probe on the rows that train, its decoding folded in."""
    if not plan.from_probe:
        return ground.target.width
    if plan.regularisation:
        family = load_family(loss.linear_head, ground.recipe)
        learned = TrainingSet(
            ground.features[halves.train], ground.labels[halves.train], ground.target.width, ground.recipe.head.balance
        )
        fitted = as_linear(family.fit(learned, plan.regularisation))
        assert fitted is not None, "its family fits linear heads"
        return fitted
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
) -> Views:
    """Return inputs that are made of examples when they are needed, varied as planned."""
    source: ViewSource = load_modality(ground.encoder.spec.modality).views
    sources, preprocessing = [example.source for example in examples], ground.encoder.spec.preprocessing
    return source.create_views(sources, preprocessing, augmentation_of(plan), ground.recipe.run.seed, workers)


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
