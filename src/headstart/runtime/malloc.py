"""Freed memory: that of a training stays with the process until it is over, that of a fit of many examples goes."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Of mallopt(3) in glibc, and the values it starts with.
TRIM_THRESHOLD, MMAP_MAX = -1, -4
USUAL_TRIM, USUAL_MMAPS = 128 * 1024, 65_536


@contextmanager
def retained_memory() -> Iterator[None]:
    """Retain freed memory inside the block, and return it to the system after it.

    glibc takes every tensor above 32 MB fresh from the system and gives it back at once: then the system fills it with
    zeros, page by page, in every step, which costs as much as half of the computing. Elsewhere nothing changes.
    """
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(MMAP_MAX, 0)
    library.mallopt(TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:
        library.mallopt(MMAP_MAX, USUAL_MMAPS)
        library.mallopt(TRIM_THRESHOLD, USUAL_TRIM)
        library.malloc_trim(0)


def return_memory() -> None:
    """Return what was freed to the system; of what many small pieces took, glibc keeps it by itself."""
    if library := _glibc():
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
