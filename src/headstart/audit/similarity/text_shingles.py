"""What a document is compared by: its runs of five letters, whatever signs and blanks stand between."""

import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt

Shingles = npt.NDArray[np.uint64]  # hashes of the runs of a document, ascending, each once

SHINGLE = 5  # characters of a run
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)


class _Plain(dict[int, Any]):
    """Replaces signs by blanks when a string is translated; letters with their marks, numbers and symbols stay."""

    def __missing__(self, code: int) -> Any:  # noqa: ANN401 - as str.translate takes it
        self[code] = " " if unicodedata.category(chr(code))[0] in "PZC" else code
        return self[code]


_PLAIN = _Plain()


def normalise(document: str) -> str:
    r"""Return a document in small letters, without signs, and with one blank between words.

    Examples
    --------
    >>> normalise("  Don't -- PANIC!!\n"), normalise("ＡＢＣ，好"), normalise("2+3"), normalise("2-3")
    ('don t panic', 'abc 好', '2+3', '2 3')
    """
    return " ".join(unicodedata.normalize("NFKC", document).casefold().translate(_PLAIN).split())


def shingles_of(document: str) -> Shingles:
    """Hash the runs of five characters of a document, ascending; a shorter one is one run, an empty one has none.

    Examples
    --------
    >>> len(shingles_of("A good film")), len(shingles_of("Good!")), len(shingles_of("...")), len(shingles_of("aaaaaaa"))
    (7, 1, 0, 1)
    """
    said = normalise(document)
    codes = np.frombuffer(said.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    if not len(codes):
        return np.empty(0, dtype=np.uint64)
    length = min(SHINGLE, len(codes))
    hashes = np.full(len(codes) - length + 1, length, dtype=np.uint64)
    for start in range(length):
        hashes = (hashes ^ codes[start : start + len(hashes)]) * _FACTOR
        hashes ^= hashes >> _SHIFT
    return np.unique(hashes)


def jaccard(one: Shingles, other: Shingles) -> float:
    """Compute which share of the members of two sets is in both; 0 for two empty ones.

    Examples
    --------
    >>> jaccard(np.array([1, 2, 3], np.uint64), np.array([2, 3, 4], np.uint64))
    0.5
    """
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / max(len(one) + len(other) - common, 1)
