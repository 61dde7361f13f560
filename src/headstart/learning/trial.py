"""A training whose network is used once and not kept: for experiments."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from headstart.data.example import Example
from headstart.learning.assembly import assemble, augmentation_of, divide
from headstart.learning.batches import FreshViews
from headstart.learning.engine import choose_engine, use_cores
from headstart.learning.ground import Ground
from headstart.learning.loop import Training
from headstart.learning.memory import kept_memory
from headstart.learning.task import Hooks, log_losses
from headstart.learning.watching import SilentWatcher
from headstart.places import Place
from headstart.progress import Progress
from headstart.rules import TrainingPlan, available_cores, training_plan

FACTORS = (0.3, 1.0, 3.0)  # of the usual learning rate: those that are compared


def plan_for_steps(ground: Ground, steps: int) -> TrainingPlan:
    """Plan a training of about so many steps, at least one epoch, that moves weights as ``ground.recipe`` says."""
    plan = training_plan(ground.recipe, len(ground.labels), ground.classes)
    assert plan is not None, "the method moves weights"
    per_epoch = max(1, -(-len(ground.labels) // plan.batch_size))
    return replace(plan, epochs=max(1, round(steps / per_epoch)), wise="", cached=False)


def best_rate(ground: Ground, plan: TrainingPlan, place: Place) -> float:
    """Choose the learning rate among three by the loss on pictures held out; the usual one when none can be."""
    halves = divide(ground)
    if not len(halves.validation):
        return plan.rate
    losses = {}
    for factor in FACTORS:
        rate = plan.rate * factor
        scores = _trained(ground, replace(plan, rate=rate), None, place)
        losses[rate] = float(log_losses(scores, ground.labels[halves.validation]).mean())
    return min(losses, key=lambda rate: losses[rate] if np.isfinite(losses[rate]) else np.inf)


def train_and_score(
    ground: Ground, plan: TrainingPlan, examples: Sequence[Example], place: Place
) -> npt.NDArray[np.float64]:
    """Train on all pictures of ``ground`` and score others, shape (N, C)."""
    everything = replace(ground, recipe=replace(ground.recipe, validation_fraction=0.0))
    return _trained(everything, plan, examples, place)


def _trained(
    ground: Ground, plan: TrainingPlan, examples: Sequence[Example] | None, place: Place
) -> npt.NDArray[np.float64]:
    """Train, and score ``examples``, or the validation part when they are None."""
    use_cores()
    engine = choose_engine(ground.recipe.device, 1)
    random = torch.random.fork_rng(devices=range(torch.cuda.device_count()))
    with kept_memory(), random, assemble(ground, plan, divide(ground), engine, place) as made:
        training = Training(made.task, engine, _hooks(place.progress))
        outcome = training.run()
        made.task.moving.load(outcome.tensors)
        with ThreadPoolExecutor(available_cores()) if examples is not None else nullcontext() as workers:
            if examples is None or workers is None:
                assert made.task.validation is not None, "there is something held out"
                return training.predict(made.task.validation.views)
            sources = [example.source for example in examples]
            spec = ground.encoder.spec
            views = FreshViews(sources, spec.preprocessing, augmentation_of(plan), ground.recipe.seed, workers)
            return training.predict(views)


def _hooks(progress: Progress) -> Hooks:
    return Hooks(lambda checkpoint: None, SilentWatcher(), progress)
