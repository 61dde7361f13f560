"""Any kind of pixels becomes upright 8-bit RGB."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.data.readers.image_grey import GreyValues
from headstart.runtime.findings import Finding

_ORIENTATION = 274  # number of the EXIF tag
_BITS, _PHOTOMETRIC = 258, 262  # numbers of TIFF tags
_WHITE_IS_ZERO = 0  # value of the TIFF tag "photometric interpretation"
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unreadable(Exception):
    """The reason why a picture cannot be read: a code of the catalogue and what goes into its sentence."""

    def __init__(self, code: str, **values: object) -> None:
        self.finding = Finding(code, values)
        super().__init__(str(self.finding))


def to_upright_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to 8-bit RGB, turned as its EXIF data says; an ordinary one is returned as it is.

    Raises
    ------
    Unreadable
        When the range of its values is not known.

    Examples
    --------
    >>> to_upright_rgb(Image.new("LA", (1, 1), (0, 0))).getpixel((0, 0))  # transparent, so white
    (255, 255, 255)
    """
    image.load()
    turn = _UPRIGHT.get(_orientation(image))
    return _to_rgb(image if turn is None else image.transpose(turn), getattr(image, "tag_v2", {}))


def from_array(array: npt.NDArray[Any]) -> Image.Image:
    """Convert an array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) to an RGB image.

    uint8 is taken as it is, uint16 divided by 257, bool and floating point between 0 and 1 multiplied by 255, each
    rounded to the nearest. A fourth channel is opacity; it is laid on white.

    Raises
    ------
    Unreadable
        When the shape, the type or the range of the values is another.

    Examples
    --------
    >>> from_array(np.array([[0.0, 1.0]])).getpixel((1, 0))
    (255, 255, 255)
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or array.size == 0:
        raise Unreadable("data.array_shape", shape=str(array.shape))
    if array.ndim == 2 and array.dtype == np.uint16:
        return GreyValues(array, 0, 2**16 - 1).with_picture()
    return _to_rgb(Image.fromarray(np.ascontiguousarray(_to_bytes(array))), {})


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Damaged EXIF data, on which Pillow raises anything, says nothing against the pixels: they stay as they are.
        return 1


def _to_rgb(image: Image.Image, tags: Any) -> Image.Image:  # noqa: ANN401 - Pillow's TIFF directory, or {}
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        return _from_integers(np.asarray(image), int(tags.get(_BITS, (16,))[0]), tags.get(_PHOTOMETRIC))
    if image.mode == "F":
        return from_array(np.asarray(image))
    if image.has_transparency_data:
        opaque = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(opaque, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _from_integers(values: npt.NDArray[Any], bits: int, photometric: int | None) -> Image.Image:
    """Scale grey values of more than 8 bits by their bit depth: the depth of the file, never the values present."""
    top = 2**bits - 1
    low, high = int(values.min()), int(values.max())
    if bits > 16 or low < 0 or high > top:
        raise Unreadable("data.unknown_range", bits=bits, low=low, high=high)
    return GreyValues(values.astype(np.uint16), 0, top, photometric == _WHITE_IS_ZERO).with_picture()


def _to_bytes(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * 255
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 = 255 * 257
    if not np.issubdtype(values.dtype, np.floating):
        raise Unreadable("data.array_type", type=str(values.dtype))
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise Unreadable("data.array_range", type=str(values.dtype), low=low, high=high)
    scaled: npt.NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return scaled
