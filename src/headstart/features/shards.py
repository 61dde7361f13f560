"""Shards: the files that hold feature rows. Written once, whole, under the checksum of their own content.

A shard is a ``.npy`` file of one record: all keys, then all vectors, so that keys are read without the vectors::

    256 bytes   header, as NumPy defines it
    n * 32      keys, uint8
    n * D * 4   vectors, little-endian float32

``numpy.load`` opens it. Headstart does not parse the header of a file it finds: it knows what the header must be.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.errors import StoreError
from headstart.runtime.files import whole_file
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_file, sha256_of_parts

SUFFIX = ".npy"
KEY_LENGTH = 32
HEADER_LENGTH = 256  # a multiple of 64, as NumPy asks, with room for any count
NAME_LENGTH = 32  # hexadecimal digits of the SHA-256: 128 bits


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of ``count`` rows with vectors of length ``dimension``."""

    path: Path
    count: int
    dimension: int


def write_shard(folder: Path, keys: Sequence[bytes], vectors: Singles) -> Shard:
    """Write rows into a new shard of ``folder``; it appears whole or not at all.

    Shapes: ``keys`` N times 32 bytes, ``vectors`` (N, D).

    Raises
    ------
    OSError
        When the file cannot be written; nothing is left behind.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     shard = write_shard(Path(folder), [bytes(32)], np.ones((1, 3), dtype=np.float32))
    ...     np.load(shard.path)["vectors"]
    array([[1., 1., 1.]], dtype=float32)
    """
    count, dimension = vectors.shape
    parts = (_header(count, dimension), b"".join(keys), np.ascontiguousarray(vectors, dtype="<f4").tobytes())
    path = folder / f"{sha256_of_parts(parts)[:NAME_LENGTH]}{SUFFIX}"
    with whole_file(path, durable=True) as partial, open(partial, "xb") as file:
        file.writelines(parts)
    return Shard(path, count, dimension)


def open_shard(path: Path, dimension: int) -> Shard:
    """Open a shard by its name, size and header; :func:`check_shard` reads the rest.

    Raises
    ------
    StoreError
        When the file is no shard with vectors of this dimension.
    OSError
        When the file cannot be read.
    """
    if len(path.stem) != NAME_LENGTH or not set(path.stem) <= set("0123456789abcdef"):
        raise _damage(path, "features.no_checksum")
    with open(path, "rb") as file:
        header = file.read(HEADER_LENGTH)
        size = os.fstat(file.fileno()).st_size
    count, rest = divmod(size - HEADER_LENGTH, KEY_LENGTH + 4 * dimension)
    if rest:
        raise _damage(path, "features.wrong_size", size=size, dimension=dimension)
    if header != _header(count, dimension):
        raise _damage(path, "features.wrong_header", count=count, dimension=dimension)
    return Shard(path, count, dimension)


def check_shard(shard: Shard) -> None:
    """Compare a shard's bytes with the checksum in its name, a piece at a time.

    Raises
    ------
    StoreError
        When they differ.
    OSError
        When the file cannot be read.
    """
    if sha256_of_file(shard.path)[:NAME_LENGTH] != shard.path.stem:
        raise _damage(shard.path, "features.wrong_content")


def read_keys(shard: Shard) -> list[bytes]:
    """Read the keys of a shard, in the order of its rows; raises OSError when the file cannot be read."""
    with open(shard.path, "rb") as file:
        file.seek(HEADER_LENGTH)
        keys = file.read(shard.count * KEY_LENGTH)
    return [keys[start : start + KEY_LENGTH] for start in range(0, len(keys), KEY_LENGTH)]


def read_rows(shard: Shard, rows: Integers) -> Singles:
    """Read some vectors of a shard, shape (len(rows), D), in the order asked for.

    They are read, not mapped: mapped pages would count as memory of the process until the file is closed.

    Raises
    ------
    StoreError
        When the file is gone or shorter than it was.
    """
    width = 4 * shard.dimension
    start = HEADER_LENGTH + shard.count * KEY_LENGTH
    vectors = np.empty((len(rows), shard.dimension), dtype=np.float32)
    try:
        with open(shard.path, "rb", buffering=0) as file:
            for run in _runs(rows):
                file.seek(start + int(rows[run.start]) * width)
                piece = file.read((run.stop - run.start) * width)
                vectors[run] = np.frombuffer(piece, dtype="<f4").reshape(-1, shard.dimension)
    except (OSError, ValueError) as error:
        raise StoreError(
            "features.shard_changed", path=shard.path, error=getattr(error, "strerror", None) or error
        ) from error
    return vectors


def _runs(rows: Integers) -> Iterator[slice]:
    """Split row numbers into stretches that lie one after the other in the file."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    edges = [0, *breaks.tolist(), len(rows)]
    return (slice(start, stop) for start, stop in pairwise(edges) if stop > start)


def _header(count: int, dimension: int) -> bytes:
    """Write NumPy's header, version 1.0: magic, length of the rest, a literal padded with blanks, a line end."""
    fields = f"[('keys', '|u1', ({count}, {KEY_LENGTH})), ('vectors', '<f4', ({count}, {dimension}))]"
    text = f"{{'descr': {fields}, 'fortran_order': False, 'shape': (), }}"
    start = b"\x93NUMPY\x01\x00" + (HEADER_LENGTH - 10).to_bytes(2, "little")
    return start + text.encode().ljust(HEADER_LENGTH - len(start) - 1) + b"\n"


def _damage(path: Path, code: str, **values: object) -> StoreError:
    return StoreError("features.shard_damaged", path=path, reason=Finding(code, values))
