"""The files of the pages: two languages with the same keys, nothing from the network, nothing a page cannot run."""

import json
import re
from pathlib import Path

import pytest

import headstart.serving.page_routes as page_routes
from headstart.data.readers.text import Document
from headstart.serving.http_errors import Refusal
from headstart.serving.languages import choose_language
from headstart.serving.uploads.text import decode

FOLDER = Path(page_routes.__file__).parent / "pages"
WORDS = json.loads((FOLDER / "words.json").read_text(encoding="utf-8"))
FILES = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir() if file.is_file()}


def test_both_languages_have_the_same_words_with_the_same_gaps():
    english, chinese = WORDS["en"], WORDS["zh"]
    assert list(english) == list(chinese)
    gaps = {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in english.items()}
    assert {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in chinese.items()} == gaps
    assert [
        key for key, text in chinese.items() if not re.search(r"[\u4e00-\u9fff]", text) and text != english[key]
    ] == []


def used_words() -> set[str]:
    found = set()
    for name, text in FILES.items():
        if name.endswith(".html"):
            found |= set(re.findall(r'data-word(?:-label|-placeholder)?="([^"]+)"', text))
        elif name.endswith(".js"):
            found |= set(re.findall(r'"([a-z]+\.[a-z-]+)"', text))
    return {key for key in found if not key.endswith((".js", ".json", ".jpg", ".csv", ".zip"))}


def test_every_word_a_page_uses_is_in_the_catalogue_and_every_word_there_is_used():
    assert sorted(used_words() - set(WORDS["en"])) == []
    assert sorted(key for key in WORDS["en"] if key not in used_words() and not key.startswith("error.")) == []


def test_every_refusal_of_the_server_can_be_said_in_both_languages():
    sources = "".join(file.read_text(encoding="utf-8") for file in FOLDER.parent.rglob("*.py"))
    codes = set(re.findall(r"(?:Refusal|refused)\(\s*\d{3},\s*\"(?:serving\.)?(\w+)", sources)) | {
        "damaged",
        "truncated",
        "empty",
    }
    for_programs = {
        "wrong_token",
        "wrong_host",
        "bad_form",
        "bad_json",
        "no_texts",
        "bad_value",
        "wrong_content_type",
        "wrong_field",
        "no_file",
        "not_found",
    }
    assert {"not_a_picture", "busy", "too_many_pixels"} <= codes
    assert sorted(f"error.{code}" for code in codes - for_programs if f"error.{code}" not in WORDS["en"]) == []


@pytest.mark.parametrize(
    ("text", "code", "chinese"),
    [
        (Document(""), "empty_text", "这个文本是空的。"),
        (b" \n", "empty_text", "这个文本是空的。"),
        (Document("?!"), "no_letters", "这个文本只有符号，没有文字或数字。"),
    ],
)
def test_a_page_says_why_a_text_cannot_be_used_in_its_own_language(text, code, chinese):
    with pytest.raises(Refusal) as refusal:
        decode(text)
    assert (refusal.value.status, refusal.value.code) == (422, code)
    assert json.loads(FILES["words_text.json"])["zh"][f"error.{code}"] == chinese


def test_no_page_names_an_address_of_the_network():
    for name, text in FILES.items():
        addresses = set(re.findall(r"(?:https?:)?//[a-z][\w.-]+", text)) - {"http://www.w3.org"}
        assert addresses == set(), name


def test_pages_have_no_script_and_no_style_inside_which_the_rules_would_forbid():
    for name in (name for name in FILES if name.endswith(".html")):
        assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", FILES[name]) == []
    for name in (name for name in FILES if name.endswith(".js")):
        assert (
            re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", FILES[name])
            == []
        )


@pytest.mark.parametrize("path", ["/", "/teach", "/docs"])
def test_a_page_comes_in_the_language_the_browser_asks_for(server, path):
    chinese = server.client.get(path, headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert '<html lang="zh"' in chinese.text
    assert (chinese.headers["content-language"], chinese.headers["vary"]) == ("zh", "accept-language")
    assert '<html lang="en"' in server.client.get(path, headers={"accept-language": "fr"}).text


def test_odd_language_headers_are_english():
    assert [choose_language(text) for text in ("", "*", "zh;q=0", "zh;q=nan", "en-GB", ";;,,", "zh" * 9999)] == [
        "en"
    ] * 7
    assert [choose_language(text) for text in ("zh", "ZH-hant-TW", "en;q=0.5, zh;q=0.6")] == ["zh"] * 3


def test_every_part_of_a_page_is_sent_with_its_type(server):
    for name in FILES:
        answer = server.client.get(f"/pages/{name}")
        if name.endswith(".html"):
            assert answer.status_code == 404
        else:
            assert answer.status_code == 200
            assert answer.headers["content-type"] == page_routes.TYPES[Path(name).suffix]


def test_the_docs_need_no_network_and_the_description_is_there(server):
    description = server.client.get("/openapi.json").json()
    assert {"/predict", "/explain", "/health", "/model", "/metrics"} <= set(description["paths"])
    assert description["info"]["version"] == "1.2.3"
    body = description["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert list(body) == ["multipart/form-data"]
    assert server.client.get("/redoc").status_code == 404
