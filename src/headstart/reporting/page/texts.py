"""The sentences of a page, in English and in Chinese, from one catalogue: ``texts.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from headstart.errors import UnknownNameError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
TAGS: Mapping[str, str] = {"en": "en", "zh": "zh-Hans"}  # as HTML writes them
NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogue in one language; numbers are written the same in all."""

    language: Language
    sentences: Mapping[str, str]

    def say(self, key: str, values: Mapping[str, object] = NOTHING) -> str:
        """Give a sentence with values in the places of its names.

        Examples
        --------
        >>> texts_in("en").say("unit.pictures", {"count": "1,200"})
        '1,200 pictures'
        """
        return self.sentences[key].format_map(values)

    def name(self, group: str, key: str) -> str:
        """Give the word for something that has a fixed name in the files; the name itself where there is none.

        Examples
        --------
        >>> texts_in("en").name("arm", "scratch"), texts_in("en").name("arm", "new-one")
        ('training from scratch', 'new-one')
        """
        return self.sentences.get(f"{group}.{key}", key)

    def join(self, words: list[str]) -> str:
        """List words for a sentence.

        Examples
        --------
        >>> texts_in("en").join(["a", "b", "c"]), texts_in("zh").join(["a", "b"])
        ('a, b and c', 'a、b')
        """
        if len(words) < 2:
            return "".join(words)
        return self.say("join.last", {"first": self.sentences["join.comma"].join(words[:-1]), "last": words[-1]})


def require_language(name: str) -> Language:
    """Check the name of a language.

    Raises
    ------
    UnknownNameError
        When there is no page in it.

    Examples
    --------
    >>> require_language("zh")
    'zh'
    """
    for language in LANGUAGES:
        if name == language:
            return language
    raise UnknownNameError(
        f"There is no report in the language '{name}'.", "It can be en (English) or zh (Chinese).", "Take one of them."
    )


def texts_in(language: Language) -> Texts:
    """Give the catalogue in a language."""
    return Texts(language, {key: words[language] for key, words in catalogue().items()})


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Read the catalogue: each key with its words by language."""
    table = tomllib.loads((files("headstart.reporting.page") / "texts.toml").read_text(encoding="utf-8"))
    return {f"{group}.{key}": words for group, entries in table.items() for key, words in entries.items()}
