"""Pieces of the photographs that scikit-image and scikit-learn carry, and copies of them made on purpose."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageEnhance, ImageFilter
from sklearn.datasets import load_digits, load_sample_image

from headstart.audit.label_noise import predict_held_out
from headstart.data.targets.classes import Classes
from headstart.settings.recipe import Recipe

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


COLOURS = {"blue": (40, 60, 190), "green": (50, 150, 60), "red": (190, 60, 50)}


def scene(colour: tuple[int, int, int], seed: int) -> Image.Image:
    """A picture of this colour with blobs and grain of its own: no two of them agree anywhere."""
    random = np.random.default_rng(seed)
    blobs = Image.fromarray(random.integers(0, 256, (7, 7, 3), dtype=np.uint8)).resize(
        (96, 96), Image.Resampling.BICUBIC
    )
    pixels = 0.5 * np.asarray(blobs, dtype=np.float64) + 0.5 * np.array(colour) + random.normal(0, 4, (96, 96, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def save_scenes(folder: Path, count: int) -> dict[str, list[str]]:
    """Write ``count`` scenes of each colour into train/ and half as many into val/, with faults; say which."""
    seeds = iter(range(10_000))
    for part, number in (("train", count), ("val", count // 2)):
        for name, colour in COLOURS.items():
            (folder / part / name).mkdir(parents=True)
            for index in range(number):
                scene(colour, next(seeds)).save(folder / part / name / f"{index:02}.png")
    wrong = ["train/red/90.png", "train/green/90.png", "val/blue/90.png"]
    for name, colour in zip(wrong, ("blue", "red", "green"), strict=True):
        scene(COLOURS[colour], next(seeds)).save(folder / name)
    copies = {"train/red/00.png": "val/red/70.jpg", "train/blue/01.png": "val/blue/71.jpg"}
    for (old, new), kind in zip(copies.items(), ("smaller", "darker"), strict=True):
        COPIES[kind](Image.open(folder / old)).save(folder / new, quality=90)
    scene(COLOURS["red"], next(seeds)).filter(ImageFilter.GaussianBlur(4)).save(folder / "train/red/80.png")
    scene(COLOURS["red"], next(seeds)).resize((300, 60)).save(folder / "train/red/81.png")
    ImageEnhance.Brightness(scene(COLOURS["blue"], next(seeds))).enhance(0.1).save(folder / "train/blue/82.png")
    return {"wrong": wrong, "copies": [*copies.items()]}


def noisy_digits():
    """Digits of which 5 % have another label: features, labels, which are wrong, a recipe, held-out predictions."""
    random = np.random.default_rng(0)
    digits = load_digits()
    rows = random.permutation(len(digits.target))[:800]
    features, labels = digits.data[rows].astype(np.float32), digits.target[rows].astype(np.int64)
    wrong = np.sort(random.permutation(800)[:40])
    labels[wrong] = (labels[wrong] + random.integers(1, 10, 40)) % 10
    recipe = Recipe(head="ridge")
    held = predict_held_out(features, labels, Classes(tuple("0123456789")), np.arange(800), recipe)
    return features, labels, wrong, recipe, held
