"""JPEG files that were cut: whether what is missing is their end marker alone, or a part of the picture."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.arrays import Booleans

END_OF_IMAGE = b"\xff\xd9"  # the last marker; inside the coded data 0xFF is never followed by 0xD9
ADDED = b"\xff\xfe\x00\x07added" + END_OF_IMAGE  # the same behind a comment, so that it is known to be ours
MOST_MISSING = 0.01  # of the picture: less is not seen
_FILLER = bytes(range(1, 255)) * 16  # coded data of a picture that nobody took
_BLOCK = 2  # pixels of a side, at an eighth of the picture's sides: that of what is coded together


def find_end(data: bytes) -> int:
    """Find the end marker behind the start of the scan, -1 without one: a thumbnail in the header has one of its own.

    What follows the end marker does not matter: cameras and phones append padding, previews and films.
    """
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:  # start of scan
            break
        # 0xFF fills up; 0x01 and 0xD0 to 0xD8 stand alone; every other segment begins with its length.
        if marker == 0xFF:
            position += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return data.find(END_OF_IMAGE, position)


def add_end(data: bytes) -> bytes | None:
    """Add the end marker to a file that has none; None when a part of the picture is missing, too."""
    try:
        return data + ADDED if missing_share(data) <= MOST_MISSING else None
    except Exception:
        return None  # as Pillow may raise anything on what is left of the header


def missing_share(data: bytes) -> float:
    """Compute the share of the picture, from 0 to 1, that the coded data, all before the end marker, does not reach.

    Where the data ends a decoder fills up: with grey when the end marker follows, with anything when anything follows.
    Where the data is complete, what follows changes nothing.
    """
    scan = data.rstrip(b"\xff")
    plain, filled = (_decode_coarsely(scan + filler + END_OF_IMAGE) for filler in (b"", _FILLER))
    differs: Booleans = np.asarray((plain != filled).reshape(*plain.shape[:2], -1).any(axis=2))
    places = np.flatnonzero(differs)
    if not len(places):
        return 0.0
    # Blocks are coded row by row: the first that differs is the first that is missing.
    row, column = divmod(int(places[0]), differs.shape[1])
    below, beside = max(0, differs.shape[0] - row - _BLOCK), min(_BLOCK, differs.shape[0] - row)
    return float((below * differs.shape[1] + beside * (differs.shape[1] - column)) / differs.size)


def _decode_coarsely(data: bytes) -> npt.NDArray[np.uint8]:
    """Decode a JPEG at an eighth of its sides."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        if "progressive" in image.info:  # its coarse part comes first, so that the end changes nothing of it
            return np.asarray(image)[4::8, 4::8]
        image.draft(None, (1, 1))
        return np.asarray(image)
