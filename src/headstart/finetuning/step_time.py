"""How fast this machine trains: a few steps, timed on the real thing, that leave no trace in it."""

import statistics
import time
from dataclasses import dataclass

import numpy as np
import torch

from headstart.finetuning.batches import Rows, batches, view_of
from headstart.finetuning.distributed import Engine
from headstart.finetuning.job import TrainingJob, to_device
from headstart.finetuning.micro_batches import MicroBatcher
from headstart.settings.rules import examples_at_once, timed_steps

SLOWER = 1.1  # inputs are made while the network computes, and the optimiser does more than it was timed for


@dataclass(frozen=True, slots=True)
class StepTime:
    """Seconds of one step, of one look at the validation part, and of one epoch with such a look."""

    step: float
    look: float
    epoch: float


def measure_pace(task: TrainingJob, engine: Engine) -> StepTime:
    """Time the steps of an epoch: loading, forward, backward; no weight and no statistic changes.

    The optimiser's own share, a few per cent, is put on top by timing one pass over the moving weights.
    """
    plan, recipe = task.moving.plan, task.recipe
    before = {name: tensor.clone() for name, tensor in task.moving.tensors().items()}
    views, first = task.train.views, view_of(0, plan.views)
    dealt = batches(len(views), plan.batch_size, 2, recipe.run.seed, 0, views.lengths(first))
    whole = [batch for batch in dealt if len(batch) == len(dealt[0])]
    # Gradual unfreezing is slowest when everything moves: the middle of the training stands for its mean.
    task.moving.set_epoch(plan.epochs // 2)
    bites = MicroBatcher(examples_at_once(plan, engine.device.type == "cpu"))
    count = 1 + timed_steps(len(dealt) * plan.epochs)  # the first one warms up
    seconds = [_time_step(task, engine, whole[number % len(whole)], bites) for number in range(count)][1:]
    step = statistics.median(seconds)
    look = _time_evaluation(task, engine) if task.validation is not None else 0.0
    task.moving.load(before)
    share = sum(len(batch) for batch in dealt) / len(dealt[0])
    return StepTime(step, look, SLOWER * step * share / engine.world + look)


def _time_step(task: TrainingJob, engine: Engine, rows: Rows, bites: MicroBatcher) -> float:
    clock = time.perf_counter()
    inputs = task.train.views.take(rows, view_of(0, task.moving.plan.views))
    labels = task.train.labels[rows]

    def work() -> None:
        for part in bites.parts(len(rows)):
            with engine.precision():
                scores = task.forward(to_device(inputs[part], engine.device))
            known = torch.from_numpy(labels[part]).to(engine.device)
            torch.autograd.backward(task.loss.total(scores, known) / len(part))

    bites.within_memory(work)
    parameters = [one for one in task.moving.parameters() if one.grad is not None]
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    with torch.no_grad():
        for one in parameters:  # what an optimiser reads and writes, without moving anything
            assert one.grad is not None
            one.add_(one.grad, alpha=0.0).mul_(1.0)
            one.grad = None
    _finish(engine)
    return time.perf_counter() - clock


def _time_evaluation(task: TrainingJob, engine: Engine) -> float:
    assert task.validation is not None
    views = task.validation.views
    few = np.arange(min(32, len(views)))
    task.moving.classifier.eval()
    clock = time.perf_counter()
    with torch.no_grad(), engine.precision():
        task.forward(to_device(views.take(few, 0), engine.device))
    _finish(engine)
    return (time.perf_counter() - clock) * len(views) / len(few) / engine.world


def _finish(engine: Engine) -> None:
    """Wait for a GPU, which works on while Python has gone ahead."""
    if engine.device.type == "cuda":
        torch.cuda.synchronize()
