"""Photographs to measure with: a folder of JPEG files, or pieces of those that scikit-image and scikit-learn carry."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image


@contextmanager
def photographs(folder: Path | None, count: int) -> Iterator[list[Path]]:
    """Give at most ``count`` JPEG files of a folder, or ``count`` made ones that are removed at the end."""
    if folder is not None:
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
        if not found:
            raise SystemExit(f"There is no .jpg file in '{folder}'.")
        yield found[:count]
        return
    with TemporaryDirectory() as made:
        yield make_photographs(Path(made), count)


def make_photographs(folder: Path, count: int, low: int = 300, high: int = 500, seed: int = 0) -> list[Path]:
    """Write JPEG files with sides of ``low`` to ``high`` pixels into a folder; no two have the same bytes."""
    draw = np.random.default_rng(seed)
    originals = _originals()
    paths = []
    for number in range(count):
        image = originals[number % len(originals)]
        width, height = (int(side) for side in draw.integers(low, high + 1, size=2))
        share = min(image.width / width, image.height / height) * draw.uniform(0.5, 1.0)
        across, down = int(width * share), int(height * share)
        left = int(draw.integers(0, image.width - across + 1))
        top = int(draw.integers(0, image.height - down + 1))
        piece = image.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + across, top + down))
        path = folder / f"{number:06}.jpg"
        piece.save(path, quality=int(draw.integers(80, 96)), comment=f"{seed} {number}".encode())
        paths.append(path)
    return paths


def make_small_photographs(folder: Path, count: int, side: int = 96) -> None:
    """Write many small JPEG files quickly: few pictures, each file with its number in a comment."""
    files = []
    for image in _originals():
        buffer = io.BytesIO()
        image.resize((side, side), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
        files.append(buffer.getvalue())
    for number in range(count):
        data = files[number % len(files)]
        comment = f"{number:012}".encode()
        # Behind the two bytes that begin a JPEG: the marker of a comment, its length with the two bytes of the length.
        marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big")
        (folder / f"{number:06}.jpg").write_bytes(data[:2] + marker + comment + data[2:])


def _originals() -> list[Image.Image]:
    from skimage import data
    from sklearn.datasets import load_sample_images

    names = ("astronaut", "chelsea", "coffee", "rocket", "retina", "hubble_deep_field", "immunohistochemistry")
    arrays = [getattr(data, name)() for name in names] + list(load_sample_images().images)
    return [Image.fromarray(array) for array in arrays]
