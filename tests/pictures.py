"""Small pictures for tests: coloured noise, a few per class, drawn from a seed."""

from pathlib import Path

import numpy as np
from PIL import Image

FLOWERS = {"daisy": (235, 230, 215), "rose": (190, 30, 60), "tulip": (230, 150, 20)}


def save_noise(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    """Write a 60 x 48 picture of this colour, with noise on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).normal(colour, 30, size=(48, 60, 3))
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


def save_flowers(folder: Path, count: int, seed: int = 0) -> Path:
    """Write ``count`` pictures of each flower, one folder per class."""
    for place, (name, colour) in enumerate(FLOWERS.items()):
        for number in range(count):
            save_noise(folder / name / f"{number}.jpg", colour, seed + 1000 * place + number)
    return folder


def damage_pixels(path: Path) -> Path:
    """Write a TIFF whose header is whole and whose compressed pixels are not: only decoding tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, size=(48, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    content[20:200] = b"\xff" * 180
    path.write_bytes(content)
    return path
