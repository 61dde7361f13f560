"""From an upright RGB picture to a network's input: timm's evaluation transform with Pillow and NumPy alone.

Every step is the one torchvision takes: sizes cut to whole pixels, halves rounded to even, the same float32 operations.
So the result is equal to timm's bit for bit.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, Self, cast, get_args

import numpy as np
from PIL import Image
from PIL import __version__ as pillow_version

from headstart.arrays import Singles
from headstart.data.readers.image_grey import spread
from headstart.errors import EncoderError

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]
CropMode = Literal["center", "squash", "border"]

FILTERS: dict[Interpolation, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}

# A picture of 1 x 20,000 pixels would grow to 256 x 5,120,000 before its centre is cut out.
LONGEST_SHAPE = 64

Colour = tuple[int, int, int]
Size = tuple[int, int]  # width and height


@dataclass(frozen=True, slots=True)
class ImagePreprocessing:
    """How an upright RGB picture becomes a network's input.

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
    value_range
        What is black and what is white in a grey picture of more than 8 bits; None: what its file can hold.
    """

    height: int
    width: int
    interpolation: Interpolation
    crop_fraction: float
    crop_mode: CropMode
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    value_range: tuple[float, float] | None = None
    kind: ClassVar[str] = "image"
    kept: ClassVar[bool] = True

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an input."""
        return 3, self.height, self.width

    def prepare(self, picture: Image.Image) -> Singles:
        """Turn an upright RGB picture into one input; see :func:`prepare`."""
        return prepare(picture, self)

    def versions(self) -> dict[str, str]:
        """Return the version of Pillow, whose decoder and resampling make the pixels."""
        return {"pillow": pillow_version}

    def to_json(self) -> dict[str, Any]:
        """Return plain data, without the kind: models of older versions name none."""
        described = asdict(self)
        if self.value_range is None:  # as it was before there was one: digests stay what they are
            del described["value_range"]
        return described

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote; raises KeyError or TypeError when a field is missing or unknown."""
        pairs: dict[str, Any] = {
            name: tuple(data[name]) for name in ("mean", "std", "value_range") if data.get(name) is not None
        }
        return cls(**{**data, **pairs})

    @classmethod
    def from_timm(cls, config: Mapping[str, Any]) -> Self:
        """Read timm's data configuration, as ``timm.data.resolve_model_data_config`` returns it.

        Raises
        ------
        EncoderError
            When it asks for what cannot be done: other than three channels, an unknown filter or way to crop.

        Examples
        --------
        >>> config = {"input_size": (3, 224, 224), "interpolation": "bicubic", "crop_pct": 0.875, "crop_mode": "center"}
        >>> ImagePreprocessing.from_timm({**config, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}).width
        224
        """
        channels, height, width = config["input_size"]
        if channels != 3:
            raise EncoderError("encoders.no_colour_pictures", channels=channels)
        interpolation = config["interpolation"]
        if interpolation == "random":  # a choice between two filters while training; timm evaluates with this one
            interpolation = "bicubic"
        for value, known in ((interpolation, get_args(Interpolation)), (config["crop_mode"], get_args(CropMode))):
            if value not in known:
                raise EncoderError("encoders.unknown_preprocessing", value=value, known=known)
        return cls(
            height=int(height),
            width=int(width),
            interpolation=cast(Interpolation, interpolation),
            crop_fraction=float(config["crop_pct"]),
            crop_mode=cast(CropMode, config["crop_mode"]),
            mean=_three(config["mean"]),
            std=_three(config["std"]),
        )


def prepare(picture: Image.Image, preprocessing: ImagePreprocessing) -> Singles:
    """Turn an upright RGB picture into one network input of shape (3, H, W).

    Equal to ``timm.data.create_transform(..., is_training=False)`` bit for bit, for pictures up to 64 times as long as
    they are wide. Of longer ones the middle is cut out first, so that memory stays bounded.

    Examples
    --------
    >>> half = ImagePreprocessing(2, 2, "bilinear", 1.0, "center", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    >>> prepare(Image.new("RGB", (9, 7), (255, 0, 255)), half)[:, 0, 0].tolist()
    [1.0, -1.0, 1.0]
    """
    height, width = preprocessing.height, preprocessing.width
    resized = _resize(spread(picture, preprocessing.value_range), preprocessing)
    fill: Colour = (0, 0, 0)
    if preprocessing.crop_mode == "border":
        red, green, blue = (round(255 * value) for value in preprocessing.mean)
        fill = (red, green, blue)
    return normalise(_centre(resized, height, width, fill), preprocessing)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in the pixels of a picture: its edges, which may lie outside the picture."""

    left: float
    top: float
    right: float
    bottom: float


def seen_box(size: Size, preprocessing: ImagePreprocessing) -> Box:
    """Find the part of a picture, ``size`` is its width and height, that :func:`prepare` makes an input of.

    Where the input has a border that no pixel of the picture fell on, the box is larger than the picture.

    Examples
    --------
    >>> cut = ImagePreprocessing(224, 224, "bicubic", 0.875, "center", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    >>> seen_box((512, 256), cut)
    Box(left=144.0, top=16.0, right=368.0, bottom=240.0)
    """
    kept = _shortened_size(size) if preprocessing.crop_mode == "center" else size
    goal = (preprocessing.width, preprocessing.height)
    edges = [
        _seen_stretch(whole, cut, resized, wanted)
        for whole, cut, resized, wanted in zip(size, kept, _resized_size(kept, preprocessing), goal, strict=True)
    ]
    (left, right), (top, bottom) = edges
    return Box(left, top, right, bottom)


def _seen_stretch(whole: int, cut: int, resized: int, wanted: int) -> tuple[float, float]:
    """Follow the two edges of the input back along one side of the picture, by the steps of :func:`prepare`."""
    ground = max(resized, wanted)  # a smaller picture is put on a larger ground first
    start = round((ground - wanted) / 2) - (ground - resized) // 2
    before = round((whole - cut) / 2)
    return before + start * cut / resized, before + (start + wanted) * cut / resized


def normalise(picture: Image.Image, preprocessing: ImagePreprocessing) -> Singles:
    """Turn an RGB picture of any size into numbers of shape (3, H, W): subtract the mean, divide by the deviation.

    Examples
    --------
    >>> half = ImagePreprocessing(2, 2, "bilinear", 1.0, "center", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    >>> normalise(Image.new("RGB", (1, 1), (255, 0, 255)), half).ravel().tolist()
    [1.0, -1.0, 1.0]
    """
    pixels = np.asarray(picture)
    table = _normalised_values(preprocessing.mean, preprocessing.std)
    prepared = np.empty((3, *pixels.shape[:2]), dtype=np.float32)
    for channel in range(3):
        # mode="clip" skips NumPy's check of the indices; a byte is always a valid one.
        np.take(table[channel], pixels[:, :, channel], out=prepared[channel], mode="clip")
    return prepared


def _three(values: Any) -> tuple[float, float, float]:  # noqa: ANN401 - a tuple, or a list when it comes from JSON
    red, green, blue = (float(value) for value in values)
    return red, green, blue


@lru_cache(maxsize=32)
def _normalised_values(mean: tuple[float, float, float], std: tuple[float, float, float]) -> tuple[Singles, ...]:
    """Table of 256 normalised values per channel, by torch's own float32 steps: divide, subtract, divide."""
    scaled = np.arange(256, dtype=np.float32) / np.float32(255)
    return tuple((scaled - np.float32(m)) / np.float32(s) for m, s in zip(mean, std, strict=True))


def _resize(picture: Image.Image, preprocessing: ImagePreprocessing) -> Image.Image:
    if preprocessing.crop_mode == "center":
        picture = _shortened(picture)
    size = _resized_size(picture.size, preprocessing)
    return picture if size == picture.size else picture.resize(size, FILTERS[preprocessing.interpolation])


def _resized_size(size: Size, preprocessing: ImagePreprocessing) -> Size:
    width, height = size
    goal_height = math.floor(preprocessing.height / preprocessing.crop_fraction)
    goal_width = math.floor(preprocessing.width / preprocessing.crop_fraction)
    if preprocessing.crop_mode == "squash":
        return goal_width, goal_height
    if preprocessing.crop_mode == "center":
        return _covering_size(size, goal_height, goal_width)
    ratio = max(height / goal_height, width / goal_width)
    return max(1, round(width / ratio)), max(1, round(height / ratio))


def _covering_size(size: Size, goal_height: int, goal_width: int) -> Size:
    """Width and height of the smallest picture of the same shape that covers the goal."""
    width, height = size
    if goal_height != goal_width:
        ratio = min(height / goal_height, width / goal_width)
        return round(width / ratio), round(height / ratio)
    if width <= height:
        return goal_width, int(goal_width * height / width)
    return int(goal_height * width / height), goal_height


def _shortened(picture: Image.Image) -> Image.Image:
    width, height = _shortened_size(picture.size)
    return picture if (width, height) == picture.size else _centre(picture, height, width, (0, 0, 0))


def _shortened_size(size: Size) -> Size:
    longest = LONGEST_SHAPE * min(size)
    return min(size[0], longest), min(size[1], longest)


def _centre(picture: Image.Image, height: int, width: int, fill: Colour) -> Image.Image:
    """Cut out the centre; where the picture is smaller, put it on a ground of colour ``fill`` first."""
    if picture.width < width or picture.height < height:
        ground = Image.new("RGB", (max(picture.width, width), max(picture.height, height)), fill)
        ground.paste(picture, ((ground.width - picture.width) // 2, (ground.height - picture.height) // 2))
        picture = ground
    left = round((picture.width - width) / 2)
    top = round((picture.height - height) / 2)
    return picture.crop((left, top, left + width, top + height))
