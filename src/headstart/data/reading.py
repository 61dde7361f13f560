"""Objects of the user's are read: whatever they raise becomes an error that is explained."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headstart.errors import DataError, HeadstartError


@contextmanager
def reading_from(source: Any) -> Iterator[None]:  # noqa: ANN401 - whatever the user gives
    """Raise DataError for whatever an object of the user's raises in the block."""
    try:
        yield
    except HeadstartError:
        raise
    except Exception as error:  # it may raise anything
        said = str(error).strip().rstrip(".")
        told = ": ".join(filter(None, (type(error).__name__, said)))
        raise DataError("data.items_not_given", kind=type(source).__name__, error=told) from error


def is_missing(value: object) -> bool:
    """Return whether a cell holds nothing: None, NaN, or what pandas puts for a missing value.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(0)
    (True, True, False)
    """
    if value is None or isinstance(value, str) or getattr(value, "shape", None):  # no array is one cell
        return value is None
    try:
        return bool(value != value)  # only NaN differs from itself
    except Exception:  # what pandas puts says neither; another object may raise anything
        return type(value).__name__ == "NAType"
