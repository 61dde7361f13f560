"""THE TRAINING LOOP: one for every method, every number of processes, cached and uncached inputs.

Everything random is drawn from (seed, epoch, step), nothing from a generator that remembers: so a training that is
resumed from a checkpoint does bit for bit what it would have done without the interruption.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from headstart.arrays import Singles
from headstart.finetuning.batches import Rows, Views, ahead, batches, view_of
from headstart.finetuning.checkpoint import Checkpoint, optimizer_tensors, restore_optimizer
from headstart.finetuning.checkpoint_state import State, Stop
from headstart.finetuning.classifier import Tensors, create_optimizer
from headstart.finetuning.distributed import Engine, own_generator, sum_gradients
from headstart.finetuning.ema import renew_statistics, update_average
from headstart.finetuning.history import Epoch
from headstart.finetuning.job import LoopCallbacks, TrainingJob, TrainingOutcome, mixed_seed, to_device
from headstart.finetuning.losses import Scores, l2sp_step
from headstart.finetuning.micro_batches import MicroBatcher
from headstart.finetuning.mixup import mix
from headstart.finetuning.schedules import rate_factor
from headstart.runtime.findings import Finding
from headstart.settings.rules import examples_at_once

PREDICTED_AT_ONCE = 16
STATISTICS_BATCHES = 16
LEAST_TO_CHOOSE = 200  # validation examples: with fewer the best epoch is the luckiest one


class Training:
    """A training under way; :meth:`run` does it."""

    def __init__(
        self, task: TrainingJob, engine: Engine, hooks: LoopCallbacks, resumed: Checkpoint | None = None
    ) -> None:
        self.task, self._engine, self._hooks = task, engine, hooks
        self._plan, self._recipe = task.moving.plan, task.recipe
        self._optimizer = create_optimizer(task.recipe.training.optimizer, task.moving.groups(task.recipe))
        self._usual = examples_at_once(self._plan, engine.device.type == "cpu")
        self._bites, self._state = MicroBatcher(self._usual), State()
        live = task.moving.tensors()
        self._starts = {name: tensor.clone() for name, tensor in live.items()} if task.recipe.training.l2sp else {}
        self._average: Tensors = {}
        if task.recipe.training.ema:
            self._average = {name: tensor.clone() for name, tensor in live.items() if tensor.is_floating_point()}
        self._best: Tensors = self._snapshot()
        self._kept_at = time.monotonic()
        if resumed is not None:
            self._restore(resumed)
        self._steps_per_epoch = len(self._draw_batches(0))

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return self._steps_per_epoch * self._plan.epochs

    def run(self) -> TrainingOutcome:
        """Train to the end, or until something says that it is better to stop."""
        state = self._state
        with own_generator():
            while state.epoch < self._plan.epochs and not state.stopped:
                try:
                    self._run_epoch()
                except Stop as reason:
                    self._return_to_best(reason.finding)
                    break
                if self._hooks.enough(state.epoch):
                    self._note_stop(Finding("finetuning.ended_early"))
        self._keep()
        last = self._snapshot()
        return TrainingOutcome(
            tensors=self._best if state.best_epoch or state.stopped else last,
            last=last,
            history=tuple(Epoch(**row) for row in state.history),
            best=state.best_epoch,
            stopped=state.stopped,
            micro=self._bites.size,
            short=self._bites.size < self._usual,
        )

    def _return_to_best(self, reason: Finding) -> None:
        """After a loss without meaning: neither the weights nor their average are of any use."""
        self._state.stopped = reason
        self.task.moving.load(self._best)
        self._average = {name: self._best[name].clone() for name in self._average}

    def _note_stop(self, reason: Finding) -> None:
        if self._state.epoch < self._plan.epochs:
            self._state.stopped = reason

    def _factor(self, step: int) -> float:
        return rate_factor(self._recipe.training.schedule, step, self.steps, self._recipe.training.warmup)

    def _draw_batches(self, epoch: int) -> list[Rows]:
        """Deal the examples of an epoch into steps."""
        whole = self._plan.batch_size * self._engine.world * self._recipe.training.accumulate
        views, view = self.task.train.views, view_of(epoch, self._plan.views)
        smallest, seed = 2 * self._engine.world, self._recipe.run.seed
        return batches(len(views), whole, smallest, seed, epoch, views.lengths(view))

    # --- an epoch

    def _run_epoch(self) -> None:
        state, task = self._state, self.task
        task.moving.set_epoch(state.epoch)
        dealt = self._draw_batches(state.epoch)[state.inside :]
        own = [np.array_split(batch, self._engine.world)[self._engine.rank] for batch in dealt]
        clock = time.perf_counter()
        inputs = ahead(task.train.views, own, view_of(state.epoch, self._plan.views))
        for batch, rows, made in zip(dealt, own, inputs, strict=True):
            self._step(len(batch), rows, made)
            now = time.perf_counter()
            state.seconds, clock = state.seconds + now - clock, now
            self._report()
            if time.monotonic() - self._kept_at >= self._recipe.run.checkpoint_seconds:
                self._keep()
        self._end_epoch(clock)

    def _end_epoch(self, clock: float) -> None:
        state, task = self._state, self.task
        loss = accuracy = None
        if task.validation is not None:
            with self._evaluated():
                scores = self.predict(task.validation.views)
            loss, accuracy = task.validation.loss(scores), task.validation.metric(scores)
        state.refuse_epoch(loss)
        row = Epoch(
            epoch=state.epoch + 1,
            steps=state.step,
            rate=self._plan.rate * self._factor(state.step - 1),
            loss=state.loss_sum / state.seen,
            accuracy=state.right / state.seen,
            validation_loss=loss,
            validation_accuracy=accuracy,
            seconds=state.seconds + time.perf_counter() - clock,
        )
        self._select_best(row)
        state.history.append(row.to_json())
        state.end_epoch()
        self._hooks.watcher.epoch(row)
        waited = state.epoch - state.best_epoch
        if self._recipe.training.patience and waited >= self._recipe.training.patience:
            self._note_stop(Finding("finetuning.no_improvement", {"epochs": waited}, "note"))

    def _select_best(self, row: Epoch) -> None:
        validation = self.task.validation
        choosing = validation is not None and (
            len(validation.labels) >= LEAST_TO_CHOOSE or self._recipe.training.patience > 0
        )
        if choosing and row.validation_loss is not None:
            if not row.validation_loss < self._state.best_loss:
                return
            self._state.best_loss = row.validation_loss
        self._best, self._state.best_epoch = self._snapshot(), row.epoch

    # --- a step

    def _step(self, count: int, rows: Rows, inputs: Singles) -> None:
        """One step on a batch of ``count`` examples, of which ``rows`` are this process's share."""
        state, recipe = self._state, self._recipe
        factor = self._factor(state.step)
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.rate * group["scale"] * factor
        sums = self._bites.within_memory(lambda: self._gradients(count, rows, inputs))
        total: list[float] = self._engine.sum(sums.to(self._engine.device)).tolist()
        loss = total[0] / count
        parameters = [one for one in self.task.moving.parameters() if one.grad is not None]
        sum_gradients(self._engine, parameters)
        norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.training.clip or math.inf, foreach=True)
        state.refuse_nonsense(loss, float(norm), self._plan.rate * factor, self.task.loss.guessing)
        self._optimizer.step()
        if recipe.training.l2sp:
            self._pull_to_start(factor)
        if recipe.training.ema:
            update_average(self._average, self.task.moving.tensors(), recipe.training.ema, state.step)
        state.add(loss, total[1], count)
        self._hooks.watcher.step(state.step, {"loss": loss, "rate": self._plan.rate * factor, "norm": float(norm)})
        self._hooks.profile_step()

    def _gradients(self, count: int, rows: Rows, inputs: Singles) -> torch.Tensor:
        """Sum up gradients of the mean loss over the whole batch; give the sums of losses and right answers here."""
        self._optimizer.zero_grad(set_to_none=True)
        sums = torch.zeros(2, dtype=torch.float64)
        for number, part in enumerate(self._bites.parts(len(rows))):
            losses, right = self._forward(rows[part], inputs[part], number)
            torch.autograd.backward(losses.sum() / count)
            sums += torch.tensor([float(losses.detach().sum()), right], dtype=torch.float64)
        return sums

    def _forward(self, rows: Rows, inputs: Singles, number: int) -> tuple[torch.Tensor, float]:
        task, recipe, engine = self.task, self._recipe, self._engine
        # Dropout draws from torch's generator, which is set anew for every piece of every step.
        torch.manual_seed(mixed_seed(recipe.run.seed, self._state.step, engine.rank, number))
        labels = torch.from_numpy(task.train.labels[rows])
        targets = task.loss.targets(labels)
        seed = mixed_seed(recipe.run.seed + 1, self._state.step, engine.rank, number)
        mixed = mix(
            to_device(inputs, engine.device),
            targets.to(engine.device),
            recipe.training.mixup,
            recipe.training.cutmix,
            seed,
        )
        with engine.precision():
            scores = task.forward(mixed.inputs)
        return task.loss.losses(scores, mixed.targets), task.loss.credit(scores, mixed.targets)

    def _pull_to_start(self, factor: float) -> None:
        own = dict(self.task.moving.classifier.named_parameters())
        for group in self._optimizer.param_groups:
            members = {id(one) for one in group["params"]}
            names = [name for name in self._starts if id(own.get(name)) in members and name.startswith("encoder.")]
            starts = [self._starts[name] for name in names]
            rate = self._plan.rate * group["scale"] * factor
            l2sp_step([own[name] for name in names], starts, rate, self._recipe.training.l2sp)

    # --- state

    def predict(self, views: Views) -> Scores:
        """Score inputs without augmentation, shape (N, C); each process takes a share, and none is counted twice."""
        self.task.moving.classifier.eval()
        engine = self._engine
        scores = torch.zeros(len(views), self.task.width, dtype=torch.float64, device=engine.device)
        lengths = views.lengths(0)
        order = np.arange(len(views)) if lengths is None else np.argsort(lengths, kind="stable")
        own = np.array_split(order, engine.world)[engine.rank]
        parts = [own[start : start + PREDICTED_AT_ONCE] for start in range(0, len(own), PREDICTED_AT_ONCE)]
        with torch.no_grad(), engine.precision():
            for rows, inputs in zip(parts, ahead(views, parts, 0), strict=True):
                scores[rows] = self.task.forward(to_device(inputs, engine.device)).double()
        found: Scores = engine.sum(scores).cpu().numpy()
        return found

    def renew_statistics(self) -> None:
        """Estimate BatchNorm's statistics for the weights as they are, on some examples to train on."""
        task, view = self.task, view_of(0, self._plan.views)
        task.moving.set_epoch(self._plan.epochs - 1)
        dealt = batches(len(task.train.views), self._plan.batch_size, 2, self._recipe.run.seed, 0)[:STATISTICS_BATCHES]
        inputs = (to_device(made, self._engine.device) for made in ahead(task.train.views, dealt, view))
        with self._engine.precision():
            renew_statistics(task.moving.classifier, task.forward, inputs)

    @contextmanager
    def _evaluated(self) -> Iterator[None]:
        """Put the moving average in place of the weights for a while, when there is one."""
        if not self._average:
            yield
            return
        live = {name: tensor.clone() for name, tensor in self.task.moving.tensors().items()}
        self.task.moving.load(self._average)
        try:
            yield
        finally:
            self.task.moving.load(live)

    def _snapshot(self) -> Tensors:
        return {
            name: self._average.get(name, tensor).detach().clone()
            for name, tensor in self.task.moving.tensors().items()
        }

    def _keep(self) -> None:
        tensors = {f"live.{name}": tensor for name, tensor in self.task.moving.tensors().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self._average.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer_tensors(self._optimizer).items()}
        self._hooks.keep(Checkpoint(tensors, self._state.to_values() | {"micro": self._bites.size}))
        self._kept_at = time.monotonic()

    def _restore(self, found: Checkpoint) -> None:
        parts: dict[str, Tensors] = {"live": {}, "average": {}, "best": {}, "optimizer": {}}
        for name, tensor in found.tensors.items():
            kind, own = name.split(".", 1)
            parts[kind][own] = tensor
        self.task.moving.load(parts["live"])
        for name, tensor in parts["average"].items():
            self._average[name].copy_(tensor)
        self._best = {name: tensor.to(self._engine.device) for name, tensor in parts["best"].items()}
        restore_optimizer(self._optimizer, parts["optimizer"])
        self._state = State.from_values(found.values)
        self._bites.size = self._state.micro

    def _report(self) -> None:
        state = self._state
        values = {
            "loss": state.loss_sum / state.seen,
            "accuracy": state.right / state.seen,
            "rate": self._plan.rate * self._factor(state.step - 1),
        }
        self._hooks.progress("Training", state.step, self.steps, Finding("finetuning.so_far", values))
