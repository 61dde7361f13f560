"""What a file is that no reader of pictures opens: named by its first bytes, so that what to do can be said."""

from collections.abc import Callable
from typing import Literal

from headstart.runtime.findings import Finding

UNKNOWN = "data.unknown_format"
RAW = Finding("data.content.raw")
_TIFF_MARKS = (b"II*\0", b"MM\0*")


def name_content(head: bytes) -> Finding:
    r"""Name what begins with these bytes, with what to do; what nobody knows is no picture.

    Examples
    --------
    >>> print(name_content(b"%PDF-1.7"))
    It is a PDF document: export its pictures, as PNG for instance.
    >>> print(name_content(b"hello"))
    It is not a picture of a known format.
    """
    if is_raw(head):
        return RAW
    return Finding(next((f"data.content.{name}" for name, belongs in _CONTENTS.items() if belongs(head)), UNKNOWN))


def is_raw(data: bytes) -> bool:
    r"""Return whether a TIFF file holds what the sensor of a camera saw: its first page is a preview at best.

    Examples
    --------
    >>> is_raw(b"II*\0\x10\0\0\0CR\x02\0"), is_raw(b"II*\0\x08\0\0\0")
    (True, False)
    """
    if data[8:10] == b"CR" and data.startswith(_TIFF_MARKS):
        return True
    return data.startswith(_TIFF_MARKS) and _has_raw_tag(data)


def _has_raw_tag(data: bytes) -> bool:
    """Look in the first directory of a TIFF file for the version of DNG, or pages below it with a mosaic of colours."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"

    def number(place: int, size: int) -> int:
        return int.from_bytes(data[place : place + size], order)

    def entries(start: int) -> dict[int, int]:
        count = min(number(start, 2), 200)
        return {number(start + 2 + 12 * i, 2): start + 2 + 12 * i for i in range(count)}

    def is_mosaic(start: int) -> bool:
        place = entries(start).get(_PHOTOMETRIC)
        return place is not None and number(place + 8, 2) in _MOSAICS

    first = entries(number(4, 4))
    if _DNG_VERSION in first or is_mosaic(number(4, 4)):
        return True
    below = first.get(_SUB_PAGES)
    if below is None:
        return False
    count, value = min(number(below + 4, 4), 8), number(below + 8, 4)
    return any(is_mosaic(value if count == 1 else number(value + 4 * i, 4)) for i in range(count))


_DNG_VERSION, _SUB_PAGES, _PHOTOMETRIC = 50706, 330, 262  # numbers of TIFF tags
_MOSAICS = (32803, 34892)  # values of "photometric interpretation": colour filter array, linear raw


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(starts)


def _markup(*words: bytes) -> Callable[[bytes], bool]:
    def belongs(head: bytes) -> bool:
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        return text.startswith(b"<") and any(word in text for word in words)

    return belongs


_FILMS = (b"iso", b"mp4", b"mp7", b"M4V", b"qt ", b"avc", b"3gp", b"3g2", b"das", b"f4v", b"MSN")
# The name of a sentence in the catalogue, and what such a file begins with.
_CONTENTS: dict[str, Callable[[bytes], bool]] = {
    "lfs": _begins(b"version https://git-lfs", b"version https://hawser"),
    "svg": _markup(b"<svg"),
    "html": _markup(b"<!doctype html", b"<html", b"<head", b"<body"),
    "annex": _begins(b"/annex/objects/", b"../.git/annex/objects/"),
    "answer": _begins(b"<?xml", b'{"', b"\xef\xbb\xbf<?xml"),
    "pdf": _begins(b"%PDF"),
    "postscript": _begins(b"%!PS", b"\xc5\xd0\xd3\xc6"),
    "archive": _begins(
        *(
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"Rar!\x1a\x07",
            b"7z\xbc\xaf\x27\x1c",
            b"\xfd7zXZ\0",
            b"BZh",
            b"\x28\xb5\x2f\xfd",
        )
    ),
    "gzip": _begins(b"\x1f\x8b"),
    "raw": lambda head: (
        head.startswith((b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM"))
        or (head[4:8] == b"ftyp" and head[8:12] == b"crx ")
    ),
    "video": lambda head: (
        (head[4:8] == b"ftyp" and head[8:11] in _FILMS)
        or head[4:8] in (b"moov", b"mdat", b"wide")
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or head.startswith(
            (b"\x1a\x45\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3", b"FLV\x01", b"OggS", b"\x30\x26\xb2\x75")
        )
    ),
    "jpeg_xl": _begins(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"),
    "photoshop": _begins(b"8BPS"),
    "icon": _begins(b"\0\0\x01\0", b"\0\0\x02\0", b"icns"),
    "exr": _begins(b"\x76\x2f\x31\x01", b"#?RADIANCE"),
    "fits": _begins(b"SIMPLE  ="),
    "dds": _begins(b"DDS "),
    "gimp": _begins(b"gimp xcf"),
    "nifti": lambda head: head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] == b"n+2\0",
    "nrrd": _begins(b"NRRD"),
    "numpy": _begins(b"\x93NUMPY"),
    "matlab": _begins(b"MATLAB 5.0 MAT"),
    "hdf5": _begins(b"\x89HDF\r\n\x1a\n"),
}
