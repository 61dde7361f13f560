"""How long a run will take."""

from dataclasses import asdict, dataclass
from typing import Any

from headstart.modalities.base import DEFAULT
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding
from headstart.settings.rules import TrainingPlan


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a run will take, from a few examples timed on this machine; ``training`` says how weights will move."""

    encoder: str
    examples: int
    stored: int
    seconds: float
    training: TrainingPlan | None = None
    modality: str = DEFAULT

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        short = "reporting.estimate_moving" if self.training else "reporting.estimate"
        minutes = Finding(
            "reporting.under_a_minute" if self.seconds < 60 else "reporting.minutes", {"n": self.seconds / 60}
        )
        values = {"encoder": self.encoder, "stored": self.stored, "pictures": self.examples}
        lines = [texts.say("reporting.stored", values), texts.say(short, {"minutes": minutes, "seconds": self.seconds})]
        if self.training is None:
            return lines
        plan = self.training
        views = "reporting.moves_augmented" if plan.crop else "reporting.moves"
        moves = {"method": plan.name, "epochs": plan.epochs, "batch": plan.batch_size, "rate": plan.rate}
        return [*lines, texts.say(views, moves)]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "encoder": self.encoder,
            "stored": self.stored,
            "to_compute": self.examples - self.stored,
            "estimated_seconds": round(self.seconds, 1),
            "estimated_minutes": round(self.seconds / 60, 2),
            "training": None if self.training is None else asdict(self.training),
        }
