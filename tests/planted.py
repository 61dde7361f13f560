"""Pieces of the photographs that scikit-image and scikit-learn carry, and copies of them made on purpose."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import skimage.data
from PIL import Image, ImageEnhance
from sklearn.datasets import load_sample_image

SIDE = 120


@cache
def photographs() -> tuple[Image.Image, ...]:
    """32 pictures of 120 x 120 pixels that have no pixel in common."""
    arrays = [getattr(skimage.data, name)() for name in ("astronaut", "cat", "coffee", "rocket", "camera")]
    arrays += [load_sample_image(f"{name}.jpg") for name in ("china", "flower")]
    arrays.append(skimage.data.immunohistochemistry())
    pieces = []
    for array in arrays:
        image = Image.fromarray(array).convert("RGB")
        width, height = image.width // 2, image.height // 2
        for left, top in ((0, 0), (width, 0), (0, height), (width, height)):
            pieces.append(image.crop((left, top, left + width, top + height)).resize((SIDE, SIDE)))
    return tuple(pieces)


def compressed(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def cropped(image: Image.Image, share: float, seed: int = 0) -> Image.Image:
    side = round(image.width * share)
    left, top = np.random.default_rng(seed).integers(0, image.width - side + 1, size=2).tolist()
    return image.crop((left, top, left + side, top + side))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda image: image.resize((80, 66)),
    "larger": lambda image: image.resize((300, 300), Image.Resampling.BICUBIC),
    "compressed": lambda image: compressed(image, 20),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "cropped by 3 %": lambda image: cropped(image, 0.97),
    "cropped by 6 %": lambda image: cropped(image, 0.94),
    "all at once": lambda image: compressed(ImageEnhance.Brightness(cropped(image, 0.96)).enhance(1.15), 60),
}
