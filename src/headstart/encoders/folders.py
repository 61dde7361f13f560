"""A folder in the cache appears whole or not at all, also when two processes make it at once."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from headstart.errors import OutputError

_WRITE_ERRORS = {
    number
    for name in ("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "EIO", "ENOTDIR", "EEXIST")
    if (number := getattr(errno, name, None)) is not None  # not every system knows all of them
}


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder to write into; it takes the name ``target`` when the block ends well.

    When another process was faster, its folder stays and this one is dropped: both hold the same.

    Raises
    ------
    OutputError
        When the cache cannot be written to: read-only, or the disk is full.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as cache:
    ...     with whole_folder(Path(cache, "made")) as folder:
    ...         _ = folder.joinpath("a.txt").write_text("a")
    ...     sorted(path.name for path in Path(cache).rglob("*"))
    ['a.txt', 'made']
    """
    partial = target.with_name(f".{target.name}.{uuid4().hex[:8]}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        _rename(partial, target)
    except OSError as error:
        if error.errno not in _WRITE_ERRORS:
            raise
        raise cannot_write(target.parent, str(error.strerror)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def cannot_write(folder: Path, reason: str) -> OutputError:
    """Make the error for a cache that does not take a file."""
    return OutputError("encoders.not_kept", folder=folder, error=reason.rstrip("."))


def set_aside(folder: Path) -> Path:
    """Rename a damaged folder so that a new one can take its place, and return its new path."""
    aside = folder.with_name(f"{folder.name}.damaged-{uuid4().hex[:8]}")
    try:
        folder.rename(aside)
    except FileNotFoundError:  # another process has just set it aside
        return folder
    except OSError as error:
        raise OutputError("encoders.not_set_aside", folder=folder, error=error.strerror or error) from error
    return aside


def _rename(partial: Path, target: Path) -> None:
    try:
        os.rename(partial, target)
    except OSError:
        if not target.is_dir():  # otherwise another process was faster
            raise
