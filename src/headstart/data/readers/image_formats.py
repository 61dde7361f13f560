"""Picture formats: their names, suffixes and first bytes, and whether a file of one is whole.

The formats are a closed list: Pillow knows more, but some of those start other programs (EPS runs Ghostscript) or
cannot be told by their first bytes (TGA), and each is a way in for a hostile file.
"""

import struct
from collections.abc import Callable

from headstart.data.readers import image_png
from headstart.data.readers.image_jpeg import END_OF_IMAGE, find_end
from headstart.data.readers.image_png import TRUNCATED
from headstart.runtime.findings import Finding

# Format as Pillow calls it -> suffixes. Pillow calls a JPEG with several pictures inside MPO.
SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf"),
    "AVIF": (".avif",),
    "HEIC": (".heic", ".heif", ".hif"),
    "DICOM": (".dcm", ".dicom"),
}
FORMAT_OF_SUFFIX = {suffix: name for name, suffixes in SUFFIXES.items() for suffix in suffixes}

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF = {b"mif1", b"msf1"}  # of HEIC and AVIF alike


def recognise(data: bytes) -> str | None:
    r"""Name the format by the first bytes, or None when they are no picture's.

    Examples
    --------
    >>> recognise(b"\xff\xd8\xff\xe0"), recognise(b"hello")
    ('JPEG', None)
    """
    for name, belongs in _FIRST_BYTES.items():
        if belongs(data[:MAGIC]):
            return name
    return None


def _brands(start: bytes) -> set[bytes]:
    """Read what a file of the HEIF family calls itself: the first name, and those it keeps to as well."""
    length = min(int.from_bytes(start[:4], "big"), len(start)) if start[4:8] == b"ftyp" else 0
    return {start[place : place + 4] for place in (8, *range(16, length - 3, 4)) if length}


_FIRST_BYTES: dict[str, Callable[[bytes], bool]] = {
    "JPEG": lambda start: start.startswith(b"\xff\xd8\xff"),
    "PNG": lambda start: start.startswith(b"\x89PNG\r\n\x1a\n"),
    "GIF": lambda start: start.startswith((b"GIF87a", b"GIF89a")),
    "BMP": lambda start: start.startswith(b"BM"),
    "WEBP": lambda start: start.startswith(b"RIFF") and start[8:12] == b"WEBP",
    "TIFF": lambda start: start.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    "PPM": lambda start: start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace(),
    "JPEG2000": lambda start: start.startswith((b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")),
    "HEIC": lambda start: bool(_brands(start) & _HEIC) and start[8:12] in _HEIC | _HEIF,
    "AVIF": lambda start: start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis", b"mif1"),
    "DICOM": lambda start: start[128:132] == b"DICM",
}
MAGIC = 132  # bytes that tell the format: DICOM's mark stands behind 128 of anything


def find_damage(data: bytes, file_format: str) -> Finding | None:
    r"""Check without decoding a pixel whether a file is whole; returns what is wrong when it is not.

    Of TIFF, PPM, JPEG 2000 and AVIF only decoding can tell.

    Examples
    --------
    >>> print(find_damage(b"\xff\xd8\xff\xe0", "JPEG"))
    The file is truncated: the end of the picture is missing.
    """
    if file_format == "PNG":
        return image_png.walk(data).damage
    whole = _IS_WHOLE.get(file_format)
    return None if whole is None or whole(data) else TRUNCATED


def _gif_is_whole(data: bytes) -> bool:
    """Walk over the blocks to the end of the first frame's data."""
    if len(data) < 13:
        return False
    position = 13 + _color_table_length(data[10])
    while position < len(data):
        kind = data[position]
        if kind == 0x21:  # an extension: label, then sub-blocks
            position = _after_sub_blocks(data, position + 2)
        elif kind == 0x2C and position + 10 < len(data):  # a frame: position, size, flags; color table; code size
            return _after_sub_blocks(data, position + 11 + _color_table_length(data[position + 9])) <= len(data)
        else:
            return False
    return False


def _color_table_length(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, position: int) -> int:
    """Skip sub-blocks, each led by its length, to behind the empty one; beyond the end of the data if it is missing."""
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1


def _webp_is_whole(data: bytes) -> bool:
    return len(data) >= 8 + int(struct.unpack_from("<I", data, 4)[0])


def _bmp_is_whole(data: bytes) -> bool:
    """Compute how long an uncompressed bitmap must be; a compressed one, or one of the oldest kind, passes."""
    if len(data) < 34:
        return False
    start, header, width, height, _, bits, compression = struct.unpack_from("<IIiiHHI", data, 10)
    if header < 40 or compression not in (0, 3):
        return True
    used = (width * bits + 7) // 8
    row = (used + 3) // 4 * 4
    return len(data) >= int(start + row * (abs(height) - 1) + used)


_IS_WHOLE: dict[str, Callable[[bytes], bool]] = {
    "JPEG": lambda data: data.endswith(END_OF_IMAGE) or find_end(data) >= 0,
    "GIF": _gif_is_whole,
    "WEBP": _webp_is_whole,
    "BMP": _bmp_is_whole,
}
