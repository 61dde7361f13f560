"""The language of a call, which is found before click reads the arguments: help and usage errors speak it, too.

The sentences of the command line itself are written where they are used, in English; the Chinese catalogue ``cli`` has
them as its keys, as those of gettext do, and click's own sentences besides.
"""

import os
from collections.abc import Sequence

import click

from headstart.runtime.catalogue import ENGLISH, LANGUAGES, Language, Texts, texts_in


class Speech:
    """What a process speaks: one call of the command line at a time."""

    texts: Texts = ENGLISH
    chosen: bool = False  # by --lang, not by the locale


SPEECH = Speech()


def read_language(arguments: Sequence[str]) -> None:
    """Speak the language that ``--lang`` names, wherever it stands; that of the locale without it.

    A name that is none is left for click to refuse.
    """
    behind = zip(arguments, [*arguments[1:], ""], strict=False)
    given = [
        more if one == "--lang" else one.removeprefix("--lang=") for one, more in behind if one.startswith("--lang")
    ]
    known = [language for language in LANGUAGES if language in given[-1:]]
    SPEECH.texts = texts_in(known[0] if known else locale_language())
    SPEECH.chosen = bool(known)


def locale_language() -> Language:
    """Return the language of the user's locale, as far as there is a catalogue in it; English otherwise."""
    names = (os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "").lower().startswith("zh") else "en"


def translate(sentence: str) -> str:
    """Return a sentence of the command line in the language of the call; one without a translation stays as it is."""
    return SPEECH.texts.find(f"cli.{sentence}", sentence)


def _translate_counted(one: str, several: str, count: int) -> str:
    return translate(one if count == 1 else several)


for _module in (click.core, click.exceptions, click.formatting, click.parser, click.types):
    vars(_module).update(_=translate, ngettext=_translate_counted)  # click has no other way to bring a catalogue
