"""How well examples of one modality were taken, by measures that need no network."""

from typing import Protocol

from headstart.arrays import Integers, Singles
from headstart.encoders.spec import Encoder
from headstart.modalities.base import load_modality


class QualityMeasures(Protocol):
    """A module that measures examples and finds the poor ones."""

    def Quality(self) -> Encoder:
        """Create the encoder that measures."""

    def find_poor(self, quality: Singles) -> dict[str, Integers]:
        """Find examples that are poor, by their measures (N, M): positions by kind of fault, the worst first."""


def quality_of(modality: str) -> QualityMeasures | None:
    """Load what measures the examples of a modality; None where nothing does. Raises UnknownNameError."""
    found: QualityMeasures | None = getattr(load_modality(modality), "quality", None)
    return found
