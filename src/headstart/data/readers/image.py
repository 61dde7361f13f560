"""One picture: opened as upright 8-bit RGB, named by its content, checked without decoding."""

import hashlib
import io
import os
import threading
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from headstart.data.readers.base import NO_KEY, Deferred, Facts, name_of, suffix_of
from headstart.data.readers.image_conversion import Unreadable, from_array, to_upright_rgb
from headstart.data.readers.image_formats import FORMAT_OF_SUFFIX, TRUNCATED, find_damage, recognise
from headstart.data.readers.image_warnings import pillow_silenced
from headstart.errors import DataError, ExampleError
from headstart.runtime.findings import Finding

# Where Pillow itself refuses by default: 0.5 GB as RGB, for each worker. Above it a file of a few kilobytes that claims
# a huge size (a decompression bomb) could bring the machine down.
MAX_PIXELS = 178_956_970
SIZES = ("width", "height")  # in pixels, as stored (before any EXIF rotation)
_UNKNOWN = (0, 0)

_loading = threading.Lock()  # a Pillow image that is not loaded yet must not be loaded by two threads at once


def open_example(source: Any, name: str = "") -> Image.Image:  # noqa: ANN401 - many kinds, checked inside
    """Open a picture as an upright 8-bit RGB image.

    EXIF rotation is applied; 16-bit grey is scaled by its bit depth; transparency is laid on white; of an animation the
    first frame is taken. The result may be the given PIL image itself: do not draw into it.

    Parameters
    ----------
    source
        A path (``str`` or ``Path``), the bytes of a file, a PIL image, an array of shape (H, W), (H, W, 1), (H, W, 3)
        or (H, W, 4), uint8, uint16, bool, or floating point between 0 and 1; or a :class:`Deferred` of one of these.
    name
        What to call it in an error; by default the path.

    Raises
    ------
    ExampleError
        Names the picture and the reason. No other exception, and no warning of Pillow's, leaves this function.

    Examples
    --------
    >>> open_example(np.full((2, 3), 65535, dtype=np.uint16)).getpixel((0, 0))
    (255, 255, 255)
    """
    return _open_or_explain(source, name or name_of(source), 0)


def open_preview(source: Any, name: str = "", side: int = 64) -> Image.Image:  # noqa: ANN401 - as open_example
    """Open a picture as :func:`open_example` does, a large JPEG file at a half, a quarter or an eighth of its size.

    Both sides keep at least ``side`` pixels. It costs a fraction of the time: most of the decoding is left out.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (1200, 900)).save(file, "JPEG")
    >>> open_preview(file.getvalue()).size
    (150, 113)
    """
    return _open_or_explain(source, name or name_of(source), side)


def content_key(source: Any) -> bytes:  # noqa: ANN401 - as open_example
    """Digest a picture's content: 32 bytes, SHA-256 of the file's bytes.

    For a PIL image or an array it is the digest of the size and the upright RGB pixels, behind a prefix that no file
    begins with.

    Raises
    ------
    ExampleError
        When the file cannot be read, or the object is no picture.

    Examples
    --------
    >>> content_key(b"abc").hex()[:8]
    'ba7816bf'
    """
    source = _fetch(source)
    if not isinstance(source, (str, os.PathLike, bytes)):
        return _pixel_key(open_example(source))
    try:
        return hashlib.sha256(_read(source)).digest()
    except Unreadable as error:
        raise _picture_error(name_of(source), error.finding) from error.__cause__


def inspect_example(source: Any, name: str = "") -> Facts:  # noqa: ANN401 - as open_example
    """Read a picture's bytes once: digest them, open the header and check that the file is whole, decoding no pixel.

    Whatever has a problem here is refused by :func:`open_example` with the same reason. Damage that only decoding can
    find is left to it.

    Examples
    --------
    >>> print(inspect_example(b"").problem)
    The file is empty: it has 0 bytes.
    """
    try:
        source = _fetch(source)
        if not isinstance(source, (str, os.PathLike, bytes)):
            return _inspect_in_memory(source, name)
        data = _read(source)
    except Unreadable as error:
        return Facts(NO_KEY, _UNKNOWN, error.finding)
    key = hashlib.sha256(data).digest()
    try:
        with pillow_silenced():
            image = _open_header(data)
    except Unreadable as error:
        return Facts(key, _UNKNOWN, error.finding)
    except Exception as error:
        # As in open_example.
        return Facts(key, _UNKNOWN, _explain(error))
    return Facts(key, image.size, notice=_suffix_notice(name or name_of(source), image.format or ""))


def is_one(source: Any) -> bool:  # noqa: ANN401 - as open_example
    """Tell a picture in memory from a list of such: an array of two dimensions, or of three that end in channels."""
    if not hasattr(source, "shape"):
        return hasattr(source, "getexif")  # a PIL image
    return len(source.shape) == 2 or (
        len(source.shape) == 3 and (source.shape[2] in (1, 3, 4) or source.shape[0] in (1, 3, 4))
    )


