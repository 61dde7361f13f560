"""Augmented views of a picture: functions of the picture and a seed, whichever thread makes them."""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from headstart.arrays import Singles
from headstart.data.readers.image_grey import spread
from headstart.encoders.preprocess.image import FILTERS, ImagePreprocessing, normalise, prepare
from headstart.finetuning.views import Augmentation

SHAPES = (math.log(3 / 4), math.log(4 / 3))  # width to height of a crop, on a logarithmic scale
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle inside a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


def augment(picture: Image.Image, preprocessing: ImagePreprocessing, augmentation: Augmentation, seed: int) -> Singles:
    """Create one view of an upright RGB picture, shape (3, H, W).

    Examples
    --------
    >>> half = ImagePreprocessing(2, 2, "bilinear", 1.0, "center", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    >>> augment(Image.new("RGB", (9, 7), (255, 0, 255)), half, Augmentation(), seed=0)[:, 0, 0].tolist()
    [1.0, -1.0, 1.0]
    """
    picture, random = spread(picture, preprocessing.value_range), np.random.default_rng(seed)
    mirrored = augmentation.flip and random.random() < 0.5
    operation = choose_operation(random) if augmentation.trivial else None
    if not augmentation.crop:
        view = ImageOps.mirror(picture) if mirrored else picture
        return prepare(operation(view) if operation else view, preprocessing)
    cut = choose_rectangle(picture.width, picture.height, augmentation.smallest, random)
    box = (cut.left, cut.top, cut.left + cut.width, cut.top + cut.height)
    size = (preprocessing.width, preprocessing.height)
    view = picture.crop(box).resize(size, FILTERS[preprocessing.interpolation])
    view = ImageOps.mirror(view) if mirrored else view
    return normalise(operation(view) if operation else view, preprocessing)


def view_seed(seed: int, view: int, picture: Image.Image) -> int:
    """Create the seed of a picture's view from its pixels: a view belongs to the content, not to a place in a list.

    Examples
    --------
    >>> view_seed(0, 1, Image.new("RGB", (2, 2))) == view_seed(0, 1, Image.new("RGB", (2, 2)))
    True
    """
    pixels = zlib.crc32(picture.tobytes())
    return int(np.random.SeedSequence([seed, view, pixels]).generate_state(1, np.uint64)[0])


def choose_rectangle(width: int, height: int, smallest: float, random: np.random.Generator) -> Rectangle:
    """Choose a rectangle of a random area and shape, as torchvision's ``RandomResizedCrop`` does.

    Where none of ten fits, the middle is taken, as large as the shapes allow.

    Examples
    --------
    >>> choose_rectangle(100, 80, 1.0, np.random.default_rng(0)).height <= 80
    True
    """
    for _ in range(ATTEMPTS):
        area = width * height * random.uniform(smallest, 1.0)
        shape = math.exp(random.uniform(*SHAPES))
        wide, high = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < wide <= width and 0 < high <= height:
            top, left = int(random.integers(height - high + 1)), int(random.integers(width - wide + 1))
            return Rectangle(left, top, wide, high)
    low, top_shape = (math.exp(value) for value in SHAPES)
    wide = min(width, max(1, round(height * top_shape)))
    high = min(height, max(1, round(width / low)))
    return Rectangle((width - wide) // 2, (height - high) // 2, wide, high)


Operation = Callable[[Image.Image], Image.Image]


def choose_operation(random: np.random.Generator) -> Operation:
    """Choose one of TrivialAugment's fourteen operations and its strength (Müller and Hutter 2021, the wide space).

    Examples
    --------
    >>> choose_operation(np.random.default_rng(0))(Image.new("RGB", (4, 3))).size
    (4, 3)
    """
    name = OPERATIONS[int(random.integers(len(OPERATIONS)))]
    level = int(random.integers(31)) / 30
    sign = -1.0 if random.random() < 0.5 else 1.0
    return lambda picture: apply_operation(picture, name, level, sign)


OPERATIONS = (
    *("identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness", "colour", "contrast"),
    *("sharpness", "posterize", "solarize", "autocontrast", "equalize"),
)
_ENHANCERS: dict[str, Callable[[Image.Image], ImageEnhance._Enhance]] = {
    "brightness": ImageEnhance.Brightness,
    "colour": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "sharpness": ImageEnhance.Sharpness,
}
_PLAIN: dict[str, Operation] = {
    "identity": lambda picture: picture,
    "autocontrast": ImageOps.autocontrast,
    "equalize": ImageOps.equalize,
}


def apply_operation(picture: Image.Image, name: str, level: float, sign: float) -> Image.Image:
    """Apply one operation at a strength of 0 to 1; ``sign`` turns those that have two directions.

    Examples
    --------
    >>> apply_operation(Image.new("RGB", (1, 1), (200, 0, 0)), "posterize", 1.0, 1.0).getpixel((0, 0))
    (192, 0, 0)
    """
    if name in _PLAIN:
        return _PLAIN[name](picture)
    if name in _ENHANCERS:
        return _ENHANCERS[name](picture).enhance(1 + sign * 0.99 * level)
    if name == "posterize":
        return ImageOps.posterize(picture, round(8 - 6 * level))
    if name == "solarize":
        return ImageOps.solarize(picture, round(255 * (1 - level)))
    if name == "rotate":
        return picture.rotate(sign * 135 * level)
    slope, shift = sign * 0.99 * level, int(sign * 32 * level)
    matrix = {
        "shear_x": (1, slope, 0, 0, 1, 0),
        "shear_y": (1, 0, 0, slope, 1, 0),
        "translate_x": (1, 0, -shift, 0, 1, 0),
        "translate_y": (1, 0, 0, 0, 1, -shift),
    }[name]
    return picture.transform(picture.size, Image.Transform.AFFINE, matrix)
