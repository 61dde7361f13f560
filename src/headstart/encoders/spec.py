"""What an encoder is: the values that describe it, and the protocol that engines keep."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL import __version__ as pillow_version

from headstart.runtime.hashing import sha256_of_json

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
CropMode = Literal["center", "squash", "border"]
Engine = Literal["onnxruntime", "torch", "numpy"]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How an upright RGB picture becomes a network's input: data, not code.

    Attributes
    ----------
    height, width
        Size of the network's input in pixels.
    interpolation
        Pillow's resampling filter.
    crop_fraction
        Side of the centre crop divided by the side of the resized picture (timm's ``crop_pct``).
    crop_mode
        ``center``: shorter side resized, centre cropped. ``squash``: resized to the input size whatever the shape.
        ``border``: longer side resized, the rest filled with the mean.
    mean, std
        Per channel, on the scale 0 to 1.
    """

    height: int
    width: int
    interpolation: Interpolation
    crop_fraction: float
    crop_mode: CropMode
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """All that decides what an encoder computes, and where it comes from.

    Attributes
    ----------
    name
        The name a user gives: ``efficientnet_lite0``, ``timm:resnet50``, a path.
    architecture
        timm's name of the network.
    dimension
        Length D of a feature vector.
    weights_digest
        SHA-256 of the weight file, hexadecimal.
    preprocessing
        How pictures are prepared.
    licence, source
        Licence of the weights, and where they were found (package, hub, file).
    engine, precision
        What computes the features, and in which number format.
    classifier
        timm's name of the classifier layer that the head replaces, or "" when there is none to replace.
    """

    name: str
    architecture: str
    dimension: int
    weights_digest: str
    preprocessing: Preprocessing
    licence: str
    source: str
    engine: Engine = "onnxruntime"
    precision: str = "fp32"
    classifier: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of everything that can change a feature vector; half of the key of a stored row.

        Name, licence and source are left out: the same weights under another name give the same features. The version
        of Pillow is in, because its decoder and its resampling make the pixels.
        """
        deciding = {
            "revision": 1,
            "architecture": self.architecture,
            "weights": self.weights_digest,
            "preprocessing": asdict(self.preprocessing),
            "engine": self.engine,
            "precision": self.precision,
            "pillow": pillow_version,
        }
        return sha256_of_json(deciding)

    def to_json(self) -> dict[str, Any]:
        """Plain data; :meth:`from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "EncoderSpec":
        """Read what :meth:`to_json` wrote; raises KeyError or TypeError when a field is missing or unknown."""
        picture = dict(data["preprocessing"])
        picture["mean"] = tuple(picture["mean"])
        picture["std"] = tuple(picture["std"])
        return cls(**{**data, "preprocessing": Preprocessing(**picture)})


class Encoder(Protocol):
    """A pretrained network with its preprocessing; both methods may be called from several threads at once."""

    @property
    def spec(self) -> EncoderSpec:
        """What this encoder is."""

    def preprocess(self, picture: Image.Image) -> npt.NDArray[np.float32]:
        """Turn an upright RGB picture into one input, for images of shape (3, H, W)."""

    def encode(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Turn a batch of inputs, shape (N, ...), into features, shape (N, D)."""
