"""A training whose network is used once and not kept: for experiments."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

from headstart.arrays import Floats
from headstart.data.example import Example
from headstart.finetuning.build import assemble, fresh_views, hold_out_validation, loss_of
from headstart.finetuning.contrastive import score_moved
from headstart.finetuning.distributed import choose_engine, own_generator, use_cores
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.job import LoopCallbacks
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import CONTRASTIVE
from headstart.finetuning.step_time import measure_pace
from headstart.runtime.context import RunContext
from headstart.runtime.machine import available_cores
from headstart.runtime.malloc import retained_memory
from headstart.settings.rules import TrainingPlan, epochs_for_steps, training_plan

FACTORS = (0.3, 1.0, 3.0)  # of the usual learning rate: those that are compared
BEYOND = 10 / 3  # where the best of them is the last on its side, one more is tried
ANSWERED = 16  # examples that are answered to time it


def plan_for_steps(ground: TrainingInputs, steps: int) -> TrainingPlan:
    """Plan a training of about so many steps, at least one epoch, that moves weights as ``ground.recipe`` says."""
    plan = training_plan(ground.recipe, len(ground.labels), ground.target.names, ground.encoder.spec.modality)
    assert plan is not None, "the method moves weights"
    epochs = epochs_for_steps(steps, len(ground.labels), plan.batch_size)
    return replace(plan, epochs=epochs, wise="", cached=False)


def best_rate(ground: TrainingInputs, plan: TrainingPlan, context: RunContext) -> float:
    """Choose the learning rate by the loss on examples held out; the usual one when none can be.

    Three are tried, and where the smallest or the largest of them is best, one more beyond it: no arm should lose for
    want of a rate.
    """
    halves = hold_out_validation(ground)
    if not len(halves.validation):
        return plan.rate

    measure = loss_of(ground, halves)

    def loss(factor: float) -> float:
        scores = _trained(ground, replace(plan, rate=plan.rate * factor), None, context)
        return float(measure.held_out_losses(scores, ground.labels[halves.validation]).mean())

    return plan.rate * search_factor(loss)


def search_factor(loss: Callable[[float], float]) -> float:
    """Find the factor of the smallest loss among 0.3, 1 and 3, and one beyond where the best is at an end.

    Examples
    --------
    >>> search_factor(lambda factor: abs(factor - 1)), search_factor(lambda factor: -factor)
    (1.0, 10.0)
    """
    losses = {factor: loss(factor) for factor in FACTORS}
    found = _smallest(losses)
    if found in (FACTORS[0], FACTORS[-1]):
        beyond = round(found * BEYOND if found > 1 else found / BEYOND, 6)
        losses[beyond] = loss(beyond)
    return _smallest(losses)


def _smallest(losses: Mapping[float, float]) -> float:
    return min(losses, key=lambda factor: losses[factor] if np.isfinite(losses[factor]) else np.inf)


@dataclass(frozen=True, slots=True)
class TrialTime:
    """Seconds that a training takes to begin, for each example it learns from, and for each that it answers."""

    start: float
    learning: float
    answering: float


def time_trial(
    ground: TrainingInputs, plan: TrainingPlan, examples: Sequence[Example], context: RunContext
) -> TrialTime:
    """Time a few steps of a training, and a few answers; nothing is kept."""
    use_cores()
    engine = choose_engine(ground.recipe.run.device, 1)
    everything = replace(ground, recipe=ground.recipe.replace(validation_fraction=0.0))
    clock = time.perf_counter()
    with (
        retained_memory(),
        own_generator(),
        assemble(everything, plan, hold_out_validation(everything), engine, context) as made,
    ):
        start = time.perf_counter() - clock
        pace = measure_pace(made.task, engine)
        training = Training(made.task, engine, LoopCallbacks())
        few = examples[:: max(1, len(examples) // ANSWERED)][:ANSWERED]
        with ThreadPoolExecutor(available_cores()) as workers:
            clock = time.perf_counter()
            training.predict(fresh_views(ground, plan, few, workers))
            answering = (time.perf_counter() - clock) / len(few)
    return TrialTime(start, pace.epoch / len(ground.labels), answering)


def train_and_score(
    ground: TrainingInputs, plan: TrainingPlan, examples: Sequence[Example], context: RunContext
) -> Floats:
    """Train on all examples of ``ground`` and score others, shape (N, C)."""
    everything = replace(ground, recipe=ground.recipe.replace(validation_fraction=0.0))
    return _trained(everything, plan, examples, context)


def _trained(
    ground: TrainingInputs, plan: TrainingPlan, examples: Sequence[Example] | None, context: RunContext
) -> Floats:
    """Train, and score ``examples``, or the validation part when they are None."""
    use_cores()
    engine = choose_engine(ground.recipe.run.device, 1)
    with (
        retained_memory(),
        own_generator(),
        assemble(ground, plan, hold_out_validation(ground), engine, context) as made,
    ):
        training = Training(made.task, engine, LoopCallbacks(progress=context.progress))
        outcome = training.run()
        made.task.moving.load(outcome.tensors)
        with ThreadPoolExecutor(available_cores()) if examples is not None else nullcontext() as workers:
            if examples is None or workers is None:
                assert made.task.validation is not None, "there is something held out"
                return training.predict(made.task.validation.views)
            views = fresh_views(ground, plan, examples, workers)
            return score_moved(ground, training, views) if plan.method == CONTRASTIVE else training.predict(views)