def adopt(value: Any, where: str) -> Any:  # noqa: ANN401 - whatever the user gives
    """Create a picture of a tensor: (channels, height, width) is turned round, floating point becomes uint8.

    Everything that has no ``numpy`` method stays as it is.

    Raises
    ------
    DataError
        When the values are floating point outside 0 to 1.
    """
    if not hasattr(value, "numpy"):
        return value
    array = np.asarray((value.detach().cpu() if hasattr(value, "detach") else value).numpy())
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    elif array.ndim == 3 and array.shape[0] in (1, 3, 4) and hasattr(value, "detach"):
        array = array.transpose(1, 2, 0)  # torch's order, where the shape alone does not tell
    if not np.issubdtype(array.dtype, np.floating):
        return array
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):
        raise DataError("data.not_between_0_and_1", picture=where, low=low, high=high)
    return np.rint(array * 255).astype(np.uint8)


def size_line(summary: dict[str, list[int]]) -> Finding:
    """Return how large pictures are: smallest, median and largest width and height."""
    (w0, w1, w2), (h0, h1, h2) = summary["width"], summary["height"]
    return Finding("data.sizes", {"w0": w0, "w1": w1, "w2": w2, "h0": h0, "h1": h1, "h2": h2}, "note")


def _open_or_explain(source: Any, name: str, side: int) -> Image.Image:  # noqa: ANN401 - as open_example
    try:
        with pillow_silenced():
            return _open(source, side)
    except Unreadable as error:
        raise _picture_error(name, error.finding) from error.__cause__
    except Exception as error:
        # Pillow's decoders raise nearly every exception there is on a damaged file.
        raise _picture_error(name, _explain(error)) from error


def _picture_error(name: str, reason: Finding) -> ExampleError:
    return ExampleError("data.unreadable_picture", name=name, reason=reason)


def _explain(error: Exception) -> Finding:
    if isinstance(error, Image.DecompressionBombError):
        return _too_many_pixels().finding
    if isinstance(error, MemoryError):
        return Finding("data.no_memory")
    if "truncated" in str(error).lower():
        return TRUNCATED
    if isinstance(error, UnidentifiedImageError):
        return Finding("data.damaged_header")
    return Finding("data.damaged", {"error": str(error).strip().rstrip(".") or type(error).__name__})


def _too_many_pixels() -> Unreadable:
    # Pillow's own ceiling holds too where a program has lowered it.
    limit = min(MAX_PIXELS, 2 * Image.MAX_IMAGE_PIXELS) if Image.MAX_IMAGE_PIXELS else MAX_PIXELS
    return Unreadable("data.too_many_pixels", limit=limit)


def _fetch(source: Any) -> Any:  # noqa: ANN401 - as open_example
    if not isinstance(source, Deferred):
        return source
    try:
        return source.fetch()
    except Exception as error:
        # The user's own object may raise anything.
        raise Unreadable("data.not_given", kind=type(error).__name__, error=error) from error


def _read(source: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with open(source, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise _closed_file(error) from error


def _closed_file(error: OSError | ValueError) -> Unreadable:
    if isinstance(error, FileNotFoundError):
        return Unreadable("data.no_file")
    if isinstance(error, PermissionError):
        return Unreadable("data.no_permission")
    if isinstance(error, IsADirectoryError):
        return Unreadable("data.is_folder")
    return Unreadable("data.not_opened", error=getattr(error, "strerror", None) or error)


def _open_header(data: bytes) -> Image.Image:
    """Open a file without decoding it; refuses what is empty, unknown, too large, cut or damaged."""
    if not data:
        raise Unreadable("data.empty_file")
    file_format = recognise(data)
    if file_format is None:
        raise Unreadable("data.unknown_format")
    damage = find_damage(data, file_format)
    if damage:
        raise Unreadable(damage.code, **damage.values)
    image = Image.open(io.BytesIO(data), formats=(file_format,))
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    return image


def _open(source: Any, side: int) -> Image.Image:  # noqa: ANN401 - as open_example
    """Open a picture; of a JPEG file no more is decoded than ``side`` pixels need, when this is not 0."""
    source = _fetch(source)
    if isinstance(source, (str, os.PathLike, bytes)):
        image = _open_header(_read(source))
        if side:
            image.draft(None, (side, side))
        return to_upright_rgb(image)
    if isinstance(source, np.ndarray):
        return from_array(source)
    if isinstance(source, Image.Image):
        with _loading:
            source.load()
        return to_upright_rgb(source)
    raise Unreadable("data.no_picture_type", kind=type(source).__name__)


def _pixel_key(image: Image.Image) -> bytes:
    return hashlib.sha256(b"headstart pixels %d %d " % image.size + image.tobytes()).digest()


def _inspect_in_memory(source: Any, name: str) -> Facts:  # noqa: ANN401 - as open_example
    try:
        image = open_example(source, name)
    except ExampleError as error:
        return Facts(NO_KEY, _UNKNOWN, error.why)
    return Facts(_pixel_key(image), image.size)


def _suffix_notice(name: str, file_format: str) -> Finding | None:
    expected = FORMAT_OF_SUFFIX.get(suffix_of(name))
    if expected is None or expected == file_format or (expected, file_format) == ("JPEG", "MPO"):
        return None
    return Finding("data.other_format", {"name": name, "format": file_format}, "note")
