"""Maps laid onto pictures: from a grid to the network's input, and from there to where it lies on the picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.encoders.preprocess.image import Box, Size

Map = npt.NDArray[np.float32]

SQUARE = 8  # pixels


def enlarge(grid: Map, height: int, width: int) -> Map:
    """Spread a grid (h, w) evenly over ``height`` x ``width`` pixels, linearly between the centres of its cells.

    The sum stays as it is: each cell's value is shared among its pixels (exactly where the sides are multiples).

    Examples
    --------
    >>> enlarge(np.array([[1.0, 3.0]], dtype=np.float32), 1, 4).tolist()
    [[0.5, 0.75, 1.25, 1.5]]
    """
    larger = Image.fromarray(grid.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    result: Map = np.asarray(larger, dtype=np.float32) * np.float32(grid.size / (height * width))
    return result


def sum_cells(heat: Map, height: int, width: int) -> Map:
    """Sum a map over the cells of a grid of ``height`` x ``width``, whose edges may cut pixels.

    Examples
    --------
    >>> sum_cells(np.array([[1.0, 2.0, 3.0]], dtype=np.float32), 1, 2).tolist()
    [[2.0, 4.0]]
    """
    result: Map = (_shares(heat.shape[0], height) @ heat @ _shares(heat.shape[1], width).T).astype(np.float32)
    return result


def sum_squares(heat: Map) -> Map:
    """Sum a map of pixels over small squares: attributions of single pixels are noise to the eye.

    Examples
    --------
    >>> sum_squares(np.ones((16, 24), dtype=np.float32)).tolist()
    [[64.0, 64.0, 64.0], [64.0, 64.0, 64.0]]
    """
    return sum_cells(heat, max(1, heat.shape[0] // SQUARE), max(1, heat.shape[1] // SQUARE))


def _shares(pixels: int, cells: int) -> npt.NDArray[np.float64]:
    """Compute which part of each pixel lies in each cell, shape (cells, pixels)."""
    edges = np.arange(cells + 1)[:, None] * pixels / cells
    left = np.arange(pixels)[None, :]
    shares: npt.NDArray[np.float64] = np.clip(np.minimum(edges[1:], left + 1) - np.maximum(edges[:-1], left), 0, None)
    return shares


def place(heat: Map, box: Box, size: Size) -> Map:
    """Map the network's input back to the picture it was made from.

    Parameters
    ----------
    heat
        Shape (H, W), of the input.
    box
        Where the input lies on the picture: :func:`headstart.encoders.preprocess.image.seen_box`.
    size
        Width and height of the picture.

    Returns
    -------
    Shape (height, width); not-a-number where the network did not see the picture.

    Examples
    --------
    >>> place(np.array([[1.0, 2.0]], dtype=np.float32), Box(1.0, 0.0, 3.0, 1.0), (4, 1)).tolist()
    [[nan, 1.0, 2.0, nan]]
    """
    width, height = size
    rows = _sample(height, box.top, box.bottom, heat.shape[0])
    columns = _sample(width, box.left, box.right, heat.shape[1])
    across = heat[:, columns.before] * (1 - columns.share) + heat[:, columns.after] * columns.share
    placed = across[rows.before] * (1 - rows.share)[:, None] + across[rows.after] * rows.share[:, None]
    seen = rows.seen[:, None] & columns.seen[None, :]
    result: Map = np.where(seen, placed, np.nan).astype(np.float32)
    return result


@dataclass(frozen=True, slots=True)
class _Samples:
    """For each pixel of the picture along one side: the two pixels of the input beside it, and how far between."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    share: npt.NDArray[np.float32]
    seen: npt.NDArray[np.bool_]


def _sample(length: int, start: float, end: float, count: int) -> _Samples:
    centres = np.arange(length) + 0.5
    at = np.clip((centres - start) / (end - start) * count - 0.5, 0, count - 1)
    before = np.floor(at).astype(np.int64)
    return _Samples(
        before,
        np.minimum(before + 1, count - 1),
        (at - before).astype(np.float32),
        (centres >= start) & (centres <= end),
    )
