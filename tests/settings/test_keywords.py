"""The keywords of the library, for editors and type checkers, are written from the sections of a recipe.

Run as a program (``make keywords``), this file writes them anew.
"""

from pathlib import Path
from typing import get_origin, get_type_hints

from headstart.settings import keywords
from headstart.settings.fields import choices_of
from headstart.settings.keys import all_settings
from headstart.settings.section import Setting

FILE = Path(__file__).parents[2] / "src" / "headstart" / "settings" / "keywords.py"
HEAD = '''\
"""The settings of a recipe as keyword arguments, for editors and type checkers; written by ``make keywords``."""

from typing import Literal, TypedDict


class Settings(TypedDict, total=False):
    """Every setting by its key; see :mod:`headstart.settings.sections`."""

'''


def line(setting: Setting) -> str:
    choices = ", ".join(f'"{choice}"' for choice in choices_of(setting.kind))
    kind = str(setting.kind) if get_origin(setting.kind) else setting.kind.__name__
    return f"    {setting.key}: {f'Literal[{choices}]' if choices else kind}\n"


def source() -> str:
    return HEAD + "".join(map(line, all_settings().values()))


def test_the_keywords_of_the_library_are_those_of_the_sections():
    assert FILE.read_text(encoding="utf-8") == source(), "Run: make keywords"
    assert get_type_hints(keywords.Settings) == {key: one.kind for key, one in all_settings().items()}
    assert keywords.Settings.__total__ is False


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
