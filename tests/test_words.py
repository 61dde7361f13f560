"""Only what is named after a modality may know its words: everything else says "example".

Counted are names: of variables, parameters, attributes, functions, classes, keywords, modules. Not counted are:

* strings, comments and docstrings: keys of JSON, names of files and sentences for people stay what users know;
* "text" and "token", which are ordinary words of a program: here they mean a string and a secret;
* in ``reporting/plots`` and ``reporting/render``, which draw examples of every modality, the names that
  Pillow has for what is drawn (:data:`LIBRARY`): a sheet of vectors is an ``Image`` of Pillow as well;
* names that users import from the package itself: ``headstart.ImageEmbedder``;
* the setting ``images``, which users look for under this name whatever the examples are.
"""

import ast
import re
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

import headstart
from headstart.registry import TABLES

pytestmark = pytest.mark.no_cover  # it reads source, and runs none of it

PACKAGE = Path(headstart.__file__).parent
KINDS = "|".join(TABLES["modalities"])
LEAF = re.compile(rf"(^|[/_])({KINDS})([/_.]|$)")  # a module or folder that is named after a modality
SINGULAR = "image picture photo photograph pixel colour color pil pillow rgb jpeg audio waveform spectrogram sound"
WORDS = {form for word in SINGULAR.split() for form in (word, f"{word}s")}
DRAWING = re.compile(r"^reporting/(plots|render)/")
LIBRARY = {"PIL", "Image", "ImageDraw", "ImageFont"}
SAID = {*headstart.__all__, "images"}
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name) | ast.ImportFrom(module=str(name)):
                yield from name.split(".")


def words_of(source: str, ignored: Container[str] = ()) -> list[str]:
    names = (name for name in names_in(ast.parse(source)) if name not in ignored)
    return [name for name in names if any(part.lower() in WORDS for part in PARTS.findall(name))]


def found() -> dict[str, int]:
    modules = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    counts = {
        name: len(words_of(path.read_text(encoding="utf-8"), LIBRARY if DRAWING.match(name) else SAID))
        for name, path in modules.items()
        if not name.startswith("modalities/") and not LEAF.search(name)
    }
    return {name: count for name, count in counts.items() if count}


def test_a_name_is_split_into_its_words():
    source = "from PIL import Image\nclass PictureReader:\n  def read_pixels(self, contexts, pilot): self.write_text()"
    assert sorted(words_of(source)) == ["Image", "PIL", "PictureReader", "read_pixels"]


def test_no_module_outside_the_leaves_knows_a_word_of_a_modality():
    assert found() == {}


def test_no_module_outside_the_tables_points_at_a_leaf():
    pointing = re.compile(rf'"headstart[.\w]*[._]({KINDS})\b')
    modules = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")]
    others = [name for name in modules if not name.startswith("modalities/") and name != "registry.py"]
    assert [name for name in others if pointing.search((PACKAGE / name).read_text(encoding="utf-8"))] == []
