"""Views of an example: as it is, or augmented by what its modality knows."""

from dataclasses import dataclass
from typing import Any, Protocol

from headstart.arrays import Singles
from headstart.encoders.spec import Preprocessing
from headstart.modalities.base import load_modality
from headstart.settings.rules import TrainingPlan


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What an augmented view does to an example.

    Attributes
    ----------
    crop
        Cut out a random part and bring it to the size of the network's input.
    smallest
        Smallest share of the whole that is cut out. 0.35, not ImageNet's 0.08: a small set teaches wrong things
        fast when the object is not in the crop.
    flip
        Mirror half of the views.
    trivial
        Apply one operation of TrivialAugment at a random strength.
    """

    crop: bool = True
    smallest: float = 0.35
    flip: bool = True
    trivial: bool = False


def augmentation_of(plan: TrainingPlan) -> Augmentation:
    """Describe what an augmented view does."""
    return Augmentation(crop=plan.crop, flip=plan.flip, trivial=plan.trivial)


class Augment(Protocol):
    """A module that augments examples of one modality: functions of the example and a seed, whichever thread runs."""

    def augment(
        self,
        example: Any,  # noqa: ANN401 - what the modality's reader opens
        preprocessing: Any,  # noqa: ANN401 - of the modality
        augmentation: Augmentation,
        seed: int,
    ) -> Singles:
        """Create one view of an opened example: an input of the network."""

    def view_seed(self, seed: int, view: int, example: Any) -> int:  # noqa: ANN401 - as above
        """Create the seed of a view from the content: a view belongs to that, not to a place in a list."""


def create_view(
    example: Any,  # noqa: ANN401 - what the modality's reader opens
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    seed: int,
    view: int,
) -> Singles:
    """Make view number ``view`` of an opened example; 0 is the example as it is."""
    if view == 0:
        prepared: Singles = preprocessing.prepare(example)
        return prepared
    modality: Augment = load_modality(preprocessing.kind).augment
    return modality.augment(example, preprocessing, augmentation, modality.view_seed(seed, view, example))
