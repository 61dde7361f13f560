"""What a training promises before it begins: how long it will take, within the limit that was set."""

import time
from collections.abc import Callable

import torch

from headstart.finetuning.distributed import Engine
from headstart.finetuning.job import TrainingJob
from headstart.finetuning.losses import CONTRASTIVE
from headstart.finetuning.step_time import StepTime
from headstart.finetuning.weight_interpolation import SHARES
from headstart.runtime.findings import NOTE, WARNING, Finding
from headstart.runtime.progress import duration_text
from headstart.settings.fields import seconds_of
from headstart.settings.recipe import Recipe
from headstart.settings.rules import TrainingPlan, affordable_epochs

FINISH_SECONDS = 12.0  # writing the graph, comparing it, scoring, saving
LATE = 1.1  # times the limit: then a training ends with the epoch it is in


def epochs_within_limit(plan: TrainingPlan, recipe: Recipe, pace: StepTime, engine: Engine, started: float) -> int:
    """Choose how many epochs fit into the time limit; all processes take the mean of what each of them measured.

    ``started`` is ``time.perf_counter()`` at the beginning of the run.
    """
    if not recipe.training.time_limit:
        return plan.epochs
    fixed = time.perf_counter() - started + validation_seconds(plan, pace) + FINISH_SECONDS
    epochs = affordable_epochs(seconds_of(recipe.training.time_limit), fixed, epoch_seconds(plan, pace), plan.epochs)
    total = engine.sum(torch.tensor(float(epochs), dtype=torch.float64, device=engine.device))
    return max(1, int(total) // engine.world)


def validation_seconds(plan: TrainingPlan, pace: StepTime) -> float:
    """Estimate how long the validation part is looked at after the training."""
    return pace.look * (len(SHARES) if plan.wise == "auto" else 1)


def epoch_seconds(plan: TrainingPlan, pace: StepTime) -> float:
    """Estimate an epoch and its part in folds that choose: two at most, of half of the examples and of the epochs."""
    return pace.epoch * (1.5 if plan.method == CONTRASTIVE else 1.0)


def announce(task: TrainingJob, pace: StepTime, done: int, tell: Callable[[Finding], None], started: float) -> float:
    """Estimate how long the training will take from here, ``done`` epochs being done; give the seconds."""
    plan, limit = task.moving.plan, task.recipe.training.time_limit
    left = plan.epochs - done
    seconds = (
        pace.epoch * left + (epoch_seconds(plan, pace) - pace.epoch) * plan.epochs + validation_seconds(plan, pace)
    )
    total = time.perf_counter() - started + seconds + FINISH_SECONDS
    late = bool(limit) and total > seconds_of(limit)
    values = {"method": plan.name, "count": left, "pictures": len(task.train.labels), "limit": limit}
    times = {"training": duration_text(seconds), "run": duration_text(total)}
    code, severity = ("finetuning.announced_late", WARNING) if late else ("finetuning.announced", NOTE)
    tell(Finding(code, values | times, severity))
    return seconds


def is_late(limit: float, passed: float, pace: StepTime) -> bool:
    """Return whether one more epoch would break the limit, in seconds; ``passed`` are those since the run began.

    Examples
    --------
    >>> pace = StepTime(step=1.0, look=0.0, epoch=10.0)
    >>> is_late(60, 30, pace), is_late(60, 50, pace)
    (False, True)
    """
    return passed + pace.epoch + FINISH_SECONDS > LATE * limit
