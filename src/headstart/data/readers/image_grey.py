"""Grey pictures of more than 8 bits: their values stay with the picture, so that another range can be looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

VALUES = "headstart values"  # under which they lie in the ``info`` of a picture
SMALL_SHARE = 1 / 4  # of the possible values: data that uses no more leaves a network 64 shades, or fewer
SHARE_OUTSIDE = 1e-4  # of all pixels, on either side: what hot and dead pixels may not decide
_PIXELS = 2**14  # of a picture that are looked at


@dataclass(frozen=True, slots=True)
class GreyValues:
    """The values of a grey picture as its file has them.

    Attributes
    ----------
    values
        Shape (H, W), whole numbers or floating point.
    low, high
        What is shown black and white unless the user asks for another range.
    inverted
        Whether it is the other way round.
    chosen
        Whether who took the picture has chosen that range, as the window of a scan.
    """

    values: npt.NDArray[Any]
    low: float
    high: float
    inverted: bool = False
    chosen: bool = False

    def to_picture(self, low: float, high: float) -> Image.Image:
        """Scale the values from ``low`` to ``high`` to an 8-bit RGB picture; what lies outside is black or white."""
        if self.values.dtype == np.uint16:
            grey = _table(low, high)[self.values]
        else:
            grey = _scale(self.values, low, high)
        return Image.fromarray(255 - grey if self.inverted else grey).convert("RGB")

    @property
    def share_used(self) -> float:
        """How much of the range the values use, from 0 to 1."""
        return float(self.values.max() - self.values.min()) / (self.high - self.low)

    def with_picture(self) -> Image.Image:
        """Return the picture in its usual range, the values beside it."""
        picture = self.to_picture(self.low, self.high)
        picture.info[VALUES] = self
        return picture


def values_of(picture: Image.Image) -> GreyValues | None:
    """Return the values of a picture, if there are any and they are of all its pixels."""
    found = cast("GreyValues | None", picture.info.get(VALUES))
    return found if found is not None and found.values.shape == picture.size[::-1] else None


def is_chosen(picture: Image.Image) -> bool:
    """Return whether who took a picture has chosen the range that it is shown in."""
    found = values_of(picture)
    return found is not None and found.chosen


def spread(picture: Image.Image, limits: Sequence[float] | None) -> Image.Image:
    """Show a picture in another range of its values; it is returned as it is where it has none, or no range is given.

    Examples
    --------
    >>> dark = GreyValues(np.array([[0, 300]], dtype=np.uint16), 0, 65535).with_picture()
    >>> dark.getpixel((1, 0)), spread(dark, (0, 300)).getpixel((1, 0))
    ((1, 1, 1), (255, 255, 255))
    """
    found = None if limits is None else values_of(picture)
    return picture if found is None or limits is None else found.to_picture(*limits)


def spread_itself(picture: Image.Image) -> Image.Image:
    """Show a picture that uses a small part of its range in that of its own values: for people, to compare it."""
    found = values_of(picture)
    if found is None or found.chosen or not 0 < found.share_used <= SMALL_SHARE:
        return picture  # also one of a single grey, which has no range
    return found.to_picture(float(found.values.min()), float(found.values.max()))


def fine_levels(picture: Image.Image) -> Image.Image:
    """Return the grey levels of a picture from 0 to 255, with the fractions that more than 8 bits make.

    Examples
    --------
    >>> dark = GreyValues(np.array([[0, 300]], dtype=np.uint16), 0, 65535).with_picture()
    >>> round(fine_levels(dark).getpixel((1, 0)), 3), fine_levels(Image.new("RGB", (1, 1), (9, 9, 9))).getpixel((0, 0))
    (1.167, 9)
    """
    found = values_of(picture)
    if found is None or found.chosen:
        return picture.convert("L")
    levels = 255 * (found.values.astype(np.float32) - found.low) / (found.high - found.low)
    return Image.fromarray(255 - levels if found.inverted else levels)


@dataclass(frozen=True, slots=True)
class UsedRange:
    """The range that the values of pictures use, all but one in ten thousand on either side, and of what they could."""

    low: float
    high: float
    share: float


def find_used_range(pictures: Iterable[Image.Image]) -> UsedRange | None:
    """Find the range that the values of pictures use; None where none has values.

    Examples
    --------
    >>> dark = GreyValues(np.array([[7, 300]], dtype=np.uint16), 0, 65535).with_picture()
    >>> find_used_range([dark]).high, find_used_range([Image.new("RGB", (1, 1))])
    (300.0, None)
    """
    every, low, high = list[npt.NDArray[np.float32]](), np.inf, -np.inf
    for grey in filter(None, map(values_of, pictures)):
        flat = grey.values.ravel()
        every.append(flat[:: 1 + flat.size // _PIXELS].astype(np.float32))
        low, high = min(low, grey.low), max(high, grey.high)
    if not every:
        return None
    shares = [SHARE_OUTSIDE, 1 - SHARE_OUTSIDE]
    first, last = np.quantile(np.concatenate(every), shares, method="closest_observation").tolist()
    return UsedRange(first, last, (last - first) / (high - low))


def _scale(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    shares = (values.astype(np.float64) - low) / max(high - low, 1e-12)
    scaled: npt.NDArray[np.uint8] = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    return scaled


@lru_cache(maxsize=64)
def _table(low: float, high: float) -> npt.NDArray[np.uint8]:
    return _scale(np.arange(2**16), low, high)
