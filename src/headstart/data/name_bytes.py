"""Names whose bytes are no UTF-8, as a ZIP of another system leaves them: read as GBK where that is unambiguous.

Python shows such bytes as lone surrogates, U+DC80 to U+DCFF. What cannot be read for sure stays as it is, and is shown
with escapes: two names that are different never become one on the way to a screen.
"""

import locale
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from headstart.data.encodings import is_chinese
from headstart.data.name_checks import printable
from headstart.runtime.findings import Finding

_ESCAPE = re.compile(r"\\u(dc[89a-f][0-9a-f])")


@dataclass(frozen=True, slots=True)
class ReadNames:
    """What names are in truth: ``texts`` of those that are not what they seem, in the encoding that was found.

    ``unclear`` are names in no known encoding; they stay as they are.
    """

    texts: dict[str, str]
    unclear: tuple[str, ...] = ()
    encoding: str = ""

    def path(self, path: str) -> str:
        """Return a path, its parts joined by ``/``, as text that can be printed."""
        if not self.texts:
            return printable(path)
        return printable("/".join(self.texts.get(part, part) for part in path.split("/")))

    def findings(self) -> list[Finding]:
        """Say which encoding was found, and what was not understood."""
        values = {"names": list(self.texts.values()), "count": len(self.texts), "encoding": self.encoding.upper()}
        shown = [printable(name) for name in self.unclear]
        read = [Finding("data.names_read_as", values, "note")] if self.texts else []
        return read + ([Finding("data.names_unclear", {"names": shown, "count": len(shown)})] if shown else [])


def read_names(names: Iterable[str]) -> ReadNames:
    r"""Find out how names that are not UTF-8 are encoded: in the locale's encoding, or else in GBK.

    A name that is UTF-8 by chance, as the two bytes of one Chinese character may be, follows the others.

    Examples
    --------
    >>> dog, horse, cat = (name.encode("gbk").decode("utf-8", "surrogateescape") for name in "狗马猫")
    >>> cat, *read_names([dog, horse, cat]).texts.values()
    ('è', '狗', '马', '猫')
    >>> read_names(["caf\udce9", "caf\udce8"]).unclear
    ('caf\udce9', 'caf\udce8')
    """
    special = [name for name in dict.fromkeys(names) if not name.isascii()]
    foreign = [name for name in special if not _is_unicode(name)]
    if not foreign:
        return ReadNames({})
    encoding = _likely_encoding()
    texts = {name: text for name in foreign if (text := _decode(name, encoding)) is not None}
    if encoding == "gbk":
        texts = _only_chinese(texts, foreign)
        texts |= _chinese_by_chance([name for name in special if name not in foreign]) if texts else {}
    return ReadNames(texts, tuple(name for name in foreign if name not in texts), encoding)


def _only_chinese(texts: dict[str, str], names: list[str]) -> dict[str, str]:
    """Leave out what may be no Chinese: all, where another name is in an encoding that is not known at all."""
    if not all(name in texts or not _bytes(name) or _is_western(_bytes(name)) for name in names):
        return {}
    sure = [name for name, text in texts.items() if is_chinese(text) and not _is_russian(_bytes(name))]
    return texts if sure and len(texts) == len(names) else {name: texts[name] for name in sure}


def _chinese_by_chance(names: list[str]) -> dict[str, str]:
    """Read the names that are UTF-8 by chance, as the bytes of a short Chinese name may be; none if one cannot be."""
    others = [name for name in names if not any("\u2e80" <= letter <= "\u9fff" for letter in name)]
    texts = {name: text for name in others if (text := _decode(name, "gbk")) is not None and _is_short(text)}
    return texts if len(texts) == len(others) else {}


def readable(name: str) -> str:
    """Return a single name as text that can be printed."""
    return read_names([name]).path(name)


def find_path(folder: str | os.PathLike[str], path: str) -> str:
    """Find a file by a name that was printed or written elsewhere: escaped, decoded, or in another Unicode form.

    Returns the plain path where there is no such file either.

    Examples
    --------
    >>> find_path("/", "nothing/here.png")
    '/nothing/here.png'
    """
    plain = os.path.join(folder, path)
    if os.path.lexists(plain):
        return plain
    found = "/" if path.startswith("/") else os.fspath(folder)
    for part in filter(None, path.split("/")):
        tried = (os.path.join(found, name) for name in _spellings(part))
        found = next((name for name in tried if os.path.lexists(name)), "")
        if not found:
            return plain
    return found


def _spellings(name: str) -> list[str]:
    forms = [name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))]
    escaped = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), name)
    try:
        foreign = [name.encode(_likely_encoding()).decode("utf-8", "surrogateescape")]
    except UnicodeEncodeError:
        foreign = []
    return [*forms, escaped, *foreign]


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _bytes(name: str) -> bytes:
    """Return the bytes of a name; none where a surrogate stands for no byte, as JSON may write them."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b""


def _likely_encoding() -> str:
    own = locale.getencoding().lower()
    return "gbk" if own.replace("-", "") in ("utf8", "ascii", "ansi_x3.41968", "cp936", "gb2312") else own


def _decode(name: str, encoding: str) -> str | None:
    """Read the bytes of a name; None where that gives no printable text, or no Chinese where this is expected."""
    try:
        text = _bytes(name).decode(encoding)
    except UnicodeError:
        return None
    chinese = encoding != "gbk" or any("\u4e00" <= letter <= "\u9fff" for letter in text)
    return text if text and text.isprintable() and chinese else None


def _is_short(text: str) -> bool:
    """Return whether a text has two foreign letters at most, which are common Chinese ones, and no Latin letter."""
    try:
        length = len(text.encode("gb2312")) - len(text)
    except UnicodeEncodeError:
        return False
    return length <= 2 and not any(letter.isascii() and letter.isalpha() for letter in text)


def _is_western(data: bytes) -> bool:
    """Return whether bytes make a word in the code page of Western Europe."""
    return _is_word(data.decode("cp1252", "replace")) and any(65 <= byte < 123 for byte in data)


def _is_russian(data: bytes) -> bool:
    """Return whether bytes make a word in the Cyrillic code page of Windows, whose letters make Chinese by twos."""
    text = data.decode("cp1251", "replace")
    return _is_word(text) and sum(not letter.isascii() for letter in text) > 2


def _is_word(text: str) -> bool:
    letters = all(letter.isalpha() for letter in text if not letter.isascii())
    return letters and (text.islower() or text.isupper() or text.istitle())
