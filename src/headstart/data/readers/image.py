"""One picture: opened as upright 8-bit RGB, named by its content, checked without decoding."""

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from headstart.data.readers import image_dicom, image_limits
from headstart.data.readers.base import NO_KEY, Deferred, Facts, name_of, suffix_of
from headstart.data.readers.image_conversion import Unreadable, from_array, to_upright_rgb
from headstart.data.readers.image_files import Header, open_header, read_file, too_many_pixels
from headstart.data.readers.image_foreign import UNKNOWN, is_raw, name_content
from headstart.data.readers.image_formats import FORMAT_OF_SUFFIX, recognise
from headstart.data.readers.image_grey import SMALL_SHARE, find_used_range, is_chosen, spread_itself, values_of
from headstart.data.readers.image_png import TRUNCATED
from headstart.data.readers.image_warnings import pillow_silenced
from headstart.errors import DataError, ExampleError
from headstart.runtime.findings import NOTE, WARNING, Finding
from headstart.settings.image import ImageSettings

SIZES = ("width", "height")  # in pixels, as stored (before any EXIF rotation)
_SEVERITY = {"data.pages": WARNING, "data.slices": WARNING}  # what is left out of these may matter
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

    Both sides keep at least ``side`` pixels. It costs a fraction of the time: most of the decoding is left out. A dark
    picture of 16 bits is shown in the range of its own values.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (1200, 900)).save(file, "JPEG")
    >>> open_preview(file.getvalue()).size
    (150, 113)
    """
    return spread_itself(_open_or_explain(source, name or name_of(source), side))


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
        return hashlib.sha256(read_file(source)).digest()
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
        data = read_file(source)
    except Unreadable as error:
        return Facts(NO_KEY, _UNKNOWN, error.finding)
    key = hashlib.sha256(data).digest()
    try:
        with pillow_silenced():
            header = open_header(data)
            notices = _notices(header, name or name_of(source))
    except Unreadable as error:
        return Facts(key, _UNKNOWN, error.finding)
    except Exception as error:
        # As in open_example.
        return Facts(key, _UNKNOWN, _explain(error))
    return Facts(key, header.size, notices=notices, look_closer=header.is_deep)


def set_reading(settings: ImageSettings) -> None:
    """Take the largest number of pixels that a picture may have, for the whole process."""
    image_limits.allow(settings.max_megapixels)


def holds_example(head: bytes) -> bool:
    """Return whether what begins with these bytes is a picture, whatever its file is called."""
    return recognise(head) is not None and not is_raw(head)


def is_field(keyword: str) -> bool:
    """Return whether a DICOM file may have a field of this name, and ``pydicom`` is here to read it."""
    return image_dicom.is_field(keyword)


def read_field(source: Any, keyword: str) -> str | None:  # noqa: ANN401 - as open_example
    """Read a field of a DICOM file, such as ``PatientID``; None where there is none, or the file cannot be read."""
    try:
        fetched = _fetch(source)
        if not isinstance(fetched, (str, os.PathLike, bytes)):
            return None
        data = read_file(fetched)
        with pillow_silenced():
            return image_dicom.read_field(data, keyword) if recognise(data) == "DICOM" else None
    except Unreadable:
        return None


def name_other(head: bytes) -> Finding | None:
    """Name what begins with these bytes and is no picture to be read, with what to do; None for what is unknown."""
    found = name_content(head)
    return None if found.code == UNKNOWN else found


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


def survey(sources: Sequence[Any]) -> tuple[Finding, ...]:
    """Decode a few grey pictures of more than 8 bits, and say when they use a small part of their range."""
    found = find_used_range(picture for picture in open_readable(sources) if not is_chosen(picture))
    if found is None or found.share > SMALL_SHARE:
        return ()
    values = {"low": found.low, "high": found.high, "shades": max(1, round(256 * found.share)), "count": len(sources)}
    return (Finding("data.small_range", values),)


def open_readable(sources: Iterable[Any]) -> Iterator[Image.Image]:
    """Open those pictures that can be read; of the others extraction tells."""
    for source in sources:
        with suppress(ExampleError):
            yield open_example(source)


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
        return too_many_pixels().finding
    if isinstance(error, MemoryError):
        return Finding("data.no_memory")
    if "truncated" in str(error).lower():
        return TRUNCATED
    if isinstance(error, UnidentifiedImageError):
        return Finding("data.damaged_header")
    return Finding("data.damaged", {"error": str(error).strip().rstrip(".") or type(error).__name__})


def _fetch(source: Any) -> Any:  # noqa: ANN401 - as open_example
    if not isinstance(source, Deferred):
        return source
    try:
        return source.fetch()
    except Exception as error:
        # The user's own object may raise anything.
        raise Unreadable("data.not_given", kind=type(error).__name__, error=error) from error


def _open(source: Any, side: int) -> Image.Image:  # noqa: ANN401 - as open_example
    """Open a picture; of a JPEG file no more is decoded than ``side`` pixels need, when this is not 0."""
    source = _fetch(source)
    if isinstance(source, (str, os.PathLike, bytes)):
        return open_header(read_file(source)).decode(side)
    if isinstance(source, np.ndarray):
        return from_array(source)
    if isinstance(source, Image.Image):
        with _loading:
            source.load()
        return to_upright_rgb(source)
    raise Unreadable("data.no_picture_type", kind=type(source).__name__)


def _pixel_key(image: Image.Image) -> bytes:
    grey = values_of(image)  # dark pictures of 16 bits may differ in these alone
    seen = image.tobytes() if grey is None else grey.values.tobytes()
    return hashlib.sha256(b"headstart pixels %d %d " % image.size + seen).digest()


def _inspect_in_memory(source: Any, name: str) -> Facts:  # noqa: ANN401 - as open_example
    try:
        image = open_example(source, name)
    except ExampleError as error:
        return Facts(NO_KEY, _UNKNOWN, error.why)
    return Facts(_pixel_key(image), image.size, look_closer=values_of(image) is not None)


def _notices(header: Header, name: str) -> tuple[Finding, ...]:
    codes = [*header.oddities()]
    if FORMAT_OF_SUFFIX.get(suffix_of(name), header.file_format) != header.file_format:
        codes.append("data.wrong_suffixes")
    return tuple(Finding(code, {"count": 1, "names": [name]}, _SEVERITY.get(code, NOTE)) for code in codes)
