"""Text of files whose encoding nothing tells: UTF-8, Excel's Unicode, and the code pages of China and the West."""

import codecs
import re
from itertools import islice

from headstart.errors import DataError
from headstart.runtime.findings import Finding

_MARKS = {  # longest first: the mark of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
GUESSED = ("gb18030", "cp1252")
_chosen = {"encoding": ""}  # what the user says
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_SAMPLE = 10_000  # characters that are looked at
_COMMON = range(0xB0, 0xD8)  # first bytes of the 3,755 most common characters in GB 2312
_RARE = range(0xD8, 0xF8)  # of its other characters; in the West these bytes are small letters with accents
_SIGNS = range(0xA1, 0xAA)  # of its punctuation and wide letters


def choose_encoding(name: str) -> None:
    """Have all text files be read in this encoding, in this process from now on; "" leaves it to their bytes.

    Raises
    ------
    DataError
        When there is no encoding of this name.

    Examples
    --------
    >>> choose_encoding("big5"), decode("玫瑰".encode("big5"))[0]
    (None, '玫瑰')
    >>> choose_encoding("")
    """
    if name:
        try:
            "".encode(name)
        except LookupError as error:
            raise DataError("data.unknown_encoding", name=name) from error
    _chosen["encoding"] = name


def decode(data: bytes) -> tuple[str, str]:
    r"""Decode the bytes of a text file, and name the encoding; the mark at the beginning is no part of the text.

    A mark decides, then UTF-8. Of other bytes, those that make mostly common Chinese characters are GB 18030, which
    Chinese spreadsheets write, and the rest is Windows-1252, that of Western ones.

    Raises
    ------
    UnicodeDecodeError
        When it is text in none of these, or not in that which was chosen; its ``start`` is the first wrong byte.

    Examples
    --------
    >>> decode("玫瑰".encode("gbk")), decode("rosé".encode("cp1252"))
    (('玫瑰', 'gb18030'), ('rosé', 'cp1252'))
    """
    if _chosen["encoding"]:
        return data.decode(_chosen["encoding"]).removeprefix("\ufeff"), _chosen["encoding"]
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if marked:
        return data.decode(marked), marked
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as wrong:
        for guess in GUESSED:
            try:
                text = data.decode(guess)
            except UnicodeDecodeError:
                continue
            if guess != "gb18030" or is_chinese(text):
                return text, guess
        raise wrong


def encoding_findings(where: object, encoding: str) -> list[Finding]:
    """Return that an encoding was guessed, unless it is certain; ``where`` begins the sentence.

    Examples
    --------
    >>> print(*encoding_findings("The table 't.csv'", "gb18030"))
    The table 't.csv' is not UTF-8; it was read as GB18030. Look at the names, ...
    """
    if encoding not in GUESSED or _chosen["encoding"]:
        return []
    return [Finding("data.guessed_encoding", {"where": where, "encoding": encoding.upper()})]


def is_chinese(text: str) -> bool:
    """Return whether most foreign characters are ones that Chinese text has.

    Two accented letters in a row, as in "Größe", would be a rare character between letters.

    Examples
    --------
    >>> is_chinese("玫瑰"), is_chinese("Größe".encode("cp1252").decode("gb18030"))
    (True, False)
    """
    found = list(islice(_FOREIGN.finditer(text), _SAMPLE))
    likely = 0
    for one in found:
        code, place = one[0].encode("gb18030"), one.start()
        first = code[0] if len(code) == 2 and code[1] >= 0xA1 else 0
        beside = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        between_letters = any(neighbour.isascii() and neighbour.isalpha() for neighbour in beside)
        likely += first in _COMMON or first in _SIGNS or (first in _RARE and not between_letters)
    return 2 * likely > len(found)
