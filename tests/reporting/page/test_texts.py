"""The catalogue of sentences: the same in both languages."""

import re
from pathlib import Path
from string import Formatter

import pytest

import headstart.reporting.page.texts as module
from headstart.errors import UnknownNameError
from headstart.reporting.page.texts import LANGUAGES, catalogue, require_language, texts_in

SAME = {"F1", "ROC AUC", "LDA", "k-NN", "LogME", "H-score", "ImageNet top-1", "MB", "Python", "{times}", "{name}"}


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_every_sentence_has_both_languages_with_the_same_placeholders():
    for key, words in catalogue().items():
        assert list(words) == list(LANGUAGES), key
        assert placeholders(words["en"]) == placeholders(words["zh"]), key
        assert all(text.strip() for text in words.values()), key


def test_chinese_sentences_are_chinese_and_english_ones_are_not():
    ideograph = re.compile("[\u4e00-\u9fff]")
    for key, words in catalogue().items():
        assert not ideograph.search(words["en"]), key
        plain = re.sub(r"\{\w+\}|[\W\d_]", "", words["zh"])
        assert ideograph.search(words["zh"]) or not plain or words["zh"] in SAME, key


def test_every_key_that_the_code_names_is_in_the_catalogue():
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in Path(module.__file__).parent.rglob("*.*")
        if path.suffix in (".py", ".jinja")
    )
    named = set(re.findall(r"""say\(\s*["']([a-z_0-9]+\.[a-z_0-9]+)["']""", source))
    assert len(named) > 60
    assert sorted(named - set(catalogue())) == []


def test_an_unknown_language_is_named():
    with pytest.raises(UnknownNameError) as caught:
        require_language("fr")
    assert str(caught.value) == (
        "There is no report in the language 'fr'. It can be en (English) or zh (Chinese). Take one of them."
    )


def test_a_value_with_braces_stays_as_it_is():
    assert texts_in("en").say("unit.pictures", {"count": "{0} {count}"}) == "{0} {count} pictures"
