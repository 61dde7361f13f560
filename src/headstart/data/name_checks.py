"""Names of classes and files: natural order, names a console can print, names that are nearly the same."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from headstart.runtime.findings import Finding

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
    r"""Replace what cannot be written as UTF-8: the marks that Python puts for the undecodable bytes of a file name.

    Examples
    --------
    >>> printable("rose-\udce9.png")
    'rose-?.png'
    """
    return name if name.isascii() else name.encode("utf-8", "replace").decode("utf-8")


def twins(names: Iterable[str]) -> list[list[str]]:
    """Group the names that differ only by case, width (Unicode's NFKC form) or spaces.

    Examples
    --------
    >>> twins(["Rose", "rose ", "ｒｏｓｅ", "tulip"])
    [['Rose', 'rose ', 'ｒｏｓｅ']]
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike["".join(unicodedata.normalize("NFKC", name).casefold().split())].append(name)
    return [group for group in alike.values() if len(group) > 1]


def twin_notices(names: Iterable[str]) -> list[Finding]:
    """Return for each group of class names that are nearly the same what is wrong with them.

    Examples
    --------
    >>> print(*twin_notices(["Rose", "rose"]))
    The classes 'Rose' and 'rose' differ only by case, width or spaces; they are kept apart.
    """
    return [Finding("data.twins", {"names": group}) for group in twins(names)]


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> plural(1, "picture"), plural(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
