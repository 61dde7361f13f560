"""How long a run will take."""

from dataclasses import asdict, dataclass
from typing import Any

from headstart.settings.rules import TrainingPlan


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a run will take, from a few pictures timed on this machine; ``training`` says how weights will move."""

    encoder: str
    pictures: int
    stored: int
    seconds: float
    training: TrainingPlan | None = None

    def lines(self) -> list[str]:
        """Say the same for people."""
        minutes = "less than a minute" if self.seconds < 60 else f"about {self.seconds / 60:.0f} min"
        what = " before weights move" if self.training else ""
        return [
            f"Encoder: {self.encoder}. {self.stored} of {self.pictures} pictures have stored features already.",
            f"Estimated time{what}: {minutes} ({self.seconds:.0f} s). A dry run: nothing was fitted, nothing written.",
            *self._training_lines(),
        ]

    def _training_lines(self) -> list[str]:
        if self.training is None:
            return []
        plan = self.training
        views = {True: "augmented", False: "as they are"}[plan.crop]
        return [
            f"Then weights move: {plan.name}, at most {plan.epochs} epochs of pictures {views}, in batches of "
            f"{plan.batch_size}, largest learning rate {plan.rate:.1e}. A run times a few steps and says how long they "
            "will take before it begins with them."
        ]

    def to_json(self) -> dict[str, Any]:
        """Give plain data."""
        return {
            "encoder": self.encoder,
            "stored": self.stored,
            "to_compute": self.pictures - self.stored,
            "estimated_seconds": round(self.seconds, 1),
            "estimated_minutes": round(self.seconds / 60, 2),
            "training": None if self.training is None else asdict(self.training),
        }
