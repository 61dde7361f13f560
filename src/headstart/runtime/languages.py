"""Which language people want."""

import os

from headstart.errors import UnknownNameError
from headstart.runtime.catalogue import LANGUAGES, Language


def require_language(name: str) -> Language:
    """Check the name of a language.

    Raises
    ------
    UnknownNameError
        When there is no catalogue in it.

    Examples
    --------
    >>> require_language("zh")
    'zh'
    """
    for language in LANGUAGES:
        if name == language:
            return language
    raise UnknownNameError("runtime.unknown_language", name=name)


def locale_language() -> Language:
    """Return the language of the user's locale, as far as there is a catalogue in it; English otherwise."""
    names = (os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "").lower().startswith("zh") else "en"
