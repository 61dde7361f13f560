"""Fine-tuning: from a probe on frozen features to an encoder whose weights have moved, and a head that fits it."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from headstart.arrays import Integers
from headstart.encoders.fine_tuned import Origin, store_fine_tuned
from headstart.encoders.graph_cache import PreparedEncoder
from headstart.finetuning.build import TrainValidation, assemble, hold_out_validation
from headstart.finetuning.callbacks import Callback, TensorBoardCallback, profile
from headstart.finetuning.checkpoint import LAST, Checkpoint, write_checkpoint
from headstart.finetuning.classifier import Classifier
from headstart.finetuning.contrastive import choose_moved
from headstart.finetuning.distributed import Engine, choose_engine, own_generator, use_cores
from headstart.finetuning.history import Epoch
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.job import LoopCallbacks, TrainingJob, TrainingOutcome
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import CONTRASTIVE
from headstart.finetuning.lr_range_test import LrRangeTest
from headstart.finetuning.ranks import process_count
from headstart.finetuning.resume import find_checkpoint, identity
from headstart.finetuning.short_training import train_and_score
from headstart.finetuning.snapshots import write_best_and_last
from headstart.finetuning.step_time import StepTime, measure_pace
from headstart.finetuning.time_budget import announce, epochs_within_limit, is_late
from headstart.finetuning.weight_interpolation import Interpolation, WeightChoice, choose_share, choose_weights
from headstart.heads.head import Decoding
from headstart.heads.linear import LinearHead, as_linear
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding, about
from headstart.runtime.malloc import retained_memory
from headstart.settings.fields import seconds_of
from headstart.settings.rules import TrainingPlan
from headstart.tasks.base import load_task


@dataclass(frozen=True, slots=True, eq=False)
class FineTuned:
    """What fine-tuning left.

    Attributes
    ----------
    plan
        How the weights moved.
    encoder
        The new encoder; None when the validation part preferred the probe as it was.
    head, decoding
        What stands on the new encoder.
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
    encoder: PreparedEncoder | None
    head: LinearHead
    decoding: Decoding
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


def fine_tune(ground: TrainingInputs, plan: TrainingPlan, context: RunContext) -> FineTuned:
    """Move the weights as ``plan`` says; see :class:`FineTuned`.

    Raises
    ------
    RecipeError
        When a checkpoint of another run is to be resumed.
    EncoderError
        When there is not enough memory, or the new graph does not compute what the network computes.
    OutputError
        When a checkpoint or the new encoder cannot be written.
    """
    use_cores()
    engine = choose_engine(ground.recipe.run.device, process_count())
    halves = hold_out_validation(ground)
    resumed = find_checkpoint(ground, context)
    if resumed is not None:
        plan = TrainingPlan(**resumed.values["plan"])
    with retained_memory(), assemble(ground, plan, halves, engine, context) as made, own_generator():
        task, test = made.task, None
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
        if context.run_folder is not None and engine.rank == 0 and ground.encoder.files.weights is not None:
            write_best_and_last(ground, task, outcome, context.run_folder)
        if task.moving.plan.method == "lora":
            from headstart.finetuning.lora import freeze_first

            starts = freeze_first(starts, outcome.tensors)
        choice = choose_weights(training, outcome, starts)
        if plan.method == CONTRASTIVE:
            choice = choose_moved(ground, training, train_and_score, context)
        elif _probe_is_enough(ground, halves, training, choice):
            choice = replace(choice, share=0.0)
        seconds = time.perf_counter() - clock
        trained, parameters = _count(task)
        engine.close()
        encoder, head = _store_result(ground, task, choice, context)
    return FineTuned(
        plan=task.moving.plan,
        encoder=encoder,
        head=head,
        decoding=choice.decoding or load_task(ground.target.task).decoding(),
        history=outcome.history,
        best=outcome.best,
        share=choice.share,
        shares=choice.table,
        trained_parameters=trained,
        parameters=parameters,
        validation=halves.validation,
        expected_seconds=expected,
        seconds=seconds,
        rate_test=test,
        profile_lines=watched.lines(),
        notices=(*made.notices, *_notices(task, outcome, encoder), *choice.notices),
    )


