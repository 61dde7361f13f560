"""A training from its first step to the choice of weights, with checkpoints to go on from: the same for every task."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from headstart.arrays import Integers
from headstart.finetuning.callbacks import Callback, TensorBoardCallback, profile
from headstart.finetuning.checkpoint import LAST, Checkpoint, write_checkpoint
from headstart.finetuning.classifier import Tensors
from headstart.finetuning.distributed import Engine
from headstart.finetuning.history import Epoch
from headstart.finetuning.inputs import LearnedFrom
from headstart.finetuning.job import LoopCallbacks, TrainingJob, TrainingOutcome
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import CONTRASTIVE
from headstart.finetuning.lr_range_test import LrRangeTest
from headstart.finetuning.resume import identity
from headstart.finetuning.step_time import StepTime, measure_pace
from headstart.finetuning.time_budget import announce, epochs_within_limit, is_late
from headstart.finetuning.weight_interpolation import Interpolation, WeightChoice
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding, about
from headstart.settings.fields import seconds_of
from headstart.settings.rules import TrainingPlan


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRecord:
    """What is told of a training that is over.

    Attributes
    ----------
    plan
        How the weights moved.
    history, best, share, shares
        What each epoch came to, and what was chosen on the validation part.
    trained_parameters, parameters
        How many numbers moved, of how many in all.
    validation
        Rows of the examples that were held out for choosing.
    expected_seconds, seconds
        Of the training: as announced, and as it was.
    rate_test
        The range test of the learning rate, when it was asked for.
    profile_lines
        The dearest operations, when they were asked for.
    notices
        What the user should know.
    """

    plan: TrainingPlan
    history: tuple[Epoch, ...]
    best: int
    share: float
    shares: tuple[Interpolation, ...]
    trained_parameters: int
    parameters: int
    validation: Integers
    expected_seconds: float
    seconds: float
    rate_test: LrRangeTest | None
    profile_lines: tuple[Finding, ...]
    notices: tuple[Finding, ...]

    @property
    def validated(self) -> int:
        """How many examples were held out for choosing."""
        return len(self.validation)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A training that is over, before weights are chosen.

    Attributes
    ----------
    training, outcome
        The training, and what it left.
    starts
        The values from which the way to the outcome begins.
    expected, began
        Seconds as announced, and the clock when it began.
    test, profiled
        The range test of the learning rate and the dearest operations, when they were asked for.
    """

    training: Training
    outcome: TrainingOutcome
    starts: Tensors
    expected: float
    began: float
    test: LrRangeTest | None
    profiled: tuple[Finding, ...]

    def record(
        self, choice: WeightChoice, validation: Integers, seconds: float, notices: tuple[Finding, ...]
    ) -> TrainingRecord:
        """Say what became of it."""
        trained, parameters = _count(self.training.task)
        return TrainingRecord(
            plan=self.training.task.moving.plan,
            history=self.outcome.history,
            best=self.outcome.best,
            share=choice.share,
            shares=choice.table,
            trained_parameters=trained,
            parameters=parameters,
            validation=validation,
            expected_seconds=self.expected,
            seconds=seconds,
            rate_test=self.test,
            profile_lines=self.profiled,
            notices=(*notices, *_notices(self.training.task, self.outcome, choice), *choice.notices),
        )


def run_job(
    ground: LearnedFrom, task: TrainingJob, engine: Engine, context: RunContext, resumed: Checkpoint | None
) -> Trained:
    """Train within the time limit, keeping checkpoints; ``resumed`` is the one to go on from."""
    test = None
    if context.find_rate and resumed is None:
        task, test = _with_found_rate(task, engine, context)
    pace = measure_pace(task, engine)
    if resumed is None:
        plan = task.moving.plan
        plan = replace(plan, epochs=epochs_within_limit(plan, task.recipe, pace, engine, context.started))
        task = _with_plan(task, plan)
    done = int(resumed.values["epoch"]) if resumed else 0
    expected = announce(task, pace, done, partial(_notify, ground, context), context.started)
    clock = time.perf_counter()
    starts = {name: tensor.clone() for name, tensor in task.moving.tensors().items()}
    with _hooks(ground, task, engine, context, pace) as watched:
        training = Training(task, engine, watched.hooks, resumed)
        outcome = training.run()
    if task.moving.plan.method == "lora":
        from headstart.finetuning.lora import freeze_first

        starts = freeze_first(starts, outcome.tensors)
    return Trained(training, outcome, starts, expected, clock, test, watched.lines())


def _notify(ground: LearnedFrom, context: RunContext, found: Finding) -> None:
    """Say something about examples by the name of their kind."""
    for one in about([found], ground.encoder.spec.modality):
        context.notify(one)


def _with_found_rate(task: TrainingJob, engine: Engine, context: RunContext) -> "tuple[TrainingJob, LrRangeTest]":
    from headstart.finetuning.lr_search import search_rate

    test = search_rate(task, engine, context.progress)
    context.notify(test.reason)
    if test.chosen is None:
        return task, test
    return _with_plan(task, replace(task.moving.plan, rate=test.chosen)), test


def _with_plan(task: TrainingJob, plan: TrainingPlan) -> TrainingJob:
    return replace(task, moving=replace(task.moving, plan=plan))


@dataclass(slots=True)
class _Watched:
    hooks: LoopCallbacks
    profiled: Any = None

    def lines(self) -> tuple[Finding, ...]:
        return tuple(self.profiled.lines) if self.profiled is not None else ()


@contextmanager
def _hooks(
    ground: LearnedFrom, task: TrainingJob, engine: Engine, context: RunContext, pace: StepTime
) -> Iterator[_Watched]:  # six: all that a training may tell somebody, gathered once
    first = engine.rank == 0
    folder = context.run_folder
    identified = {"identity": identity(ground), "plan": asdict(task.moving.plan)}
    limit = seconds_of(task.recipe.training.time_limit) if task.recipe.training.time_limit else math.inf

    def keep(checkpoint: Checkpoint) -> None:
        if folder is not None and first:
            write_checkpoint(folder / LAST, replace(checkpoint, values=checkpoint.values | identified))

    def enough(done: int) -> bool:
        passed = time.perf_counter() - context.started
        return engine.world == 1 and is_late(limit, passed, pace)

    watcher = TensorBoardCallback(folder) if context.tensorboard and folder and first else Callback()
    profiled = profile(folder) if context.profile and folder and first else nullcontext()
    with profiled as profiler:
        step = profiler.step if profiler is not None else lambda: None
        watched = _Watched(LoopCallbacks(keep, watcher, context.progress, step, enough), profiler)
        try:
            yield watched
        finally:
            watcher.close()


def _count(task: TrainingJob) -> tuple[int, int]:
    """Count the numbers that moved, and those of the network as it leaves: matrices that are merged do not count."""
    trained = sum(one.numel() for one in task.moving.parameters())
    everything = task.moving.classifier.named_parameters()
    return trained, sum(one.numel() for name, one in everything if "lora_" not in name)


def _notices(task: TrainingJob, outcome: TrainingOutcome, choice: WeightChoice) -> list[Finding]:
    notices = [outcome.stopped] if outcome.stopped else []
    if outcome.short:
        notices.append(Finding("finetuning.memory", {"count": outcome.micro}, "note"))
    if choice.share == 0 and outcome.best and task.moving.plan.wise in ("", "auto"):
        code = "contrastive_hurt" if task.moving.plan.method == CONTRASTIVE else "probe_kept"
        notices.append(Finding(f"finetuning.{code}", severity="note"))
    elif choice.share == 0:
        notices.append(Finding("finetuning.nothing_moved", severity="note"))
    return notices
