"""The sentences that people read, in English and in Chinese: ``catalogue/<language>/<stage>.toml``.

A key is ``stage.name``. In a sentence ``{name}`` stands for a value, with a format behind a colon where it needs one;
``<s>`` and ``<is|are>`` follow the value ``count``; ``@stage.name`` stands for another sentence. A list of names is
quoted and cut (``{names}``, ``{names:3}``), joined (``{names:and}``, ``{names:or}``, ``{names:comma}``), or its first
five stand there as they are (``{names:first}``, ``{names:lines}``).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-Hans"}  # as HTML writes them
NOTHING: Mapping[str, object] = {}
WRITTEN_FOR = "image"  # the modality that the sentences speak of
ANY = "example"  # the catalogue with the words for one that brings none
MOST_NAMED = 5  # of a list of names, unless the sentence says how many
_FOLDER = Path(__file__).parent.parent / "catalogue"
_NUMBER = re.compile(r"<(\w[^<>|]*)(?:\|([^<>|]+))?>")


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogue in one language, in the words of one kind of examples; numbers are written the same in all.

    Sentences of the catalogue speak of pictures. For examples of another kind the catalogue of their modality has the
    words that stand for these, and the sentences that must be quite different.
    """

    language: Language
    modality: str = WRITTEN_FOR

    def say(self, key: str, values: Mapping[str, object] = NOTHING) -> str:
        """Return a sentence with values in the places of their names.

        Examples
        --------
        >>> ENGLISH.say("page.unit.pictures", {"count": "1,200"})
        '1,200 pictures'
        """
        stage, _, name = key.partition(".")
        sentence = self.reword(read_catalogue(self.language, stage)[name], key)
        if sentence.startswith("@"):
            return self.say(sentence[1:], values)
        if "<" in sentence:
            one = str(values.get("count")) == "1"
            sentence = _NUMBER.sub(lambda found: _form(found, one), sentence)
        return sentence.format_map({name: _Value(value, self) for name, value in values.items()})

    def find(self, key: str, otherwise: str = "") -> str:
        """Return a sentence without values, or ``otherwise`` where the catalogue has none."""
        stage, _, name = key.partition(".")
        sentence = read_catalogue(self.language, stage).get(name)
        return otherwise if sentence is None else self.reword(sentence, key)

    def reword(self, sentence: str, key: str = "") -> str:
        """Put a sentence about pictures into the words of the kind of examples, or take its own sentence of that key.

        Examples
        --------
        >>> texts_in("en", "vectors").reword("Two pictures of one {picture}.")
        'Two rows of one {picture}.'
        """
        if self.modality == WRITTEN_FOR:
            return sentence
        own = read_catalogue(self.language, self.modality)
        words = {word: own[name] for name, word in read_catalogue(self.language, WRITTEN_FOR).items()}
        words |= {word.capitalize(): said.capitalize() for word, said in words.items()}
        either = re.compile(r"\{[^{}]*\}|" + "|".join(words))  # what stands in braces is the name of a value
        return own.get(key) or either.sub(lambda found: words.get(found[0], found[0]), sentence)

    def columns(self, key: str) -> tuple[str, ...]:
        """Return the headings of a table, which stand in one sentence with bars between them."""
        return tuple(self.find(key).split("|"))

    def for_modality(self, modality: str) -> "Texts":
        """Return the catalogue in the same language and the words of another kind of examples."""
        return texts_in(self.language, modality)

    def name(self, group: str, key: str) -> str:
        """Return the word for something that has a fixed name in the files; the name itself where there is none.

        Examples
        --------
        >>> ENGLISH.name("page.arm", "scratch"), ENGLISH.name("page.arm", "new-one")
        ('training from scratch', 'new-one')
        """
        return self.find(f"{group}.{key}", key)

    def join(self, words: Iterable[object], by: str = "and") -> str:
        """Join words as a sentence does: the last by ``and``, ``or`` or ``nor``, or all by ``comma`` or ``clause``.

        Examples
        --------
        >>> ENGLISH.join("abc"), ENGLISH.join("abc", "or"), texts_in("zh").join("abc", "comma")
        ('a, b and c', 'a, b or c', 'a、b、c')
        """
        shown, last = [str(_Value(word, self)) for word in words], self.find(f"runtime.{by}")
        if len(shown) < 2 or by not in ("and", "or", "nor"):
            return last.join(shown)
        return last.join((self.find("runtime.comma").join(shown[:-1]), shown[-1]))

    def quote(self, names: Sequence[object], most: int = MOST_NAMED) -> str:
        """List names for a sentence: quoted, the first five, and how many more there are.

        Examples
        --------
        >>> ENGLISH.quote("abc"), ENGLISH.quote("abc", 2)
        ("'a', 'b' and 'c'", "'a', 'b' and 1 more")
        """
        shown = [f"'{name}'" for name in names]
        return self.join(shown) if len(shown) <= most else self.first(shown, "comma", most)

    def first(self, words: Sequence[object], by: str, most: int = MOST_NAMED) -> str:
        """List the first five as they are, by ``comma`` or ``lines``, and how many more there are."""
        shown, more = self.join(words[:most], by), len(words) - most
        return shown if more <= 0 else self.say(f"runtime.{by}_more", {"names": shown, "more": more})


@cache
def texts_in(language: Language, modality: str = WRITTEN_FOR) -> Texts:
    """Return the catalogue in a language.

    Examples
    --------
    >>> texts_in("en", "vectors").say("page.unit.pictures", {"count": 7})
    '7 rows'
    """
    known = (_FOLDER / language / f"{modality}.toml").is_file()
    return Texts(language, modality if known else ANY)


ENGLISH = Texts("en")


class _Value:
    """A value on its way into a sentence: lists, and values that are sentences themselves, follow its language."""

    __slots__ = ("texts", "value")

    def __init__(self, value: object, texts: Texts) -> None:
        self.value, self.texts = value, texts

    def __str__(self) -> str:
        return format(self, "")

    def __repr__(self) -> str:
        return repr(self.value)

    def __format__(self, form: str) -> str:
        if isinstance(self.value, list | tuple):
            return self._list(self.value, form)
        render = getattr(self.value, "render", None)
        return format(self.value, form) if render is None else str(render(self.texts))

    def _list(self, names: Sequence[object], form: str) -> str:
        if form in ("first", "lines"):
            return self.texts.first(names, "comma" if form == "first" else form)
        return self.texts.join(names, form) if form.isalpha() else self.texts.quote(names, int(form or MOST_NAMED))


def _form(found: re.Match[str], one: bool) -> str:
    if found[2] is None:  # an ending
        return "" if one else found[1]
    return found[1] if one else found[2]


@cache
def read_catalogue(language: Language, stage: str) -> Mapping[str, str]:
    """Read the sentences of a stage: those in a table are called ``table.name``.

    Only this much of TOML is used, one line for each sentence: ``tomllib`` alone would cost a tenth of a start.
    """
    sentences, table, file = dict[str, str](), "", _FOLDER / language / f"{stage}.toml"
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        name, found, sentence = line.partition(" = ")
        if line.startswith("["):
            table = f"{line[1:-1]}."
        elif found and not line.startswith("#"):
            sentences[table + (json.loads(name) if name.startswith('"') else name)] = json.loads(sentence)
    return sentences
