"""Where a training is: plain values that go into a checkpoint, and the signs by which it is stopped."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from headstart.runtime.findings import Finding

DIVERGED = 4.0  # times the loss of guessing, or of the start, whichever is larger


class Stop(Exception):
    """A way out of an epoch, with the reason."""

    def __init__(self, code: str, **values: object) -> None:
        self.finding = Finding(code, values)
        super().__init__(str(self.finding))


@dataclass(slots=True)
class State:
    """Where a training is.

    Attributes
    ----------
    epoch, step
        Epochs and steps that are done.
    inside
        Steps that are done in this epoch.
    loss_sum, right, seen, seconds
        Of this epoch: sums of losses and right answers, examples, time.
    micro
        How many examples a process takes at a time.
    smooth_loss, first_loss
        What the loss is compared with.
    best_epoch, best_loss
        The epoch whose weights are the best so far, counted from 1; 0 when there is none.
    history
        Rows of epochs as plain data.
    stopped
        Why it ended early, or "".
    """

    epoch: int = 0
    step: int = 0
    inside: int = 0
    loss_sum: float = 0.0
    right: float = 0.0
    seen: int = 0
    seconds: float = 0.0
    micro: int = 0
    smooth_loss: float = 0.0
    first_loss: float = 0.0
    best_epoch: int = 0
    best_loss: float = math.inf
    history: list[dict[str, Any]] = field(default_factory=list)
    stopped: Finding | None = None

    def to_values(self) -> dict[str, Any]:
        """Return plain data for JSON, which knows no infinity; :meth:`from_values` reads it back to the last bit."""
        return asdict(self) | {"best_loss": repr(self.best_loss)}

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "State":
        """Read back what :meth:`to_values` gave; other keys are left alone.

        Examples
        --------
        >>> State.from_values(State(epoch=2).to_values() | {"more": 1}) == State(epoch=2)
        True
        """
        own = {name: values[name] for name in cls.__slots__}
        stopped = own["stopped"] and Finding.from_json(own["stopped"])
        return cls(**own | {"best_loss": float(values["best_loss"]), "stopped": stopped})

    def add(self, loss: float, right: float, count: int) -> None:
        """Count a step on ``count`` examples with this mean loss."""
        self.step, self.inside, self.seen = self.step + 1, self.inside + 1, self.seen + count
        self.loss_sum, self.right = self.loss_sum + loss * count, self.right + right

    def end_epoch(self) -> None:
        """Begin the next epoch."""
        self.epoch, self.inside, self.seen = self.epoch + 1, 0, 0
        self.loss_sum = self.right = self.seconds = 0.0

    def refuse_nonsense(self, loss: float, norm: float, rate: float, guessing: float) -> None:
        """Stop before a step that would spoil the weights; ``norm`` is that of the gradient.

        ``guessing`` is the loss of an answer that knows nothing.

        Raises
        ------
        Stop
            When loss or gradient is no number, or the loss has grown far beyond where it began.
        """
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise Stop("finetuning.stopped_loss", step=self.step + 1, rate=rate, kept=self.kept())
        self.first_loss = self.first_loss or loss
        self.smooth_loss = 0.9 * self.smooth_loss + 0.1 * loss if self.step else loss
        if self.smooth_loss > DIVERGED * max(self.first_loss, guessing):
            values = {"step": self.step + 1, "loss": loss, "rate": rate, "first": self.first_loss}
            raise Stop("finetuning.stopped_grew", **values, kept=self.kept())

    def refuse_epoch(self, validation_loss: float | None) -> None:
        """Stop after an epoch whose weights answer with what is no number; raises :class:`Stop`."""
        if validation_loss is not None and not math.isfinite(validation_loss):
            raise Stop("finetuning.stopped_validation", epoch=self.epoch + 1, kept=self.kept())

    def kept(self) -> Finding:
        """Return which weights are kept when it stops now."""
        return Finding(
            "finetuning.epoch_kept" if self.best_epoch else "finetuning.start_kept", {"best": self.best_epoch}
        )
