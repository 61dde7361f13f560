"""THE TRAINING LOOP: one for every method, every number of processes, cached and uncached inputs.

Everything random is drawn from (seed, epoch, step), nothing from a generator that remembers: so a training that is
resumed from a checkpoint does bit for bit what it would have done without the interruption.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from headstart.errors import EncoderError
from headstart.learning.averaging import update_average
from headstart.learning.batches import Rows, Views, ahead, batches, view_of
from headstart.learning.checkpoint import Checkpoint, optimizer_tensors, restore_optimizer
from headstart.learning.classifier import Tensors, make_optimizer
from headstart.learning.engine import Engine, sum_gradients
from headstart.learning.history import Epoch
from headstart.learning.losses import cross_entropy, l2sp_step, soft_targets
from headstart.learning.mixing import mix
from headstart.learning.schedules import rate_factor
from headstart.learning.task import (
    Hooks,
    Outcome,
    Scores,
    Task,
    accuracy_of,
    is_about_memory,
    log_losses,
    mixed_seed,
    to_device,
)
from headstart.rules import pictures_at_once

PREDICTED_AT_ONCE = 16
LEAST_TO_CHOOSE = 200  # validation pictures: with fewer the best epoch is the luckiest one
DIVERGED = 4.0  # times the loss of guessing, or of the start, whichever is larger


@dataclass(slots=True)
class _State:
    """Where the training is; plain values that go into a checkpoint."""

    epoch: int = 0
    step: int = 0  # in all
    inside: int = 0  # steps done in this epoch
    loss_sum: float = 0.0
    right: float = 0.0
    seen: int = 0
    seconds: float = 0.0  # of this epoch
    micro: int = 0
    smooth_loss: float = 0.0
    first_loss: float = 0.0
    best_epoch: int = 0
    best_loss: float = math.inf
    history: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = ""


class _Stop(Exception):
    """A way out of an epoch, with the reason."""


class Training:
    """A training under way; :meth:`run` does it."""

    def __init__(self, task: Task, engine: Engine, hooks: Hooks, resumed: Checkpoint | None = None) -> None:
        self.task, self._engine, self._hooks = task, engine, hooks
        self._plan, self._recipe = task.moving.plan, task.recipe
        self._optimizer = make_optimizer(task.recipe.optimizer, task.moving.groups(task.recipe))
        self._usual = pictures_at_once(self._plan, engine.device.type == "cpu")
        self._state = _State(micro=self._usual)
        live = task.moving.tensors()
        self._starts = {name: tensor.clone() for name, tensor in live.items()} if task.recipe.l2sp else {}
        self._average: Tensors = {}
        if task.recipe.ema:
            self._average = {name: tensor.clone() for name, tensor in live.items() if tensor.is_floating_point()}
        self._best: Tensors = self._snapshot()
        self._kept_at = time.monotonic()
        if resumed is not None:
            self._restore(resumed)
        self._steps_per_epoch = len(self._dealt(0))

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return self._steps_per_epoch * self._plan.epochs

    def run(self) -> Outcome:
        """Train to the end, or until something says that it is better to stop."""
        state = self._state
        with _own_randomness():
            while state.epoch < self._plan.epochs and not state.stopped:
                try:
                    self._run_epoch()
                except _Stop as reason:
                    state.stopped = str(reason)
                    self.task.moving.load(self._best)
                    break
                if self._hooks.enough(state.epoch):
                    self._note_stop("It ended early to keep the time limit: the machine became slower.")
        self._keep()
        last = self._snapshot()
        return Outcome(
            self._best if state.best_epoch else last, last, tuple(Epoch(**row) for row in state.history),
            state.best_epoch, state.stopped, state.micro, state.micro < self._usual,
        )  # fmt: skip

    def _note_stop(self, reason: str) -> None:
        if self._state.epoch < self._plan.epochs:
            self._state.stopped = reason

    def _factor(self, step: int) -> float:
        return rate_factor(self._recipe.schedule, step, self.steps, self._recipe.warmup)

    def _dealt(self, epoch: int) -> list[Rows]:
        """Deal the examples of an epoch into steps."""
        whole = self._plan.batch_size * self._engine.world * self._recipe.accumulate
        return batches(len(self.task.train.views), whole, 2 * self._engine.world, self._recipe.seed, epoch)

    # --- an epoch

    def _run_epoch(self) -> None:
        state, task = self._state, self.task
        task.moving.set_epoch(state.epoch)
        dealt = self._dealt(state.epoch)[state.inside :]
        own = [np.array_split(batch, self._engine.world)[self._engine.rank] for batch in dealt]
        clock = time.perf_counter()
        inputs = ahead(task.train.views, own, view_of(state.epoch, self._plan.views))
        for batch, rows, made in zip(dealt, own, inputs, strict=True):
            self._step(len(batch), rows, made)
            now = time.perf_counter()
            state.seconds, clock = state.seconds + now - clock, now
            self._tell()
            if time.monotonic() - self._kept_at >= self._recipe.checkpoint_seconds:
                self._keep()
        self._end_epoch(clock)

    def _end_epoch(self, clock: float) -> None:
        state, task = self._state, self.task
        loss = accuracy = None
        if task.validation is not None:
            with self._evaluated():
                scores = self.predict(task.validation.views)
            loss, accuracy = (
                float(log_losses(scores, task.validation.labels).mean()),
                accuracy_of(scores, task.validation.labels),
            )
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
        self._take_best(row)
        state.history.append(row.to_json())
        state.epoch, state.inside, state.seconds = state.epoch + 1, 0, 0.0
        state.loss_sum = state.right = 0.0
        state.seen = 0
        self._hooks.watcher.epoch(row)
        waited = state.epoch - state.best_epoch
        if self._recipe.patience and waited >= self._recipe.patience:
            self._note_stop(f"The validation loss did not improve for {waited} epochs.")

    def _take_best(self, row: Epoch) -> None:
        validation = self.task.validation
        choosing = validation is not None and (len(validation.labels) >= LEAST_TO_CHOOSE or self._recipe.patience > 0)
        if choosing and row.validation_loss is not None:
            if not row.validation_loss < self._state.best_loss:
                return
            self._state.best_loss = row.validation_loss
        self._best, self._state.best_epoch = self._snapshot(), row.epoch

    # --- a step

    def _step(self, count: int, rows: Rows, inputs: npt.NDArray[np.float32]) -> None:
        """One step on a batch of ``count`` pictures, of which ``rows`` are this process's share."""
        state, recipe = self._state, self._recipe
        factor = self._factor(state.step)
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.rate * group["scale"] * factor
        sums = self._gradients_within_memory(count, rows, inputs)
        loss, right = sums[0] / count, sums[1]
        parameters = [one for one in self.task.moving.parameters() if one.grad is not None]
        sum_gradients(self._engine, parameters)
        norm = torch.nn.utils.clip_grad_norm_(parameters, recipe.clip or math.inf, foreach=True)
        self._refuse_nonsense(loss, float(norm))
        self._optimizer.step()
        if recipe.l2sp:
            self._pull_back(factor)
        if recipe.ema:
            update_average(self._average, self.task.moving.tensors(), recipe.ema, state.step)
        state.step, state.inside = state.step + 1, state.inside + 1
        state.loss_sum, state.right, state.seen = state.loss_sum + loss * count, state.right + right, state.seen + count
        self._hooks.watcher.step(state.step, {"loss": loss, "rate": self._plan.rate * factor, "norm": float(norm)})
        self._hooks.profile_step()

    def _gradients_within_memory(self, count: int, rows: Rows, inputs: npt.NDArray[np.float32]) -> list[float]:
        while True:
            self._optimizer.zero_grad(set_to_none=True)
            try:
                return self._gradients(count, rows, inputs)
            except (MemoryError, RuntimeError) as error:
                if not is_about_memory(error):
                    raise
                if self._state.micro <= 1:
                    raise EncoderError(
                        "There is not enough memory to train, not even on one picture at a time.",
                        f"{str(error).splitlines()[0][:200]}",
                        "Take a smaller encoder, a method that moves less, or another machine.",
                    ) from error
                # The batch of a step stays as it is: it is taken in smaller bites.
                self._state.micro = max(1, self._state.micro // 2)
                if self._engine.device.type == "cuda":
                    torch.cuda.empty_cache()

    def _gradients(self, count: int, rows: Rows, inputs: npt.NDArray[np.float32]) -> list[float]:
        """Sum up gradients of the mean loss over the whole batch; return the sums of losses and of right answers."""
        sums = torch.zeros(2, dtype=torch.float64)
        pieces = max(1, math.ceil(len(rows) / self._state.micro))
        if len(rows) % self._state.micro == 1 and pieces > 1:
            pieces -= 1  # one picture alone joins the others, for the sake of BatchNorm
        for number, part in enumerate(np.array_split(np.arange(len(rows)), pieces)):
            losses, right = self._forward(rows[part], inputs[part], number)
            torch.autograd.backward(losses.sum() / count)
            sums += torch.tensor([float(losses.detach().sum()), right], dtype=torch.float64)
        total: list[float] = self._engine.sum(sums.to(self._engine.device)).tolist()
        return total

    def _forward(self, rows: Rows, inputs: npt.NDArray[np.float32], number: int) -> tuple[torch.Tensor, float]:
        task, recipe, engine = self.task, self._recipe, self._engine
        # Dropout draws from torch's generator, which is set anew for every piece of every step.
        torch.manual_seed(mixed_seed(recipe.seed, self._state.step, engine.rank, number))
        labels = torch.from_numpy(task.train.labels[rows])
        targets = soft_targets(labels, task.classes, recipe.label_smoothing)
        seed = mixed_seed(recipe.seed + 1, self._state.step, engine.rank, number)
        mixed = mix(to_device(inputs, engine.device), targets.to(engine.device), recipe.mixup, recipe.cutmix, seed)
        with engine.precision():
            scores = task.forward(mixed.inputs)
        adjusted = scores.float() if task.adjustment is None else scores.float() + task.adjustment.to(engine.device)
        losses = cross_entropy(adjusted, mixed.targets)
        right = float((scores.argmax(dim=1) == mixed.targets.argmax(dim=1)).sum())
        return losses, right

    def _pull_back(self, factor: float) -> None:
        own = dict(self.task.moving.classifier.named_parameters())
        for group in self._optimizer.param_groups:
            members = {id(one) for one in group["params"]}
            names = [name for name in self._starts if id(own.get(name)) in members and name.startswith("encoder.")]
            starts = [self._starts[name] for name in names]
            rate = self._plan.rate * group["scale"] * factor
            l2sp_step([own[name] for name in names], starts, rate, self._recipe.l2sp)

    def _refuse_nonsense(self, loss: float, norm: float) -> None:
        """Stop before a step that would spoil the weights."""
        state = self._state
        rate = self._optimizer.param_groups[0]["lr"]
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise _Stop(
                f"The training stopped at step {state.step + 1}: the loss was not a finite number, at a learning rate "
                f"of {rate:.1e}. {self._kept()} Try a smaller --lr."
            )
        state.first_loss = state.first_loss or loss
        state.smooth_loss = 0.9 * state.smooth_loss + 0.1 * loss if state.step else loss
        if state.smooth_loss > DIVERGED * max(state.first_loss, math.log(self.task.classes)):
            raise _Stop(
                f"The training stopped at step {state.step + 1}: the loss grew to {loss:.3g} at a learning rate of "
                f"{rate:.1e}; it began at {state.first_loss:.3g}. {self._kept()} Try a smaller --lr."
            )

    def _kept(self) -> str:
        best = self._state.best_epoch
        return f"The weights of epoch {best} were kept." if best else "The weights it started from were kept."

    # --- state

    def predict(self, views: Views) -> Scores:
        """Score inputs without augmentation, shape (N, C); each process takes a share, and none is counted twice."""
        self.task.moving.classifier.eval()
        engine = self._engine
        scores = torch.zeros(len(views), self.task.classes, dtype=torch.float64, device=engine.device)
        own = np.array_split(np.arange(len(views)), engine.world)[engine.rank]
        parts = [own[start : start + PREDICTED_AT_ONCE] for start in range(0, len(own), PREDICTED_AT_ONCE)]
        with torch.no_grad(), engine.precision():
            for rows, inputs in zip(parts, ahead(views, parts, 0), strict=True):
                scores[rows] = self.task.forward(to_device(inputs, engine.device)).double()
        found: Scores = engine.sum(scores).cpu().numpy()
        return found

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
        state = self._state
        tensors = {f"live.{name}": tensor for name, tensor in self.task.moving.tensors().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self._average.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer_tensors(self._optimizer).items()}
        values = {name: getattr(state, name) for name in _State.__slots__}
        self._hooks.keep(Checkpoint(tensors, values | {"best_loss": repr(state.best_loss)}))
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
        values = {name: found.values[name] for name in _State.__slots__}
        self._state = replace(_State(), **values | {"best_loss": float(values["best_loss"])})

    def _tell(self) -> None:
        state = self._state
        note = f"loss {state.loss_sum / state.seen:.3f}, accuracy {state.right / state.seen:.3f}"
        note += f", rate {self._plan.rate * self._factor(state.step - 1):.1e}"
        self._hooks.progress("Training", state.step, self.steps, note)


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Leave torch's generator as it was."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield
