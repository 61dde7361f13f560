"""What is known before weights move."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.data.example import Example
from headstart.data.readers.image import open_picture
from headstart.data.targets.base import Target
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.preprocess.image import prepare
from headstart.probing.probe import Probe
from headstart.settings.recipe import Recipe

if TYPE_CHECKING:
    from headstart.encoders.torch_engine import TorchEncoder

SHOWN = 8  # real pictures on which two networks are compared


@dataclass(frozen=True, slots=True, eq=False)
class TrainingInputs:
    """What is known before weights move; arrays are over the N pictures to learn from.

    Attributes
    ----------
    recipe, target
        The settings, and what is to be predicted.
    encoder
        The pretrained network, frozen.
    examples, keys
        The pictures, and the SHA-256 of each.
    labels, groups
        Shapes (N,).
    features
        Of the frozen encoder, shape (N, D).
    probe
        Fitted on all N.
    """

    recipe: Recipe
    target: Target
    encoder: "OnnxEncoder | TorchEncoder"
    examples: tuple[Example, ...]
    keys: tuple[bytes, ...]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    probe: Probe

    def pictures(self) -> npt.NDArray[np.float32]:
        """Prepare a few pictures, spread evenly, shape (n, 3, H, W)."""
        step = max(1, len(self.examples) // SHOWN)
        chosen = self.examples[::step][:SHOWN]
        preprocessing = self.encoder.spec.preprocessing
        return np.stack([prepare(open_picture(example.source), preprocessing) for example in chosen])
