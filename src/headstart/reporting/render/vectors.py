"""A row of numbers is shown as a profile: a bar for each column, as high as the number stands among the others."""

from typing import Any

import numpy as np
from PIL import Image

from headstart.data.readers.vectors import open_example

SIDE = 220
MOST_BARS = 55
PAPER, BAR, GAP = 248, 96, 216  # grey levels; a column without a number has a light bar of full height


def draw(source: Any, name: str = "", side: int = 0) -> Image.Image:  # noqa: ANN401 - a row
    """Draw the profile of a row within its table; of many columns evenly spread ones.

    Examples
    --------
    >>> from headstart.data.readers.vectors import VectorRow, VectorTable
    >>> draw(VectorRow(VectorTable(np.array([[1.0, 5.0], [2.0, 4.0]], np.float32), ("a", "b")), 0)).size
    (220, 220)
    """
    row = open_example(source, name)
    count = len(row.numbers)
    places = np.linspace(0, max(0, count - 1), min(count, MOST_BARS)).astype(np.int64)
    others, own = row.table.numbers[:, places], row.numbers[places]
    below = (others < own).sum(axis=0) + (others == own).sum(axis=0) / 2
    shares = np.where(np.isnan(own), 1.0, below / np.maximum(1, (~np.isnan(others)).sum(axis=0)))
    canvas = np.full((SIDE, SIDE), PAPER, dtype=np.uint8)
    for number, share in enumerate(shares):
        left, right = (SIDE * edge // len(shares) for edge in (number, number + 1))
        top = round((1 - share) * (SIDE - 1))
        canvas[top:, left : max(left + 1, right - 1)] = GAP if np.isnan(own[number]) else BAR
    return Image.fromarray(canvas).convert("RGB")
