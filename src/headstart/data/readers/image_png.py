"""PNG files: whether they are whole, and texts and profiles that are larger than Pillow lets them be."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from headstart.runtime.findings import Finding

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRUNCATED = Finding("data.truncated")
_HEAD, _SUM = struct.Struct(">I4s"), struct.Struct(">I")
_LONG = 1_000  # bytes: zlib makes at most a thousand times as many of them, which is what Pillow takes of one text
_LARGEST = 1_000_000
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")


@dataclass(frozen=True, slots=True)
class Chunks:
    """What a walk over the chunks of a file found: damage, and whether there are long texts or profiles."""

    damage: Finding | None
    long_texts: bool = False


_WHOLE, _WITH_TEXTS, _CUT = Chunks(None), Chunks(None, long_texts=True), Chunks(TRUNCATED)


def walk(data: bytes) -> Chunks:
    """Walk over the chunks up to IEND and compare their checksums."""
    view, position, long_texts = memoryview(data), len(SIGNATURE), False
    while position + 12 <= len(data):
        length, kind = _HEAD.unpack_from(data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            return _CUT
        if zlib.crc32(view[position + 4 : end]) != _SUM.unpack_from(data, end)[0]:
            return Chunks(Finding("data.wrong_checksum", {"kind": kind.decode("ascii", "replace")}))
        if kind == b"IEND":
            return _WITH_TEXTS if long_texts else _WHOLE
        if length > _LONG and kind in _TEXTS:
            long_texts = True
        position = end + 4
    return _CUT


def leave_out_texts(data: bytes) -> bytes:
    """Return a file that is whole without its texts and profiles of more than a megabyte: no pixel needs them."""
    return SIGNATURE + b"".join(chunk for chunk in _split(data) if not _is_too_large(chunk))


def _split(data: bytes) -> Iterator[bytes]:
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        yield data[position:end]
        position = end


def _is_too_large(chunk: bytes) -> bool:
    kind, body = chunk[4:8], chunk[8:-4]
    if kind not in _TEXTS or len(body) <= _LONG:
        return False
    _, _, coded = body.partition(b"\0")  # behind the name
    if kind == b"tEXt" or (kind == b"iTXt" and coded[:1] == b"\0"):
        return len(body) > _LARGEST
    if kind == b"iTXt":  # compressed, behind its language and its name in that
        coded = b"\0" + coded[2:].split(b"\0", 2)[-1]
    try:
        return len(zlib.decompressobj().decompress(coded[1:], _LARGEST)) >= _LARGEST
    except zlib.error:
        return True
