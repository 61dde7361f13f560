"""The average map of each class over many pictures: what a class is recognised by, wherever that lies.

Objects lie here and there, mostly in the middle. A watermark, a frame or a ruler lies in the same place every time:
then the heat of a class gathers outside the middle, far more than by chance. The share of the heat in a part of the
picture is compared with that part's share of the area, so that a uniform map gives the ratio 1.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import stdtrit

from headstart.arrays import Floats, Singles
from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.explain.image.coordinates import Map, enlarge, sum_cells
from headstart.runtime.findings import Finding

Labelled = tuple[int, Map, Singles]  # class number, heat (h, w), input (3, H, W)

GRID = 21  # cells along a side: thirds of 7, a border of 3
BORDER = 3
ZONES = (
    *("upper left", "upper middle", "upper right"),
    *("middle left", "middle", "middle right"),
    *("lower left", "lower middle", "lower right"),
)
_MIDDLE = 4
UNIFORM_BORDER = 1 - (1 - 2 * BORDER / GRID) ** 2
FEWEST = 5  # pictures of a class, for a bound worth its name
# Measured with planted marks, a corner gets some 5 times the share of a uniform map, and with a frame the middle gets
# less than a tenth of it; in photographs of flowers, ants and bees no outer zone reaches 1.6 times and no middle falls
# below 1.2 times. So an outer zone that surely has twice its share, or a middle that surely has less than three
# quarters of it, is worth a look.
MOST_OUTSIDE, LEAST_INSIDE = 2.0, 0.75
LEVEL = 0.05  # of error, over all zones of all classes together


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the heat, with a 95 % interval over the pictures; ``uniform`` is the part of the area."""

    value: float
    low: float
    high: float
    uniform: float

    @property
    def ratio(self) -> float:
        """How many times the share of a uniform map."""
        return self.value / self.uniform

    def to_json(self) -> dict[str, float | None]:
        """Plain data; None for a bound that a single picture does not give."""
        values = {"value": self.value, "low": self.low, "high": self.high, "uniform": self.uniform, "ratio": self.ratio}
        return {name: None if math.isnan(value) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True, eq=False)
