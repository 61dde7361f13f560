"""What is known before weights move."""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.data.example import Example
from headstart.data.readers.base import reader_of
from headstart.data.targets.base import Target
from headstart.encoders.spec import LoadedEncoder
from headstart.probing.probe import Probe
from headstart.settings.recipe import Recipe

SHOWN = 8  # real examples on which two networks are compared


@dataclass(frozen=True, slots=True, eq=False)
class TrainingInputs:
    """What is known before weights move; arrays are over the N examples to learn from.

    Attributes
    ----------
    recipe, target
        The settings, and what is to be predicted.
    encoder
        The pretrained network, frozen.
    examples, keys
        The examples, and the SHA-256 of each.
    labels, groups
        Shapes (N,).
    features
        Of the frozen encoder, shape (N, D).
    probe
        Fitted on all N.
    """

    recipe: Recipe
    target: Target
    encoder: LoadedEncoder
    examples: tuple[Example, ...]
    keys: tuple[bytes, ...]
    labels: Integers
    groups: Integers
    features: Singles
    probe: Probe

    def sample(self) -> Singles:
        """Prepare a few examples, spread evenly, shape (n, ...)."""
        step = max(1, len(self.examples) // SHOWN)
        chosen = self.examples[::step][:SHOWN]
        preprocessing, reader = self.encoder.spec.preprocessing, reader_of(self.encoder.spec.modality)
        return np.stack([preprocessing.prepare(reader.open_example(example.source)) for example in chosen])
