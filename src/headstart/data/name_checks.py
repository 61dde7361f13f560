"""Names of classes and files in natural order, names a console can print, and counts with their nouns."""

import re

_DIGITS = re.compile("([0-9]+)")


def natural_key(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Create a sorting key in which numbers count as numbers and capitals do not matter.

    Numbers are compared by length and digits rather than as ``int``, which refuses more than 4300 digits.

    Examples
    --------
    >>> sorted(["10.png", "B.png", "2.png", "a.png"], key=natural_key)
    ['2.png', '10.png', 'a.png', 'B.png']
    """
    parts = _DIGITS.split(name.casefold())
    # Text and numbers alternate, beginning with text, so that like is compared with like.
    key = tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if number % 2 else (0, part) for number, part in enumerate(parts)
    )
    return key, name


def printable(name: str) -> str:
    r"""Show what cannot be written as UTF-8 as escapes: the marks that Python puts for undecodable bytes.

    Examples
    --------
    >>> print(printable("rose-\udce9.png"))
    rose-\udce9.png
    """
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> plural(1, "picture"), plural(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
