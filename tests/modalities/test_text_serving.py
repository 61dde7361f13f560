"""A server for a model of texts: strings, files and tables come in, one answer a text goes out."""

import csv
import time
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

import headstart as hs
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.predictor import Predictor
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits

GOOD, BAD = "fine warm funny bright moving", "dull cold empty slow tired"


@pytest.fixture(scope="module")
def visitor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    with (folder / "reviews.csv").open("w", newline="") as file:
        pairs = (
            (f"{words} film {number}", kind) for number in range(25) for words, kind in ((GOOD, "good"), (BAD, "bad"))
        )
        csv.writer(file).writerows([("review", "label"), *pairs])
    model = hs.fit(folder / "reviews.csv", encoder="words", head="words", cache=folder / "cache")
    journal, limits = AccessLog(lambda line: None, lambda: datetime(2026, 1, 1, tzinfo=UTC)), ServerLimits()
    with Batcher(model.encoder, limits, workers=1, watch=journal.batch) as batcher:
        service = Service(Predictor(model.encoder, model.saved, "0" * 64, None), batcher, limits, journal, "1.2.3")
        sessions = SessionStore(SessionLimits(), time.monotonic)
        with TestClient(create_app(service, AccessRules(("testserver",)), sessions, None)) as client:
            yield client


def labels(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["label"] for one in answer.json()["predictions"]]


def test_strings_are_answered_one_or_several(visitor):
    assert labels(visitor.post("/predict", json={"text": "a warm funny film"})) == ["good"]
    answer = visitor.post("/predict", json={"texts": ["dull and cold", "a  bright\nfilm " * 20]})
    assert labels(answer) == ["bad", "good"]
    named = [one["name"] for one in answer.json()["predictions"]]
    assert named[0] == "dull and cold" and named[1].startswith("a bright film a bright") and len(named[1]) <= 48


def test_files_and_tables_are_answered_and_rows_named_by_what_they_say(visitor):
    table = "review,n\na warm bright film,1\ncold and dull film,2\n".encode("utf-16")
    answer = visitor.post("/predict", files=[("files", ("a.txt", b"slow tired")), ("files", ("new.csv", table))])
    assert labels(answer) == ["bad", "good", "bad"]
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
        (b'{"text": "' + b"a " * 100_001 + b'"}', 413, "too_long_text"),
        (b'{"texts": [' + b'"a", ' * 1100 + b'"a"]}', 413, "too_many_texts"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(visitor, content, status, code):
    answer = visitor.post("/predict", content=content, headers={"content-type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_table_without_texts_and_a_long_file_are_refused(visitor):
    for name, content, status, code in (
        ("new.csv", b"a,b\n1,2\n", 422, "no_text_column"),
        ("long.txt", b"a " * 100_001, 413, "too_long_text"),
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


def test_the_page_has_a_box_and_nothing_leads_to_teaching(visitor):
    page = visitor.get("/").text
    assert "<textarea" in page and "input_text.js" in page and "/teach" not in page
    assert visitor.get("/pages/input_text.js").status_code == 200 and visitor.get("/teach").status_code == 404
