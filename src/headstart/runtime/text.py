"""Text from strangers, made safe to print."""

import unicodedata

LONGEST = 300  # letters of a value in a sentence


def escape_control_characters(text: str) -> str:
    r"""Show control characters, and those that turn the direction of writing, as escapes.

    Examples
    --------
    >>> print(escape_control_characters("two\nlines"))
    two\nlines
    """
    if text.isprintable():
        return text
    return "".join(character if _is_shown(character) else repr(character)[1:-1] for character in text)


def _is_shown(character: str) -> bool:
    # Wide spaces are harmless, and the joiners are parts of words and of emoji, though Python calls neither printable.
    return character.isprintable() or unicodedata.category(character) == "Zs" or character in "\u200c\u200d"


def beginning(text: str, most: int = 48) -> str:
    r"""Return the beginning of a text, in one line.

    Examples
    --------
    >>> beginning("a long\n story of many words", 12), beginning(" short ")
    ('a long stor…', 'short')
    """
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def shorten(text: str, most: int = LONGEST) -> str:
    """Leave out the middle of a text that is too long for a sentence.

    Examples
    --------
    >>> shorten("a" * 1000, 9), shorten("short")
    ('aaaaaa … aaa', 'short')
    """
    return text if len(text) <= most else f"{text[: most - most // 3]} … {text[-(most // 3) :]}"
