"""Whether two pictures are copies of each other: they agree in their edges, not only in their large shapes.

Two ways lead to it. The gradients of 32 x 32 pixels correlate by :data:`SAME` or more, as the pictures lie: those of
copies that were resized, compressed or made brighter do so by 0.90 to 1.00, those of different pictures of six real
sets by 0.87 at most. Otherwise the one is laid on that part of the other where it fits best, and there the gradients of
64 x 64 pixels correlate by :data:`CONFIRMED` or more: nineteen of twenty copies that lost 3 to 20 per cent of their
sides do, while different photographs reach 0.65 and different sketches 0.66. Slices of one brain in two modes of a
scanner (0.80) and digits pass it too: where most pictures of a set are alike in their large shapes, only
:data:`SAME` counts. Cropped star fields are not found. ``benchmarks/near_duplicates.py`` measures this.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from headstart.arrays import Booleans, Integers
from headstart.audit.similarity.image_registration import (
    Array,
    Windows,
    gradients,
    products,
    refine_search,
    search_coarsely,
)
from headstart.data.example import Example
from headstart.data.readers.image import open_preview
from headstart.errors import ExampleError

SAME = 0.9
FINE, CONFIRMED = 64, 0.75
# Correlation of the grey levels at the first look, and of the edges at the second, without which none follows.
FIRST, SECOND = 0.8, 0.6
BLOCK = 512  # pairs whose pictures are in memory at a time: 16 MB


def compute_similarity(
    examples: Sequence[Example], thumbnails: Array, pairs: Integers, *, mirrored: bool = False
) -> Array:
    """Compute how similar pairs of pictures (P, 2) are: 0.75 or more for copies; shape (P,).

    Parameters
    ----------
    thumbnails
        Small grey pictures of all examples, (N, 32, 32).
    mirrored
        Whether the second of each pair is turned over first.

    Examples
    --------
    >>> picture = np.random.default_rng(0).uniform(0, 255, (1, 32, 32)).astype(np.float32)
    >>> thumbnails = np.concatenate([picture, 200 - picture / 2, picture / 2])
    >>> compute_similarity([], thumbnails, np.array([[0, 2]])).round(3).tolist()
    [1.0]
    """
    if not len(pairs):
        return np.empty(0, dtype=np.float32)
    one, other = thumbnails[pairs[:, 0]], _turn(thumbnails[pairs[:, 1]], mirrored)
    similarity = products(gradients(one), gradients(other))
    doubtful = np.flatnonzero(similarity < SAME)
    similarity[doubtful] = 0.0
    ahead, back = search_coarsely(one[doubtful], other[doubtful]), search_coarsely(other[doubtful], one[doubtful])
    swapped = back.edges > ahead.edges
    windows = Windows(
        np.where(swapped[:, None], back.windows.scale, ahead.windows.scale),
        np.where(swapped[:, None], back.windows.start, ahead.windows.start),
    )
    rows = np.flatnonzero(np.maximum(ahead.edges, back.edges) >= FIRST)
    whole, part = _sides(one[doubtful[rows]], other[doubtful[rows]], swapped[rows])
    second = refine_search(whole, part, windows.take(rows), (0.03, 0.015))
    kept = np.flatnonzero(second.edges >= SECOND)
    rows, windows = rows[kept], second.windows.take(kept)
    for top in range(0, len(rows), BLOCK):
        block = slice(top, top + BLOCK)
        places = pairs[doubtful[rows[block]]]
        fine = _load(examples, places)
        whole, part = _sides(fine[:, 0], _turn(fine[:, 1], mirrored), swapped[rows[block]])
        few = windows.take(np.arange(len(rows))[block])
        similarity[doubtful[rows[block]]] = refine_search(whole, part, few, (0.015, 0.0075, 0.004)).edges
    return similarity


def _turn(pictures: Array, mirrored: bool) -> Array:
    return pictures[:, :, ::-1] if mirrored else pictures


def _sides(one: Array, other: Array, swapped: Booleans) -> tuple[Array, Array]:
    """Sort pairs into those that are the whole and those that are a part of it."""
    chosen = swapped[:, None, None]
    return np.where(chosen, other, one), np.where(chosen, one, other)


def _load(examples: Sequence[Example], places: Integers) -> Array:
    """Open pictures at these places (P, 2) as grey ones, (P, 2, 64, 64); NaN where one cannot be read."""
    wanted, inverse = np.unique(places, return_inverse=True)
    pictures = np.stack([_grey(examples[int(number)]) for number in wanted])
    return pictures[inverse.reshape(places.shape)]


def _grey(example: Example) -> Array:
    try:
        picture = open_preview(example.source, example.name, 2 * FINE)
    except ExampleError:
        return np.full((FINE, FINE), np.nan, dtype=np.float32)
    return np.asarray(picture.convert("L").resize((FINE, FINE), Image.Resampling.BOX), dtype=np.float32)
