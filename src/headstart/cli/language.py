"""The language of a call, which is found before click reads the arguments: help and usage errors speak it, too.

The sentences of the command line itself are written where they are used, in English; the Chinese catalogue ``cli`` has
them as its keys, as those of gettext do, and click's own sentences besides.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from gettext import gettext

import click

from headstart.runtime.catalogue import ENGLISH, LANGUAGES, Language, Texts, texts_in

_WIDE = "[\u3000-\u303e\u3041-\u9fff\uff01-\uff60]"  # two columns each
_RUN = re.compile(rf"([（《]*{_WIDE}[，。、；：？！）》”\]]*)( *)")  # what a line is not broken within


@dataclass(slots=True)
class Speech:
    """What a process speaks: one call of the command line at a time."""

    texts: Texts = ENGLISH
    chosen: bool = False  # by --lang, not by the locale


SPEECH = Speech()


def read_language(arguments: Sequence[str]) -> None:
    """Speak the language that ``--lang`` names, wherever it stands; that of the locale without it.

    A name that is none is left for click to refuse.
    """
    given = re.findall(r"^--lang[=\n]([^\n]*)$", "\n".join(arguments), re.MULTILINE)
    known = [language for language in LANGUAGES if language in given[-1:]]
    SPEECH.texts = texts_in(known[0] if known else locale_language())
    SPEECH.chosen = bool(known)


def locale_language() -> Language:
    """Return the language of the user's locale, as far as there is a catalogue in it; English otherwise."""
    names = (os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "").lower().startswith("zh") else "en"


def translate(sentence: str) -> str:
    """Return a sentence of the command line in the language of the call; one without a translation stays as it is."""
    return SPEECH.texts.find(f"cli.{sentence}") or gettext(sentence)


def _translate_counted(one: str, several: str, count: int) -> str:
    return translate(one if count == 1 else several)


for _module in (click.core, click.exceptions, click.formatting, click.parser, click.types):
    vars(_module).update(_=translate, ngettext=_translate_counted)  # click has no other way to bring a catalogue


class HelpFormatter(click.HelpFormatter):
    """Write the help in the language of the call; a Chinese character takes two columns."""

    def write_heading(self, heading: str) -> None:
        """Write the title of a group."""
        self.write(f"{translate(heading)}{translate(':')}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, each translated for itself."""
        super().write_text("\n\n".join(map(_spaced, map(_paragraph, text.split("\n\n")))))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with what is said of each."""
        super().write_dl([(_spaced(name), _spaced(_described(said))) for name, said in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """Return the help, without the spaces that made up for the second columns."""
        return _RUN.sub(lambda run: run[1] + run[2][_wide(run[1]) :], super().getvalue())


def _wide(text: str) -> int:
    return len(re.findall(_WIDE, text))


def _spaced(text: str) -> str:
    """Put a space behind a Chinese character for its second column: there a line may be broken."""
    return _RUN.sub(lambda run: run[1] + " " * _wide(run[1]) + run[2], text)


def _paragraph(text: str) -> str:
    text = " ".join(text.split())
    label, example, command = text.partition("Example: ")
    return text and (translate(text) if label or not example else translate(example) + command)


def _described(said: str) -> str:
    """Translate the help of an option, and what stands in brackets behind it."""
    help, *extras = said.split("  [")
    return "  [".join([translate(help), *("; ".join(map(_extra, one[:-1].split("; "))) + "]" for one in extras)])


def _extra(said: str) -> str:
    name, found, value = said.partition("default: ")
    return translate("default: {default}").format(default=translate(value)) if found else translate(name)


class SpokenContext(click.Context):
    """A call whose help is in its language."""

    formatter_class = HelpFormatter
