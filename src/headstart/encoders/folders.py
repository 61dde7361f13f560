"""Folders in the cache: new ones appear whole or not at all, damaged ones are set aside."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy.typing as npt

from headstart.runtime.files import whole_folder, write_errors

if TYPE_CHECKING:
    import torch

_WRITE_ERRORS = {
    number
    for name in ("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "EIO", "ENOTDIR", "EEXIST")
    if (number := getattr(errno, name, None)) is not None  # not every system knows all of them
}


@contextmanager
def new_cache_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to write into, which takes the name ``target`` when the block ends well.

    When another process was faster, its folder stays and this one is dropped: both hold the same.

    Raises
    ------
    OutputError
        When the cache cannot be written to: read-only, or the disk is full.
    """
    try:
        with whole_folder(target, first_wins=True) as folder:
            yield folder
    except OSError as error:
        if error.errno not in _WRITE_ERRORS:
            raise
        with write_errors("encoders.not_kept", folder=target.parent):
            raise


def save_tensors(path: Path, tensors: Mapping[str, "torch.Tensor"], metadata: dict[str, str] | None = None) -> None:
    """Write tensors of torch as a safetensors file; raises OSError, as safetensors does not when the disk is full."""
    from safetensors.torch import save_file

    _save(path, lambda: save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata))


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays, which lie in memory row by row, as a safetensors file; raises as :func:`save_tensors`."""
    from safetensors.numpy import save_file

    _save(path, lambda: save_file(dict(arrays), path))


def _save(path: Path, save: Callable[[], None]) -> None:
    from safetensors import SafetensorError

    path.touch()
    mode = path.stat().st_mode
    try:
        save()
    except SafetensorError as error:
        raise OSError(errno.EIO, str(error)) from error
    path.chmod(mode)  # save_file lets only the owner read


def set_aside(folder: Path) -> Path:
    """Rename a damaged folder so that a new one can take its place, and return its new path."""
    aside = folder.with_name(f"{folder.name}.damaged-{uuid4().hex[:8]}")
    with write_errors("encoders.not_set_aside", folder=folder):
        try:
            folder.rename(aside)
        except FileNotFoundError:  # another process has just set it aside
            return folder
    return aside
