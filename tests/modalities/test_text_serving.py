"""A server for a model of texts: strings, files and tables come in, one answer a text goes out."""

import pytest
from starlette.testclient import TestClient

from served import application


@pytest.fixture(scope="module")
def visitor(reviews):
    with application(reviews) as app, TestClient(app, raise_server_exceptions=False) as client:
        yield client


BAD = "<b>bad</b>"


def labels(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["label"] for one in answer.json()["predictions"]]


def test_strings_are_answered_one_or_several(visitor):
    assert labels(visitor.post("/predict", json={"text": "a warm funny film"})) == ["good"]
    answer = visitor.post("/predict", json={"texts": ["dull and cold", "a  bright\nfilm " * 20]})
    assert labels(answer) == [BAD, "good"]
    named = [one["name"] for one in answer.json()["predictions"]]
    assert named[0] == "dull and cold" and named[1].startswith("a bright film a bright") and len(named[1]) <= 48


def test_files_and_tables_are_answered_and_rows_named_by_what_they_say(visitor):
    table = "review,n\na warm bright film,1\ncold and dull film,2\n".encode("utf-16")
    answer = visitor.post("/predict", files=[("files", ("a.txt", b"slow tired")), ("files", ("new.csv", table))])
    assert labels(answer) == [BAD, "good", BAD]
    assert [one["name"] for one in answer.json()["predictions"]] == [
        "a.txt", "#0: a warm bright film", "#1: cold and dull film",
    ]  # fmt: skip


def test_a_text_that_says_nothing_is_refused_and_the_others_are_answered(visitor):
    first, second = visitor.post("/predict", json={"texts": [" ", "a warm film"]}).json()["predictions"]
    assert first["error"]["reason"] == "It holds blanks only." and second["label"] == "good"
    assert visitor.post("/predict", json={"text": "?"}).status_code == 422


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b"\xff", 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b"[]", 422, "no_texts"),
        (b'"a film"', 422, "no_texts"),
        (b'{"text": 3}', 422, "no_texts"),
        (b'{"texts": []}', 422, "no_texts"),
        (b'{"texts": "abc"}', 422, "no_texts"),
        (b'{"text": "a", "texts": ["b"]}', 422, "no_texts"),
        (b'{"text": "' + b"a " * 10_001 + b'"}', 413, "too_long_text"),
        (b'{"text": "' + b"x" * 200_000 + b'"}', 413, "too_long_text"),
        (b'{"text": "' + b"a " * 5_000_000 + b'"}', 413, "too_large_json"),
        (b'{"texts": [' + b'"a", ' * 1100 + b'"a"]}', 413, "too_many_texts"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(visitor, content, status, code):
    answer = visitor.post("/predict", content=content, headers={"content-type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "picture" not in answer.text


def test_another_content_type_is_refused_with_both_ways_to_send_texts(visitor):
    answer = visitor.post("/predict", content="a warm film", headers={"content-type": "text/plain"})
    said = answer.json()["error"]
    assert answer.status_code == 415 and "application/json or multipart/form-data" in said["reason"]
    assert """-d '{"text": "a stirring film"}'""" in said["remedy"] and "curl -F files=@document.txt" in said["remedy"]
    assert "rose" not in answer.text and "picture" not in answer.text


def test_a_long_text_is_refused_with_a_sentence(visitor):
    said = visitor.post("/predict", json={"text": "x" * 200_000}).json()["error"]
    assert " ".join([said["problem"], said["reason"], said["remedy"]]) == (
        "The text is too long for this server. It has 200,000 characters; the limit is 20,000. "
        "Send it in parts, or ask on the command line: headstart predict"
    )


def test_halves_of_characters_and_controls_are_answered_and_come_back_as_json(visitor):
    odd = '{"texts": ["a \\ud800 warm \\u0000 film", "dull \\u202e cold \\u0007"]}'
    answer = visitor.post("/predict", content=odd.encode(), headers={"content-type": "application/json"})
    assert labels(answer) == ["good", BAD]
    assert [one["name"] for one in answer.json()["predictions"]] == ["a � warm � film", "dull \u202e cold \u0007"]


def test_why_is_said_by_the_parts_of_the_text_which_together_are_the_whole(visitor):
    text = "  a <b>warm</b> bright film\n👍 dull"
    found = visitor.post("/explain", json={"text": text}).json()
    assert "".join(part["text"] for part in found["parts"]) == text
    weights = {part["text"]: part["weight"] for part in found["parts"] if part["weight"]}
    assert weights["<b>warm</b>"] > 0 > weights["dull"] and found["target"] == "good"
    assert (found["method"], found["exact"]) == ("words", True)
    assert found["neighbours"][0]["label"] == "good" and found["neighbours"][0]["text"] is None
    assert visitor.post("/explain", json={"texts": ["a", "b"]}).status_code == 413


def test_a_table_without_texts_and_a_long_file_are_refused(visitor):
    for name, content, status, code in (
        ("new.csv", b"a,b\n1,2\n", 422, "no_text_column"),
        ("long.txt", b"a " * 10_001, 413, "too_long_text"),
    ):
        answer = visitor.post("/predict", files={"files": (name, content)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_description_for_programs_speaks_of_texts(visitor):
    described = visitor.get("/openapi.json").json()
    asked = described["paths"]["/predict"]["post"]
    assert {*asked["requestBody"]["content"]} == {"application/json", "multipart/form-data"}
    assert (
        asked["description"] == "Say what is on one or several texts."
        and "picture" not in described["info"]["description"]
    )


def test_the_pages_are_for_texts_and_their_words_speak_of_them(visitor):
    assert "input_text.js" in visitor.get("/").text and "teach_texts.js" in visitor.get("/teach").text
    for language, sentence in visitor.get("/pages/words.json").json().items():
        assert "picture" not in sentence["teach.footer"].lower() and "图片" not in sentence["teach.footer"], language