class ClassAverage:
    """Where the evidence for a class lies on average.

    Attributes
    ----------
    label
        The class.
    count, empty
        How many of its pictures were averaged, and how many others had nothing that speaks for the class.
    heat
        Shape (21, 21), in the coordinates of the network's input; sums to 1.
    picture
        Mean of the inputs, shape (3, H, W).
    border, middle
        Share of the heat in the outer seventh on each side, and in the ninth in the middle.
    zone, zone_share
        The ninth outside the middle with the most heat, and its share.
    warning
        What to say when the heat gathers outside the middle.
    """

    label: str
    count: int
    empty: int
    heat: Map
    picture: Singles
    border: Share
    middle: Share
    zone: str
    zone_share: Share
    warning: Finding | None

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the map."""
        return {
            "label": self.label,
            "count": self.count,
            "empty": self.empty,
            "border": self.border.to_json(),
            "middle": self.middle.to_json(),
            "zone": self.zone,
            "zone_share": self.zone_share.to_json(),
            "warning": self.warning and str(self.warning),
        }


@dataclass(frozen=True, slots=True, eq=False)
class ClassAverages:
    """The averages of the classes that had pictures, how their heat was found, and how the pictures were prepared."""

    method: str
    classes: tuple[ClassAverage, ...]
    preprocessing: ImagePreprocessing


@dataclass(slots=True)
class AverageAccumulator:
    """The maps of one class, added one after the other."""

    maps: list[Map] = field(default_factory=list)
    total: Floats | None = None
    empty: int = 0

    def add(self, grid: Map, pixels: Singles) -> None:
        """Add a heat map (h, w) and the input (3, H, W) it belongs to."""
        positive = np.maximum(grid, 0)
        if not positive.sum() > 0:
            self.empty += 1
            return
        cells = sum_cells(enlarge(positive, *pixels.shape[1:]), GRID, GRID)
        self.maps.append(cells / cells.sum())
        self.total = pixels.astype(np.float64) if self.total is None else self.total + pixels

    def average(self, label: str, classes: int) -> ClassAverage | None:
        """Average what was taken; None when nothing was. ``classes`` says how many are looked at together."""
        if self.total is None:
            return None
        maps = np.stack(self.maps).astype(np.float64)
        inside = maps[:, BORDER:-BORDER, BORDER:-BORDER].sum(axis=(1, 2))
        zones = maps.reshape(len(maps), 3, 7, 3, 7).sum(axis=(2, 4)).reshape(len(maps), 9)
        middle = zones[:, _MIDDLE].copy()
        zones[:, _MIDDLE] = 0.0
        hottest = int(zones.mean(axis=0).argmax())
        return ClassAverage(
            label=label,
            count=len(maps),
            empty=self.empty,
            heat=maps.mean(axis=0).astype(np.float32),
            picture=(self.total / len(maps)).astype(np.float32),
            border=_share(1 - inside, UNIFORM_BORDER),
            middle=_share(middle, 1 / 9),
            zone=ZONES[hottest],
            zone_share=_share(zones[:, hottest], 1 / 9),
            warning=_warning(label, ZONES[hottest], zones[:, hottest], middle, classes),
        )


def lower_bound(values: Floats, level: float) -> float:
    """Compute a value that the mean of a population exceeds with confidence ``1 - level`` (Student's t, one side).

    Minus infinity for fewer than five values.

    Examples
    --------
    >>> round(lower_bound(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.05), 3)
    1.493
    """
    if len(values) < FEWEST:
        return -math.inf
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - float(stdtrit(len(values) - 1, 1 - level)) * error


def _share(values: Floats, uniform: float) -> Share:
    mean = float(values.mean())
    if len(values) < 2:
        return Share(mean, math.nan, math.nan, uniform)
    half = float(stdtrit(len(values) - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Share(mean, max(0.0, mean - half), min(1.0, mean + half), uniform)


def _warning(label: str, where: str, zone: Floats, middle: Floats, classes: int) -> Finding | None:
    level = LEVEL / (classes * len(ZONES))  # eight outer zones and the middle of each class
    at_least = 9 * lower_bound(zone, level)
    if at_least > MOST_OUTSIDE:
        values = {"share": float(zone.mean()), "times": float(9 * zone.mean()), "bound": at_least}
        zone_name = Finding(f"explain.zone_{where.replace(' ', '_')}")
        return Finding("explain.gathers_outside", {"label": label, "where": zone_name, **values})
    at_most = -9 * lower_bound(-middle, level)
    if at_most < LEAST_INSIDE:
        values = {"share": float(middle.mean()), "times": float(9 * middle.mean()), "bound": at_most}
        return Finding("explain.avoids_middle", {"label": label, **values})
    return None


def average_maps(labelled: Iterable[Labelled], classes: Sequence[str]) -> tuple[ClassAverage, ...]:
    """Average the maps of each class; classes without any are left out.

    ``labelled`` gives the number of the class, its heat (h, w) and the input (3, H, W) of each picture.

    Examples
    --------
    >>> mark = np.zeros((7, 7), dtype=np.float32)
    >>> mark[0, 0] = 1.0
    >>> pictures = [(0, mark + 0.001 * n, np.zeros((3, 21, 21), dtype=np.float32)) for n in range(6)]
    >>> found = average_maps(pictures, ("ant", "bee"))
    >>> [(one.label, one.count, one.zone) for one in found], str(found[0].warning)[:8]
    ([('ant', 6, 'upper left')], 'ant: 91%')
    """
    accumulators = [AverageAccumulator() for _ in classes]
    for number, grid, pixels in labelled:
        accumulators[number].add(grid, pixels)
    used = sum(one.total is not None for one in accumulators)
    found = (one.average(label, used) for one, label in zip(accumulators, classes, strict=True))
    return tuple(one for one in found if one is not None)
