"""One picture: opened as upright 8-bit RGB, named by its content, checked without decoding."""

import hashlib
import io
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from headstart.data.readers.image_conversion import Unreadable, from_array, to_upright_rgb
from headstart.data.readers.image_formats import FORMAT_OF_SUFFIX, TRUNCATED, find_damage, recognise, suffix_of
from headstart.data.readers.image_warnings import pillow_silenced
from headstart.errors import PictureError

# Where Pillow itself refuses by default: 0.5 GB as RGB, for each worker. Above it a file of a few kilobytes that claims
# a huge size (a decompression bomb) could bring the machine down.
MAX_PIXELS = 178_956_970
NO_KEY = bytes(32)  # stands for the digest of a file that could not be read at all

_loading = threading.Lock()  # a Pillow image that is not loaded yet must not be loaded by two threads at once


@dataclass(frozen=True, slots=True)
class Deferred:
    """A picture that is fetched each time it is needed: ``fetch()`` returns any other kind of source.

    It must give the same picture each time, and may be called from several threads.
    """

    fetch: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What is known of a picture without decoding it.

    Attributes
    ----------
    key
        Its :func:`content_key`; 32 zero bytes when the file could not be read at all.
    width, height
        In pixels, as stored (before any EXIF rotation); 0 when unknown.
    format
        Pillow's name of the format, or "" when unknown or in memory.
    problem
        Why it cannot be used, or None.
    notice
        What is odd about it although it can be used, or None.
    """

    key: bytes
    width: int = 0
    height: int = 0
    format: str = ""
    problem: str | None = None
    notice: str | None = None


def open_picture(source: Any, name: str = "") -> Image.Image:  # noqa: ANN401 - many kinds, checked inside
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
    PictureError
        Names the picture and the reason. No other exception, and no warning of Pillow's, leaves this function.

    Examples
    --------
    >>> open_picture(np.full((2, 3), 65535, dtype=np.uint16)).getpixel((0, 0))
    (255, 255, 255)
    """
    return _open_or_explain(source, name or name_of(source), 0)


def open_preview(source: Any, name: str = "", side: int = 64) -> Image.Image:  # noqa: ANN401 - as open_picture
    """Open a picture as :func:`open_picture` does, a large JPEG file at a half, a quarter or an eighth of its size.

    Both sides keep at least ``side`` pixels. It costs a fraction of the time: most of the decoding is left out.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (1200, 900)).save(file, "JPEG")
    >>> open_preview(file.getvalue()).size
    (150, 113)
    """
    return _open_or_explain(source, name or name_of(source), side)


def content_key(source: Any, name: str = "") -> bytes:  # noqa: ANN401 - as open_picture
    """Digest a picture's content: 32 bytes, SHA-256 of the file's bytes.

    For a PIL image or an array it is the digest of the size and the upright RGB pixels, behind a prefix that no file
    begins with.

    Raises
    ------
    PictureError
        When the file cannot be read, or the object is no picture.

    Examples
    --------
    >>> content_key(b"abc").hex()[:8]
    'ba7816bf'
    """
    source = _fetch(source)
    if not isinstance(source, (str, os.PathLike, bytes)):
        return _pixel_key(open_picture(source, name))
    try:
        return hashlib.sha256(_read(source)).digest()
    except Unreadable as error:
        raise _picture_error(name or name_of(source), str(error)) from error.__cause__


def inspect_picture(source: Any, name: str = "") -> PictureFacts:  # noqa: ANN401 - as open_picture
    """Read a picture's bytes once: digest them, open the header and check that the file is whole, decoding no pixel.

    Whatever has a problem here is refused by :func:`open_picture` with the same reason. Damage that only decoding can
    find is left to it.

    Examples
    --------
    >>> inspect_picture(b"").problem
    'The file is empty: it has 0 bytes.'
    """
    try:
        source = _fetch(source)
        if not isinstance(source, (str, os.PathLike, bytes)):
            return _inspect_in_memory(source, name)
        data = _read(source)
    except Unreadable as error:
        return PictureFacts(NO_KEY, problem=str(error))
    key = hashlib.sha256(data).digest()
    try:
        with pillow_silenced():
            image = _open_header(data)
    except Unreadable as error:
        return PictureFacts(key, problem=str(error))
    except Exception as error:
        # As in open_picture.
        return PictureFacts(key, problem=_explain(error))
    file_format = image.format or ""
    return PictureFacts(key, *image.size, file_format, notice=_suffix_notice(name or name_of(source), file_format))


