"""Warnings of Pillow and pydicom, silenced while a picture is read."""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

_filter = ("ignore", None, Warning, re.compile(r"(PIL|pydicom)\."), 0)  # warnings given by their modules
_lock = threading.Lock()


@contextmanager
def pillow_silenced() -> Iterator[None]:
    """Ignore Pillow's warnings inside the ``with`` block; whether a picture can be read is all that counts.

    ``warnings.catch_warnings`` is not for threads: leaving it restores what another thread has changed meanwhile. Here
    each caller puts one filter, for modules of Pillow only, into the list in force, and takes it out of that same list.

    Examples
    --------
    >>> before = list(warnings.filters)
    >>> with pillow_silenced():
    ...     len(warnings.filters) - len(before)
    1
    >>> warnings.filters == before
    True
    """
    filters = cast("list[Any]", warnings.filters)
    with _lock:
        filters.insert(0, _filter)
    try:
        yield
    finally:
        with _lock:
            if _filter in filters:  # unless the program has emptied the list
                filters.remove(_filter)
