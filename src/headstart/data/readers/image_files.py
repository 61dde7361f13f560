"""A file of a picture: read, recognised by what it holds, and opened without decoding a pixel."""

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, features

from headstart.data.readers import image_jpeg, image_png
from headstart.data.readers.image_conversion import Unreadable, to_upright_rgb
from headstart.data.readers.image_dicom import DicomFile, open_dicom
from headstart.data.readers.image_foreign import is_raw, name_content
from headstart.data.readers.image_formats import find_damage, recognise
from headstart.data.readers.image_heic import open_heic
from headstart.data.readers.image_limits import most_pixels
from headstart.data.readers.image_png import TRUNCATED
from headstart.runtime.findings import Finding

_UNUSUALLY_LARGE = 2**26  # bytes: of such a file the beginning is looked at before it is read
_HEAD = 512  # bytes of it
_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_SUBFILE = 254  # number of the TIFF tag whose first bit marks a page as a smaller copy of another
_FRACTIONS = (2, 4, 8)  # of its sides, at which a JPEG can be decoded


@dataclass(frozen=True, slots=True)
class Header:
    """A file that is open, and not decoded yet.

    Attributes
    ----------
    image
        What decodes it.
    file_format
        By what it holds.
    size
        Width and height, as stored.
    data
        The bytes that are decoded: those of the file, or these without what cannot be used.
    """

    image: Image.Image | DicomFile
    file_format: str
    size: tuple[int, int]
    data: bytes

    def decode(self, side: int = 0) -> Image.Image:
        """Decode it as upright RGB; a JPEG no larger than ``side`` pixels need, when this is not 0."""
        if isinstance(self.image, DicomFile):
            return self.image.decode()
        if side:
            self.image.draft(None, (side, side))
        return to_upright_rgb(self.image)

    @property
    def is_deep(self) -> bool:
        """Whether it is grey and has more than 8 bits."""
        return self.image.is_grey if isinstance(self.image, DicomFile) else self.image.mode.startswith("I")

    def oddities(self) -> Iterator[str]:
        """Name what is odd about it although it can be used, by the codes of sentences."""
        if self.file_format == "JPEG" and self.data.endswith(image_jpeg.ADDED):
            yield "data.no_end_marker"
        if self.image.size != self.size:
            yield "data.reduced"
        if isinstance(self.image, DicomFile):
            if self.image.frames > 1:
                yield "data.slices"
        elif self.file_format in _ANIMATED and _ask(self.image, lambda image: getattr(image, "is_animated", False)):
            yield "data.frames"
        elif self.file_format == "TIFF" and _ask(self.image, _has_pages):
            yield "data.pages"


def read_file(source: str | os.PathLike[str] | bytes) -> bytes:
    """Read a file; raises Unreadable for what is none, and for a large one that does not begin as a picture does."""
    if isinstance(source, bytes):
        return source
    try:
        with open(source, "rb", buffering=0, opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("data.no_ordinary_file")  # a pipe keeps others waiting, a device never ends
            if status.st_size > _UNUSUALLY_LARGE:
                _require_known(file.read(_HEAD))
                file.seek(0)
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise _closed_file(error) from error


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to as well, which is no reason to wait."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _closed_file(error: OSError | ValueError) -> Unreadable:
    if isinstance(error, FileNotFoundError):
        return Unreadable("data.no_file")
    if isinstance(error, PermissionError):
        return Unreadable("data.no_permission")
    if isinstance(error, IsADirectoryError):
        return Unreadable("data.is_folder")
    if getattr(error, "errno", None) == errno.ENXIO:  # a socket
        return Unreadable("data.no_ordinary_file")
    return Unreadable("data.not_opened", error=getattr(error, "strerror", None) or error)


def open_header(data: bytes) -> Header:
    """Open a file without decoding it; raises Unreadable for what is empty, unknown, too large, cut or damaged."""
    if not data:
        raise Unreadable("data.empty_file")
    file_format = _require_known(data)
    usable = _make_usable(data, file_format)
    image: Image.Image | DicomFile
    if file_format == "DICOM":
        image = open_dicom(usable)
    elif file_format == "HEIC":
        image = open_heic(usable)
    else:
        image = _open_with_pillow(usable, file_format)
    width, height = size = image.size
    if width * height > most_pixels() and not _reduce(image, file_format):
        raise too_many_pixels()
    return Header(image, file_format, size, usable)


def too_many_pixels() -> Unreadable:
    """Create the reason why a picture is too large."""
    return Unreadable("data.too_many_pixels", limit=most_pixels())


def _require_known(data: bytes) -> str:
    file_format = recognise(data)
    if file_format is None or (file_format == "TIFF" and is_raw(data)):
        raise Unreadable(name_content(data).code)
    if file_format == "AVIF" and not features.check("avif"):
        raise Unreadable("data.avif_needs_pillow")
    return file_format


def _make_usable(data: bytes, file_format: str) -> bytes:
    """Return what is decoded of a file that is whole, or nearly so; raises Unreadable for a damaged one."""
    if file_format == "PNG":
        chunks = image_png.walk(data)
        if chunks.damage is None:
            return image_png.leave_out_texts(data) if chunks.long_texts else data
        damage: Finding | None = chunks.damage
    else:
        damage = find_damage(data, file_format)
    if damage is TRUNCATED and file_format == "JPEG":
        with_end = image_jpeg.add_end(data)
        if with_end is not None:
            return with_end
    if damage:
        raise Unreadable(damage.code, **damage.values)
    return data


def _open_with_pillow(data: bytes, file_format: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=(file_format,))
    except Image.DecompressionBombError:
        # Our limit decides, which may be higher; Pillow's is for the whole process and not ours to change.
        return Image.OPEN[file_format][0](io.BytesIO(data), "")


def _reduce(image: Image.Image | DicomFile, file_format: str) -> bool:
    """Have a JPEG that is too large decoded at a fraction of its sides; returns whether that makes it small enough.

    Not a progressive one: its decoder keeps all of it in memory whatever the fraction is.
    """
    if file_format != "JPEG" or isinstance(image, DicomFile) or "progressive" in image.info:
        return False
    width, height = image.size
    for part in _FRACTIONS:
        if width * height <= most_pixels() * part**2:
            image.draft(None, (width // part, height // part))
            return True
    return False


def _ask(image: Image.Image, question: Callable[[Image.Image], bool]) -> bool:
    try:
        return bool(question(image))
    except Exception:
        return False  # what is damaged behind the first picture, where Pillow may raise anything, does not matter


def _has_pages(image: Image.Image) -> bool:
    """Return whether a TIFF file has other pages than smaller copies of the first."""
    for page in range(1, getattr(image, "n_frames", 1)):
        image.seek(page)
        if not int(getattr(image, "tag_v2", {}).get(_SUBFILE, 0)) & 1:
            return True
    return False