def name_of(source: Any) -> str:  # noqa: ANN401 - as open_picture
    """Name a source for an error: its path, or "in memory"."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else "in memory"


def _open_or_explain(source: Any, name: str, side: int) -> Image.Image:  # noqa: ANN401 - as open_picture
    try:
        with pillow_silenced():
            return _open(source, side)
    except Unreadable as error:
        raise _picture_error(name, str(error)) from error.__cause__
    except Exception as error:
        # Pillow's decoders raise nearly every exception there is on a damaged file.
        raise _picture_error(name, _explain(error)) from error


def _picture_error(name: str, reason: str) -> PictureError:
    return PictureError(f"The picture '{name}' cannot be read.", reason, "Replace it or take it out.")


def _explain(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return _bomb_reason()
    if isinstance(error, MemoryError):
        return "There is not enough memory for it."
    if "truncated" in str(error).lower():
        return TRUNCATED
    if isinstance(error, UnidentifiedImageError):
        return "It is damaged: its header makes no sense."
    return f"It is damaged ({str(error).strip().rstrip('.') or type(error).__name__})."


def _bomb_reason() -> str:
    # Pillow's own ceiling holds too where a program has lowered it.
    limit = min(MAX_PIXELS, 2 * Image.MAX_IMAGE_PIXELS) if Image.MAX_IMAGE_PIXELS else MAX_PIXELS
    return f"It claims more than {limit:,} pixels, the limit against decompression bombs."


def _fetch(source: Any) -> Any:  # noqa: ANN401 - as open_picture
    if not isinstance(source, Deferred):
        return source
    try:
        return source.fetch()
    except Exception as error:
        # The user's own object may raise anything.
        raise Unreadable(f"Its dataset did not give it ({type(error).__name__}: {error}).") from error


def _read(source: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with open(source, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise Unreadable(_explain_file(error)) from error


def _explain_file(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "The file does not exist."
    if isinstance(error, PermissionError):
        return "Permission to read the file is denied."
    if isinstance(error, IsADirectoryError):
        return "It is a folder."
    return f"The file cannot be opened ({getattr(error, 'strerror', None) or error})."


def _open_header(data: bytes) -> Image.Image:
    """Open a file without decoding it; refuses what is empty, unknown, too large, cut or damaged."""
    if not data:
        raise Unreadable("The file is empty: it has 0 bytes.")
    file_format = recognise(data)
    if file_format is None:
        raise Unreadable("It is not a picture of a known format.")
    damage = find_damage(data, file_format)
    if damage:
        raise Unreadable(damage)
    image = Image.open(io.BytesIO(data), formats=(file_format,))
    if image.width * image.height > MAX_PIXELS:
        raise Unreadable(_bomb_reason())
    return image


def _open(source: Any, side: int) -> Image.Image:  # noqa: ANN401 - as open_picture
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
    raise Unreadable(f"It is of the type {type(source).__name__}; expected a path, bytes, a PIL image or an array.")


def _pixel_key(image: Image.Image) -> bytes:
    return hashlib.sha256(b"headstart pixels %d %d " % image.size + image.tobytes()).digest()


def _inspect_in_memory(source: Any, name: str) -> PictureFacts:  # noqa: ANN401 - as open_picture
    try:
        image = open_picture(source, name)
    except PictureError as error:
        return PictureFacts(NO_KEY, problem=error.reason)
    return PictureFacts(_pixel_key(image), *image.size)


def _suffix_notice(name: str, file_format: str) -> str | None:
    expected = FORMAT_OF_SUFFIX.get(suffix_of(name))
    if expected is None or expected == file_format or (expected, file_format) == ("JPEG", "MPO"):
        return None
    return f"The picture '{name}' is a {file_format} file in spite of its suffix; it is read as {file_format}."
