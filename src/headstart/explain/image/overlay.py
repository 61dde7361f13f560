"""Heat made visible: on the picture itself, in colours that are read without telling red from green, and in grey."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.encoders.preprocess.image import Size
from headstart.explain.image.coordinates import Map
from headstart.explain.image.values import ImageExplanation

LONGEST = 640  # of an overlay's sides, in pixels
DIMMED = 0.62  # so that heat is brighter than any part of the picture, in colour and in grey
STRONGEST = 0.85  # how much of the colour there is where the heat is 1
FADE = 0.85  # power of the heat: below 1, what is half as hot is still seen well
CONTOUR = 0.5  # the line around what is hotter than half of the hottest
_STRIPE = 8  # pixels, of the pattern over what the network did not see
_STEPS = 256

# From blue over red to yellow in CIELAB: the hue bends (a quadratic Bezier curve), the lightness rises evenly, so that
# the order is seen without colours too. Each row: lightness, green to red, blue to yellow.
_CURVE = np.array([(22.0, 25.0, -58.0), (58.0, 92.0, 12.0), (94.0, -8.0, 66.0)])
_D65 = np.array([0.95047, 1.0, 1.08883])
_TO_RGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


def heat_colours(heat: Map) -> npt.NDArray[np.uint8]:
    """Return the colours of values from 0 to 1: shape (..., 3), the lighter the hotter; what is no number counts as 0.

    Examples
    --------
    >>> dark, light = heat_colours(np.array([0.0, 1.0], dtype=np.float32)).astype(int)
    >>> int(dark.sum()) < 250, int(light.sum()) > 500
    (True, True)
    """
    steps = np.clip(np.nan_to_num(heat) * (_STEPS - 1), 0, _STEPS - 1).round().astype(np.int64)
    colours: npt.NDArray[np.uint8] = _ramp()[steps]
    return colours


def overlay(picture: Image.Image, explanation: ImageExplanation, longest: int = LONGEST) -> Image.Image:
    """Blend the heat into the picture, which becomes grey and darker; what the network did not see is striped.

    A line goes around what is hotter than half of the hottest. ``longest`` is the longer side of the result.
    """
    size = fitted_size(picture.size, longest)
    return blend_heat(picture.resize(size, Image.Resampling.LANCZOS), explanation.heat_map(size))


def blend_heat(picture: Image.Image, heat: Map) -> Image.Image:
    """Blend a map of values from 0 to 1 into a picture of its size; see :func:`overlay`."""
    grey = np.asarray(picture.convert("L"), dtype=np.float32) * DIMMED
    amount = (STRONGEST * np.nan_to_num(heat) ** FADE)[..., None]
    painted = grey[..., None] * (1 - amount) + heat_colours(heat) * amount
    painted[_contour(heat)] = 255
    painted[np.isnan(heat) & _stripes(heat.shape)] *= 0.45
    return Image.fromarray(painted.clip(0, 255).astype(np.uint8))


def fitted_size(size: Size, longest: int) -> Size:
    """Return the width and height of the same shape whose longer side is ``longest``, whatever the picture's.

    Examples
    --------
    >>> fitted_size((2000, 1000), 640)
    (640, 320)
    """
    ratio = longest / max(size)
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))


def _contour(heat: Map) -> npt.NDArray[np.bool_]:
    hot = np.nan_to_num(heat) >= CONTOUR
    edge = np.zeros_like(hot)
    edge[1:] |= hot[1:] != hot[:-1]
    edge[:, 1:] |= hot[:, 1:] != hot[:, :-1]
    return edge


def _stripes(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    rows, columns = np.indices(shape)
    stripes: npt.NDArray[np.bool_] = (rows + columns) // _STRIPE % 2 == 0
    return stripes


@lru_cache(maxsize=1)
def _ramp() -> npt.NDArray[np.uint8]:
    """Convert the curve from CIELAB to sRGB (IEC 61966-2-1), white point D65."""
    share = np.linspace(0, 1, _STEPS)[:, None]
    weights = np.hstack([(1 - share) ** 2, 2 * share * (1 - share), share**2])
    lightness, green_red, blue_yellow = (weights @ _CURVE).T
    middle = (lightness + 16) / 116
    roots = np.stack([middle + green_red / 500, middle, middle - blue_yellow / 200], axis=1)
    threshold = 6 / 29
    tristimulus = _D65 * np.where(roots > threshold, roots**3, 3 * threshold**2 * (roots - 4 / 29))
    linear = (tristimulus @ _TO_RGB.T).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    ramp: npt.NDArray[np.uint8] = (encoded * 255).round().astype(np.uint8)
    return ramp
