"""The catalogues of sentences: the same in both languages, and the same as the program asks for."""

import ast
import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

import headstart
from headstart.runtime.catalogue import ENGLISH, LANGUAGES, read_catalogue, texts_in
from headstart.runtime.findings import Finding

PACKAGE = Path(headstart.__file__).parent
STAGES = sorted(path.stem for path in (PACKAGE / "catalogue" / "en").iterdir())
SAME = {
    "Grad-CAM",
    "TEXT",
    "document.txt",
    "Grad-CAM++",
    "LayerCAM",
    "F1",
    "ROC AUC",
    "LDA",
    "k-NN",
    "LogME",
    "H-score",
    "ImageNet top-1",
    "MB",
    "PICTURE",
    "TABLE",
    "FILE",
    "picture.jpg",
    "table.csv",
    "file",
    "Python",
}
IDEOGRAPH = re.compile("[\u4e00-\u9fff]")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def flat(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    found = {}
    for name, value in table.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_catalogue_is_toml_and_read_as_toml_is(language, stage):
    text = (PACKAGE / "catalogue" / language / f"{stage}.toml").read_text(encoding="utf-8")
    assert dict(read_catalogue(language, stage)) == flat(tomllib.loads(text))


def test_every_stage_has_a_catalogue_in_every_language_but_the_english_of_the_command_line_which_stands_there():
    files = {path.stem for path in (PACKAGE / "catalogue" / "zh").iterdir()}
    assert files == {*STAGES, "cli"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_sentence_has_both_languages_with_the_same_values(stage):
    english, chinese = (read_catalogue(language, stage) for language in LANGUAGES)
    assert list(english) == list(chinese)
    for key in english:
        assert placeholders(english[key]) == placeholders(chinese[key]), key
        assert english[key] and (chinese[key] or key == "between"), key


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "runtime"])
def test_chinese_sentences_are_chinese_and_english_ones_are_not(stage):
    english, chinese = (read_catalogue(language, stage) for language in LANGUAGES)
    for key in english:
        assert not IDEOGRAPH.search(english[key]), key
        words = re.search("[A-Za-z]{3}", re.sub(r"\{[^}]+\}", "", english[key]))
        assert IDEOGRAPH.search(chinese[key]) or not words or chinese[key] in SAME or chinese[key][0] == "@", key


def strings(place: Path) -> tuple[set[str], set[str]]:
    """Find the strings in a folder of modules and templates, and patterns for those with values in them."""
    whole, patterns = set[str](), set[str]()
    for path in (path for path in place.rglob("*.*") if path.suffix in (".jinja", ".js", ".html")):
        whole |= set(re.findall(r"""["'`]([\w. -]+)["'`]""", path.read_text(encoding="utf-8")))
    for path in place.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole |= {node.value, *node.value.split("|")}
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(one.value) if isinstance(one, ast.Constant) else "(.+)" for one in node.values]
                patterns.add("".join(parts))
    return whole, patterns


def test_every_sentence_is_said_somewhere():
    whole, patterns = strings(PACKAGE)
    whole |= {text[1:] for stage in STAGES for text in read_catalogue("en", stage).values() if text[0] == "@"}
    loose = {rf"{stage}\.(.+)" for stage in STAGES}  # a name of its own stands behind the point
    keys = {f"{stage}.{name}" for stage in STAGES for name in read_catalogue("en", stage)}

    def is_said(key: str) -> bool:
        head, _, name = key.partition(".")
        parts = re.sub(r"\.(problem|reason|remedy)$", "", key).split(".")
        return (
            any(".".join(parts[:end]) in whole for end in range(2, len(parts) + 1))
            or any(re.fullmatch(pattern, key) and (pattern not in loose or name in whole) for pattern in patterns)
            or (head in ("image", "vectors", "example") and (name in keys or name in ("one", "many", "counted")))
        )

    assert sorted(key for key in keys if not is_said(key)) == []


def test_every_key_that_the_code_names_is_in_the_catalogue():
    files = [path for path in PACKAGE.rglob("*.*") if path.suffix in (".py", ".jinja")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    named = set(re.findall(r"""say\(\s*["']([a-z_0-9]+\.[a-z_0-9.]+)["']""", source))
    assert len(named) > 60
    assert sorted(key for key in named if not ENGLISH.find(key)) == []


def test_a_value_with_braces_stays_as_it_is():
    assert texts_in("en").say("page.unit.pictures", {"count": "{0} {count}"}) == "{0} {count} pictures"


def test_nouns_and_verbs_follow_the_count():
    assert [str(Finding("data.outside", {"count": count})) for count in (1, 1200)] == [
        "1 picture lies in no class folder and is left out.",
        "1,200 pictures lie in no class folder and are left out.",
    ]


def test_lists_of_names_are_cut_and_say_how_many_more():
    names = ["a", "b", "c", "d"]
    assert [texts_in(language).quote(names, 2) for language in LANGUAGES] == [
        "'a', 'b' and 2 more",
        "'a'、'b'等（另有 2 个）",
    ]
    assert ENGLISH.quote(names, 4) == "'a', 'b', 'c' and 'd'"


def test_a_finding_goes_through_json_unchanged():
    inner = Finding("data.outside", {"count": 2}, "note")
    found = Finding("data.outside", {"count": inner, "more": ["a", "b"], "none": None})
    assert Finding.from_json(found.to_json()) == found
