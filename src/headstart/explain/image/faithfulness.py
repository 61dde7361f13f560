"""Whether the model really depends on what is hot: hide it, show it, and compare with maps of chance.

Deletion takes the hottest places away first and watches the probability of the class fall, insertion begins with
nothing and brings the hottest first (Petsiuk et al. 2018). Both areas also depend on the picture and on what hidden
places are filled with; so the same is done with random maps that are as smooth as the heat, and with a spot in the
middle.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from headstart.arrays import Floats, Integers, Singles
from headstart.explain.base import Fill
from headstart.explain.image.coordinates import Map, enlarge, sum_cells
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding
from headstart.runtime.machine import available_cores

Pixels = Singles
Probability = Callable[[Pixels], Floats]  # inputs (N, 3, H, W) -> probability of the class (N,)

MAPS = 20  # random ones
STEPS = 8  # parts in which a picture is hidden or shown
CELLS = 14  # the picture is hidden by squares, so many along a side
BLUR = 1 / 16  # standard deviation of the blur, as a part of the picture's side
CONVINCING = 0.95  # part of the random maps that must be beaten


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How far the probability of a class follows the heat.

    Attributes
    ----------
    deletion
        Mean probability while the hottest places are hidden first: the lower, the better.
    insertion
        Mean probability while the hottest places are shown first: the higher, the better.
    random_deletion, random_insertion
        Means of the same over the random maps.
    beaten, maps
        How many of how many random maps have a smaller insertion less deletion.
    beats_centre
        Whether a spot in the middle of the picture has a smaller one, too.
    fill
        What hidden places are filled with.
    """

    deletion: float
    insertion: float
    random_deletion: float
    random_insertion: float
    beaten: int
    maps: int
    beats_centre: bool
    fill: Fill

    @property
    def convincing(self) -> bool:
        """Whether at least 95 % of the random maps are beaten."""
        return self.beaten >= CONVINCING * self.maps

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "convincing": self.convincing}

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        fill = Finding(f"explain.fill_{self.fill}")
        said = texts.say(
            "explain.faithful" if self.beats_centre else "explain.faithful_but", {**asdict(self), "fill": fill}
        )
        return [said, *([] if self.convincing else [texts.say("explain.chance")])]


def measure_faithfulness(grid: Map, pixels: Pixels, probability: Probability, fill: Fill, seed: int) -> Faithfulness:
    """Compare a heat map with random maps and with a spot in the middle.

    Parameters
    ----------
    grid
        The heat as its method gives it, shape (h, w).
    pixels
        The input it belongs to, shape (3, H, W).
    probability
        What is watched.
    fill, seed
        What hidden places are filled with; of the random maps.
    """
    size = pixels.shape[1:]
    orders = [hiding_order(one, size) for one in (grid, *_random_maps(grid.shape, seed), _spot())]
    filled = fill_of(pixels, fill)
    with ThreadPoolExecutor(available_cores()) as workers:
        areas = list(workers.map(lambda order: _areas(order, pixels, filled, probability), orders))
    (own, *others, centre), gaps = areas, [one.insertion - one.deletion for one in areas]
    return Faithfulness(
        deletion=own.deletion,
        insertion=own.insertion,
        random_deletion=float(np.mean([one.deletion for one in others])),
        random_insertion=float(np.mean([one.insertion for one in others])),
        beaten=sum(gap < gaps[0] for gap in gaps[1:-1]),
        maps=len(others),
        beats_centre=centre.insertion - centre.deletion < gaps[0],
        fill=fill,
    )


@dataclass(frozen=True, slots=True)
class Areas:
    """Mean probability while a picture is hidden and while it is shown."""

    deletion: float
    insertion: float


def hiding_order(grid: Map, size: tuple[int, ...]) -> Integers:
    """Rank the squares of the input, 0 for the hottest: shape (14, 14) or less.

    Examples
    --------
    >>> hiding_order(np.array([[1.0, 3.0], [2.0, 0.0]], dtype=np.float32), (2, 2)).tolist()
    [[2, 0], [1, 3]]
    """
    rows, columns = min(CELLS, size[0]), min(CELLS, size[1])
    cells = sum_cells(enlarge(grid, size[0], size[1]), rows, columns)
    turns = np.empty(cells.size, dtype=np.int64)
    turns[np.argsort(-cells.ravel(), kind="stable")] = np.arange(cells.size)
    return turns.reshape(cells.shape)


def fill_of(pixels: Pixels, fill: Fill) -> Pixels:
    """Compute the picture that hidden places are filled from: all 0, the mean colour, or strongly blurred."""
    if fill == "mean":
        return np.zeros_like(pixels)
    from scipy.ndimage import gaussian_filter  # only where it is needed: predicting loads this module too

    deviation = BLUR * max(pixels.shape[1:])
    blurred: Pixels = gaussian_filter(pixels, (0, deviation, deviation)).astype(np.float32)
    return blurred


def _areas(order: Integers, pixels: Pixels, filled: Pixels, probability: Probability) -> Areas:
    """Hide and show a picture in steps; the area under each curve by trapezoids."""
    height, width = pixels.shape[1:]
    turns = order[np.arange(height) * order.shape[0] // height][:, np.arange(width) * order.shape[1] // width]
    first = [turns < order.size * step / STEPS for step in range(1, STEPS)]  # the hottest eighth, two eighths ...
    deleted = [np.where(hot, filled, pixels) for hot in first]
    inserted = [np.where(hot, pixels, filled) for hot in first]
    values = probability(np.stack([pixels, *deleted, filled, *inserted]))
    whole, down, nothing, up = values[:1], values[1:STEPS], values[STEPS : STEPS + 1], values[STEPS + 1 :]
    return Areas(
        deletion=float(np.trapezoid(np.concatenate([whole, down, nothing]), dx=1 / STEPS)),
        insertion=float(np.trapezoid(np.concatenate([nothing, up, whole]), dx=1 / STEPS)),
    )


def _random_maps(shape: tuple[int, ...], seed: int) -> list[Map]:
    generator = np.random.default_rng(seed)
    return [generator.random(shape, dtype=np.float32) for _ in range(MAPS)]


def _spot() -> Map:
    across = np.linspace(-1, 1, CELLS)
    spot: Map = np.exp(-(across[:, None] ** 2 + across[None, :] ** 2)).astype(np.float32)
    return spot