# --- before


def _notify(ground: TrainingInputs, context: RunContext, found: Finding) -> None:
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


# --- during


@dataclass(slots=True)
class _Watched:
    hooks: LoopCallbacks
    profiled: Any = None

    def lines(self) -> tuple[Finding, ...]:
        return tuple(self.profiled.lines) if self.profiled is not None else ()


@contextmanager
def _hooks(
    ground: TrainingInputs, task: TrainingJob, engine: Engine, context: RunContext, pace: StepTime
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


# --- after


def _probe_is_enough(ground: TrainingInputs, halves: TrainValidation, training: Training, choice: WeightChoice) -> bool:
    """Compare with a probe that learned from the same examples, where a preset wants a choice and none was made yet.

    The way from the probe to the moved weights has been looked at when it begins at the probe itself: a linear one.
    """
    plan, validation = training.task.moving.plan, training.task.validation
    seen = plan.from_probe and not plan.regularisation and as_linear(ground.probe.head) is not None
    if seen or validation is None or not (plan.wise == "auto" or ground.recipe.training.preset):
        return False
    rows, held, loss = halves.train, halves.validation, training.task.loss
    probe = fit_probe(ground.features[rows], ground.labels[rows], ground.target, ground.groups[rows], ground.recipe)
    losses = [
        loss.held_out_losses(scores, validation.labels, decoding)
        for scores, decoding in (
            (probe.head.scores(ground.features[held]), probe.decoding),
            (training.predict(validation.views), choice.decoding),
        )
    ]
    return choose_share(np.stack(losses), validation.weights, validation.groups) == 0


def _count(task: TrainingJob) -> tuple[int, int]:
    """Count the numbers that moved, and those of the network as it leaves: matrices that are merged do not count."""
    trained = sum(one.numel() for one in task.moving.parameters())
    everything = task.moving.classifier.named_parameters()
    return trained, sum(one.numel() for name, one in everything if "lora_" not in name)


def _store_result(
    ground: TrainingInputs, task: TrainingJob, choice: WeightChoice, context: RunContext
) -> "tuple[PreparedEncoder | None, LinearHead]":
    classifier: Classifier = task.moving.classifier
    if choice.share == 0:
        return None, LinearHead(*_head_arrays(classifier))
    if task.moving.plan.method == "lora":
        from headstart.finetuning.lora import merge_matrices

        merge_matrices(classifier.encoder)
    spec, files = ground.encoder.spec, ground.encoder.files
    method = task.moving.plan.name
    encoder = store_fine_tuned(classifier.encoder, Origin(spec, files, method), ground.sample(), context.cache_folder)
    return encoder, LinearHead(*_head_arrays(classifier), {"method": method})


def _head_arrays(classifier: Classifier) -> "tuple[Any, Any]":
    head = classifier.head
    return head.weight.detach().cpu().numpy().copy(), head.bias.detach().cpu().numpy().copy()


def _notices(task: TrainingJob, outcome: TrainingOutcome, encoder: PreparedEncoder | None) -> list[Finding]:
    notices = [outcome.stopped] if outcome.stopped else []
    if outcome.short:
        notices.append(Finding("finetuning.memory", {"count": outcome.micro}, "note"))
    if encoder is None and outcome.best and task.moving.plan.wise in ("", "auto"):
        code = "contrastive_hurt" if task.moving.plan.method == CONTRASTIVE else "probe_kept"
        notices.append(Finding(f"finetuning.{code}", severity="note"))
    elif encoder is None:
        notices.append(Finding("finetuning.nothing_moved", severity="note"))
    elif encoder.notice:
        notices.append(encoder.notice)
    return notices
