"""What a program said, in English, becomes a sentence in the language of the page.

The files of a run hold its notices as they were printed. Each is recognised by the form it was built from, its values
are taken out, and the sentence is built again from ``notices.toml``; one that no form fits stays as it is.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from headstart.reporting.page.blocks import Block, Points
from headstart.runtime.catalogue import Texts


@dataclass(frozen=True, slots=True)
class Form:
    """How a notice is built: what fits its English sentence, and its sentence in Chinese."""

    pattern: re.Pattern[str]
    chinese: str


def notice_blocks(notices: Iterable[object], texts: Texts, leave_out: Iterable[str] = ()) -> list[Block]:
    """List notices in the language of the page, and after them those that are known in English only.

    ``leave_out`` names forms that the page says in another place.
    """
    said, unknown = list[str](), list[str]()
    for notice in dict.fromkeys(map(str, notices)):
        name = form_of(notice)
        if name in leave_out:
            continue
        (said if name or texts.language == "en" else unknown).append(in_language(notice, texts))
    blocks: list[Block] = [Points(tuple(said), "quiet")] if said else []
    return [*blocks, Points(tuple(unknown), "quiet", "en")] if unknown else blocks


def in_language(notice: str, texts: Texts) -> str:
    """Say a notice in the language of the page; as it is, when its form is not known.

    Examples
    --------
    >>> from headstart.runtime.catalogue import texts_in
    >>> in_language("3 pictures lie in no class folder and are left out.", texts_in("zh"))
    '3 张图片不在任何类别文件夹中，已略去。'
    """
    name = form_of(notice)
    if not name or texts.language == "en":
        return notice
    form = forms()[name]
    found = form.pattern.fullmatch(notice)
    assert found is not None, "it was recognised by this form"
    return form.chinese.format_map({key: _value(key, text, texts) for key, text in found.groupdict().items()})


def _value(key: str, text: str, texts: Texts) -> str:
    """Write a value that is a list in the language of the page."""
    return listed(text) if key == "names" else cells_in(text, texts) if key == "cells" else text


def form_of(notice: str) -> str:
    """Name the form that a notice has; nothing for an unknown one."""
    return next((name for name, form in forms().items() if form.pattern.fullmatch(notice)), "")


def listed(names: str) -> str:
    """Write a list of quoted names as Chinese does.

    Examples
    --------
    >>> listed("'a', 'b' and 'c'"), listed("'a', 'b' and 12 more")
    ("'a'、'b'、'c'", "'a'、'b'等（另有 12 个）")
    """
    names = re.sub(r" and (\d+) more$", r"等（另有 \1 个）", names)
    return re.sub(r"'(?:, | and )'", "'、'", names)


def cells_in(text: str, texts: Texts) -> str:
    """Name cells of a comparison in the language of the page.

    Examples
    --------
    >>> from headstart.runtime.catalogue import texts_in
    >>> cells_in("scratch at 2, draw 1, lpft at all, draw 3 ...", texts_in("zh"))
    '从头训练（每类 2 张，第 1 次抽样）、先探针后微调（全部，第 3 次抽样） …'
    """

    def named(found: re.Match[str]) -> str:
        shots = (
            texts.say("page.shots.word_all")
            if found["shots"] == "all"
            else texts.say("page.shots.some", {"count": found["shots"]})
        )
        return texts.say(
            "page.transfer.cell", {"arm": texts.name("page.arm", found["arm"]), "shots": shots, "draw": found["draw"]}
        )

    text = re.sub(r"(?P<arm>\w+) at (?P<shots>\w+), draw (?P<draw>\d+)", named, text)
    return text.replace(", ", texts.say("runtime.comma")).replace("...", "…")


@cache
def forms() -> Mapping[str, Form]:
    """Read the forms."""
    table = tomllib.loads((files("headstart.reporting.page") / "notices.toml").read_text(encoding="utf-8"))
    return {name: Form(pattern_of(words["en"]), words["zh"]) for name, words in table.items()}


def pattern_of(sentence: str) -> re.Pattern[str]:
    """Make what fits every sentence of a form.

    Examples
    --------
    >>> pattern_of("{count} file<s> <was|were> left out.").fullmatch("1 file was left out.")["count"]
    '1'
    """
    parts = re.split(r"(\{\w+\}|<[\w|]+>)", sentence)
    return re.compile("".join(_part(part) for part in parts), re.DOTALL)


def _part(part: str) -> str:
    if part.startswith("{") and part.endswith("}"):
        return f"(?P<{part[1:-1]}>.+?)"
    if part.startswith("<") and part.endswith(">"):
        return f"(?:{part[1:-1]})" + ("" if "|" in part else "?")
    return re.escape(part)
