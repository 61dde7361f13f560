"""The range test of the learning rate, run on a network that is put back as it was."""

import itertools

import numpy as np
import torch

from headstart.finetuning.batches import Rows, batches, view_of
from headstart.finetuning.classifier import create_optimizer
from headstart.finetuning.distributed import Engine, sum_gradients
from headstart.finetuning.job import TrainingJob, to_device
from headstart.finetuning.lr_range_test import LrRangeTest, range_rates, run_range_test
from headstart.finetuning.micro_batches import MicroBatcher
from headstart.runtime.progress import Progress
from headstart.settings.rules import examples_at_once

STEP_NAME = "Looking for the learning rate"


def search_rate(task: TrainingJob, engine: Engine, progress: Progress) -> LrRangeTest:
    """Raise the rate from step to step and watch the loss; weights and statistics are restored afterwards."""
    plan, recipe = task.moving.plan, task.recipe
    before = {name: tensor.clone() for name, tensor in task.moving.tensors().items()}
    rates = range_rates()
    optimizer = create_optimizer(recipe.training.optimizer, task.moving.groups(recipe))
    size = plan.batch_size * engine.world
    dealt = itertools.chain.from_iterable(
        batches(len(task.train.views), size, 2 * engine.world, recipe.run.seed, epoch) for epoch in itertools.count()
    )
    done = itertools.count(1)
    bites = MicroBatcher(examples_at_once(plan, engine.device.type == "cpu"))
    task.moving.set_epoch(plan.epochs - 1)

    def step(rate: float) -> float:
        rows = next(dealt)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        loss = _gradients(task, engine, bites, rows)
        sum_gradients(engine, [one for one in task.moving.parameters() if one.grad is not None])
        optimizer.step()
        progress(STEP_NAME, next(done), len(rates))
        return loss

    try:
        found = run_range_test(step, rates)
    finally:
        task.moving.load(before)
        optimizer.zero_grad(set_to_none=True)
    progress(STEP_NAME, len(rates), len(rates))
    return found


def _gradients(task: TrainingJob, engine: Engine, bites: MicroBatcher, rows: Rows) -> float:
    """Leave the gradient of the mean loss over these examples, of which this process takes its share; give the loss."""
    own = np.array_split(rows, engine.world)[engine.rank]
    inputs = task.train.views.take(own, view_of(0, task.moving.plan.views))
    labels = torch.from_numpy(task.train.labels[own])

    def work() -> torch.Tensor:
        for one in task.moving.parameters():
            one.grad = None
        total = torch.zeros((), device=engine.device)
        for part in bites.parts(len(own)):
            with engine.precision():
                scores = task.forward(to_device(inputs[part], engine.device))
            loss = task.loss.total(scores, labels[part].to(engine.device))
            torch.autograd.backward(loss / len(rows))
            total += loss.detach()
        return total

    return float(engine.sum(bites.within_memory(work))) / len(rows)
