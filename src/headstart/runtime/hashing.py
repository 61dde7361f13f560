"""SHA-256 digests, hexadecimal: of files, of plain data, of parts that follow each other."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PIECE = 1 << 22  # bytes: after each the thread waits for Python, where others hold it, so they are not many


def sha256_of_file(path: Path) -> str:
    """Compute the digest of a file; raises OSError when it cannot be read."""
    with path.open("rb", buffering=0) as stream:
        return sha256_of_parts(iter(lambda: stream.read(PIECE), b""))


def sha256_of_json(value: Any) -> str:  # noqa: ANN401 - any plain data
    """Compute the digest of plain data, written as JSON with sorted keys.

    Examples
    --------
    >>> sha256_of_json({"b": 1, "a": 2}) == sha256_of_json({"a": 2, "b": 1})
    True
    """
    return sha256_of_parts([json.dumps(value, sort_keys=True).encode()])


def sha256_of_parts(parts: Iterable[bytes]) -> str:
    """Compute the digest of all parts, one after the other.

    Examples
    --------
    >>> sha256_of_parts([b"one", b"two"]) == sha256_of_parts([b"onetwo"])
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
