"""Text from strangers, made safe to print."""

import unicodedata


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
