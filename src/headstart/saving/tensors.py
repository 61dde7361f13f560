"""Named arrays to and from safetensors files; the format holds numbers only, so opening one runs nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


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


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of a safetensors file."""
    from safetensors.numpy import load_file

    arrays: dict[str, npt.NDArray[Any]] = load_file(path)
    return arrays
