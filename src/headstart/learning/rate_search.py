"""The range test of the learning rate, run on a network that is put back as it was."""

import itertools

import torch

from headstart.learning.batches import batches, view_of
from headstart.learning.classifier import make_optimizer
from headstart.learning.engine import Engine, sum_gradients
from headstart.learning.rate_test import RateTest, find_rate, range_rates, run_range_test
from headstart.learning.task import Task, to_device
from headstart.progress import Progress

STEP_NAME = "Looking for the learning rate"


def search_rate(task: Task, engine: Engine, progress: Progress) -> RateTest:
    """Raise the rate from step to step and watch the loss; weights and statistics are restored afterwards."""
    plan, recipe = task.moving.plan, task.recipe
    before = {name: tensor.clone() for name, tensor in task.moving.tensors().items()}
    rates = range_rates()
    optimizer = make_optimizer(recipe.optimizer, task.moving.groups(recipe))
    size = plan.batch_size * engine.world
    dealt = itertools.chain.from_iterable(
        batches(len(task.train.views), size, 2, recipe.seed, epoch) for epoch in itertools.count()
    )
    done = itertools.count(1)
    task.moving.set_epoch(plan.epochs - 1)

    def step(rate: float) -> float:
        rows = next(dealt)
        own = torch.arange(len(rows)).tensor_split(engine.world)[engine.rank].numpy()
        for group in optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        optimizer.zero_grad(set_to_none=True)
        inputs = to_device(task.train.views.take(rows[own], view_of(0, plan.views)), engine.device)
        labels = torch.from_numpy(task.train.labels[rows[own]]).to(engine.device)
        with engine.precision():
            scores = task.forward(inputs)
        losses = torch.nn.functional.cross_entropy(scores.float(), labels, reduction="sum")
        torch.autograd.backward(losses / len(rows))
        sum_gradients(engine, [one for one in task.moving.parameters() if one.grad is not None])
        optimizer.step()
        progress(STEP_NAME, next(done), len(rates))
        return float(engine.sum(losses.detach())) / len(rows)

    try:
        found = run_range_test(step, rates)
    finally:
        task.moving.load(before)
        optimizer.zero_grad(set_to_none=True)
    progress(STEP_NAME, len(rates), len(rates))
    return found if isinstance(found, RateTest) else find_rate(*found)
