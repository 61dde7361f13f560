"""How a picture was made and saved, whatever it shows: its size and shape, its format, its compression, its camera."""

import io
import os
from contextlib import suppress
from typing import Any

from PIL import Image

from headstart.arrays import Integers
from headstart.audit.shortcuts.base import FactTable
from headstart.data.example import Dataset
from headstart.data.readers.image_formats import SUFFIXES
from headstart.data.readers.image_warnings import pillow_silenced

_UNKNOWN = float("nan")
_MAKE, _MODEL = 271, 272  # EXIF
_NUMBERS = ("width", "height", "shape", "bytes_per_pixel")
_CATEGORIES = ("format", "mode", "camera")


def measure_facts(dataset: Dataset, positions: Integers) -> FactTable:
    """Measure the pictures at N positions by their headers: see :class:`headstart.audit.shortcuts.base.Shortcuts`."""
    formats = [name for name in SUFFIXES if name not in ("HEIC", "DICOM")]  # these two Pillow does not know by itself
    with pillow_silenced():
        rows = [_measure(dataset.examples[position].source, formats) for position in positions.tolist()]
    columns = dict(zip((*_NUMBERS, *_CATEGORIES), zip(*rows, strict=True), strict=True)) if rows else {}
    return columns


def _measure(source: Any, formats: list[str]) -> tuple[Any, ...]:  # noqa: ANN401 - of an Example
    """Return the numbers and the categories of a picture; all unknown of what is no file or cannot be read."""
    with suppress(Exception):  # whatever Pillow says of a file that it can or cannot open
        data, size = (source, os.path.getsize(source)) if isinstance(source, str) else (io.BytesIO(source), len(source))
        with Image.open(data, formats=formats) as image:
            exif = image.getexif()
            camera = f"{exif.get(_MAKE, '')} {exif.get(_MODEL, '')}".strip()
            width, height = image.size
            numbers = width, height, width / height, size / (width * height)
            return *numbers, str(image.format), image.mode, camera or "-"
    return *[_UNKNOWN] * len(_NUMBERS), *[""] * len(_CATEGORIES)
