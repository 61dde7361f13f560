"""Named arrays to and from safetensors files; the format holds numbers only, so opening one runs nothing."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DIGEST_BYTES = 32


def write_tensors(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to a safetensors file; raises OSError when it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "head.safetensors"
    >>> write_tensors(path, {"bias": np.ones(2, dtype=np.float32)})
    >>> read_tensors(path)["bias"].tolist()
    [1.0, 1.0]
    """
    path.write_bytes(tensors_to_bytes(arrays))  # not by safetensors' own save_file: only the owner could read that


def tensors_to_bytes(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Compute the content of a safetensors file with these arrays; the same arrays always give the same bytes."""
    from safetensors.numpy import save  # only where tensors are written: it costs time at start

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return bytes(save(contiguous, metadata={"format": "pt"}))  # "pt" marks torch's layout; some readers insist on it


def write_digests(keys: Iterable[bytes]) -> npt.NDArray[np.uint8]:
    """Write SHA-256 digests as an array, shape (N, 32)."""
    return np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, DIGEST_BYTES)


def read_digests(array: npt.NDArray[np.uint8]) -> tuple[bytes, ...]:
    """Read what :func:`write_digests` wrote."""
    data = array.tobytes()
    return tuple(data[start : start + DIGEST_BYTES] for start in range(0, len(data), DIGEST_BYTES))


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of a safetensors file."""
    from safetensors.numpy import load_file

    arrays: dict[str, npt.NDArray[Any]] = load_file(path)
    return arrays
