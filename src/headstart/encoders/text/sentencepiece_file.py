"""The file of a SentencePiece model: as much of its protocol buffer as the vocabulary needs."""

import struct
from collections.abc import Iterator
from pathlib import Path

from headstart.errors import EncoderError
from headstart.runtime.findings import Finding

NORMAL, UNKNOWN = 1, 2  # types of pieces; others never stand for text
_FIXED = {1: 8, 5: 4}  # bytes of the kinds of fields that have always as many


def read_sentencepiece(path: Path) -> tuple[list[str], list[float], dict[str, int]]:
    """Read pieces, their scores, and the numbers of those that never stand for text; raises EncoderError.

    Among the latter are ``bos``, ``eos`` and ``unk``.
    """
    try:
        return _vocabulary(path.read_bytes())
    except (OSError, ValueError, LookupError, struct.error) as error:
        said = next((one for one in error.args if isinstance(one, Finding)), None)
        raise EncoderError("encoders.unreadable_weights", path=path, error=said or str(error)[:200]) from error


def _vocabulary(content: bytes) -> tuple[list[str], list[float], dict[str, int]]:
    pieces, scores, special = list[str](), list[float](), dict[str, int]()
    for field, value in _fields(content):
        if field != 1 or not isinstance(value, bytes):
            continue
        parts = dict(_fields(value))
        piece, score, kind = parts[1], parts.get(2, bytes(4)), parts.get(3, NORMAL)
        if not isinstance(piece, bytes) or not isinstance(score, bytes):
            raise ValueError(Finding("encoders.no_format_of_weights"))
        if kind != NORMAL:
            name = "unk" if kind == UNKNOWN else {b"<s>": "bos", b"</s>": "eos"}.get(piece, f"own{len(pieces)}")
            special[name] = len(pieces)
        pieces.append(piece.decode())
        scores.append(struct.unpack("<f", score)[0])
    if not {"bos", "eos", "unk"} <= special.keys():
        raise ValueError(Finding("encoders.no_format_of_weights"))
    return pieces, scores, special


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Iterate over the fields of a message: a number and its value; raises ValueError where it ends early."""
    at = 0
    while at < len(content):
        tag, at = _number(content, at)
        kind = tag & 7
        if kind == 0:
            value, at = _number(content, at)
            yield tag >> 3, value
            continue
        size = _FIXED.get(kind, -1)
        if kind == 2:
            size, at = _number(content, at)
        if not 0 <= size <= len(content) - at:
            raise ValueError(Finding("encoders.weights_end_early"))
        yield tag >> 3, content[at : at + size]
        at += size


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, and return where it ends."""
    number = shift = 0
    while True:
        if at >= len(content) or shift > 63:
            raise ValueError(Finding("encoders.weights_end_early"))
        number |= (content[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if content[at - 1] < 128:
            return number, at
