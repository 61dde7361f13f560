"""One rule for when two names are the same: Unicode form NFC, no blanks around, then exact; and what comes near."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable

from headstart.runtime.findings import Finding

# What is not seen: blanks of any width, and the marks of byte order, direction and line breaks that copying leaves.
_UNSEEN = "\\s\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069"
_AROUND = re.compile(f"^[{_UNSEEN}]+|[{_UNSEEN}]+$")
_INSIDE = re.compile(f"[{_UNSEEN}\u00ad\u200c\u200d\ufe0e\ufe0f]+")
_NUMBER = re.compile(r"([+-]?)0*(\d*)(?:\.(\d*?)0*)?")
_TRUTH = {"true": "1", "false": "0"}


def canonical(name: str) -> str:
    r"""Write a name in the form in which names are compared: composed (Unicode's NFC), without blanks around it.

    Examples
    --------
    >>> canonical(" Cre\u0300me\xa0") == "Crème"
    True
    """
    if name.isascii():  # most are, and then it costs little
        return name.strip() or name
    return _AROUND.sub("", unicodedata.normalize("NFC", name)) or name


def near_key(name: str) -> str:
    """Return what is the same for names that differ only by case, width, blanks or the form of a number.

    Examples
    --------
    >>> near_key("Ｒｏ ｓｅ") == near_key("rose"), near_key("1.0") == near_key("01"), near_key("1.5") == near_key("15")
    (True, True, False)
    """
    wide = unicodedata.normalize("NFKC", name).casefold().replace("i\u0307", "i").replace("ı", "i")
    plain = _INSIDE.sub("", unicodedata.normalize("NFKC", wide)).rstrip(".") or name
    number = _NUMBER.fullmatch(plain)
    if number is None or not plain.strip("+-."):
        return _TRUTH.get(plain, plain)
    sign, whole, part = number[1].strip("+"), number[2] or "0", number[3] or ""
    return f"{sign if whole + part != '0' else ''}{whole}{'.' if part else ''}{part}"


def twins(names: Iterable[str]) -> list[list[str]]:
    """Group the names that are not the same but have one :func:`near_key`.

    Examples
    --------
    >>> twins(["Rose", "ro se", "ｒｏｓｅ", "tulip"])
    [['Rose', 'ro se', 'ｒｏｓｅ']]
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[near_key(name)].append(name)
    return [group for group in alike.values() if len(group) > 1]


def twin_notices(names: Iterable[str]) -> list[Finding]:
    """Return for each group of class names that are nearly the same what is wrong with them.

    Examples
    --------
    >>> print(*twin_notices(["Rose", "rose"]))
    The classes 'Rose' and 'rose' differ only by case, width, spaces or the form of a number; they are kept apart.
    """
    return [Finding("data.twins", {"names": group}) for group in twins(names)]


def match_names(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Find for names the known ones that are the same, or come near where there is no other candidate on either side.

    Examples
    --------
    >>> match_names(["cat", "Dog", "1.0", "emu", "OWL", "Owl"], ["cat", "dog", "1", "owl"])
    {'cat': 'cat', 'Dog': 'dog', '1.0': '1'}
    """
    given, own = dict.fromkeys(names), {canonical(name): name for name in known}
    here, there = _by_key(given), _by_key(known)
    near = {one: there[key][0] for key, (one, *others) in here.items() if not others and len(there.get(key, ())) == 1}
    found = near | {name: own[canonical(name)] for name in given if canonical(name) in own}
    return {name: found[name] for name in given if name in found}


def _by_key(names: Iterable[str]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for name in names:
        keys[near_key(name)].append(name)
    return keys
