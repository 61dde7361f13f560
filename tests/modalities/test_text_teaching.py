"""/teach with texts: shown as JSON or files, learnt by a small network with drawn weights, taken away as a model."""

import io
import zipfile

import pytest
from starlette.testclient import TestClient

import headstart as hs
from headstart.encoders.text.loading import load_encoder
from served import application
from tiny_transformers import save_transformer

KINDS = {"<b>love</b>": "love the good song {} of love", "war": "a very bad short plot {} was not long"}
FILLED = ("about", "and", "story", "film", "is", "in", "very", "short")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    return load_encoder(str(save_transformer(folder / "tiny")), cache=folder / "cache")


@pytest.fixture
def visitor(encoder):
    with application(None, encoder) as app, TestClient(app) as client:
        yield client


def show(visitor, label, *texts, **fields):
    return visitor.post("/teach/texts", json={"texts": texts, "label": label, **fields})


def taught(visitor):
    for label, said in KINDS.items():
        assert show(visitor, label, *[said.format(word) for word in FILLED]).status_code == 200
    return visitor.post("/teach/learn").json()


def test_typed_texts_are_learnt_tried_corrected_and_taken_away_as_a_model(visitor, encoder, tmp_path):
    report = taught(visitor)
    assert (report["pictures"], report["right"], report["mistakes"]) == (16, 16, [])
    assert [one["name"] for one in report["classes"]] == [*KINDS]
    assert report["colours"]["value"] == 1.0  # of words alone
    text = "love the good song of love and war"
    (answer,) = visitor.post("/teach/predict", json={"text": text}).json()["predictions"]
    assert answer["label"] == "<b>love</b>"
    assert visitor.put(f"/teach/texts/{answer['id']}", json={"label": "war"}).status_code == 200
    visitor.post("/teach/learn")
    (again,) = visitor.post("/teach/predict", json={"text": text, "keep": "no"}).json()["predictions"]
    zipfile.ZipFile(io.BytesIO(visitor.get("/teach/model").content)).extractall(tmp_path)
    model = hs.load(tmp_path / "taught-model")
    found = model.predict([text, text])[0]
    assert (found.label, found.probability) == (again["label"], pytest.approx(again["probability"], abs=1e-6))
    assert model.saved.training.split_rule.startswith("Cross-validated in 5 folds: each text was scored by a model")
    scores = model.evaluate([(said.format("war"), label) for label, said in KINDS.items()], cache=tmp_path)
    assert scores.accuracy.value == 1.0


def test_the_state_holds_the_texts_and_forgets_them(visitor):
    odd = "a good\u202e film <script>alert(1)</script>"
    show(visitor, "war", odd, " ", "a good film")
    state = visitor.get("/teach/state").json()
    assert [(one["name"], [text["text"] for text in one["texts"]]) for one in state["classes"]] == [
        ("war", [odd, "a good film"])
    ]
    number = state["classes"][0]["texts"][0]["id"]
    assert visitor.delete(f"/teach/texts/{number}").status_code == 200
    assert len(visitor.get("/teach/state").json()["classes"][0]["texts"]) == 1
    assert visitor.delete("/teach/state").json() == {"classes": [], "lesson": None}


def test_texts_that_are_nearly_the_same_are_no_test_for_each_other(visitor):
    for label, said in KINDS.items():
        long = f"{said} and so on and on about the story of the film and the plot".format("and")
        show(visitor, label, long, f"{long}!", long.upper())
    report = visitor.post("/teach/learn").json()
    assert [(one["pictures"], one["groups"]) for one in report["classes"]] == [(3, 1)] * 2 and report[
        "accuracy"
    ] is None


def test_files_and_tables_are_shown_to_a_class_and_what_is_no_text_is_named(visitor):
    files = [("files", ("a.txt", b"love the good song")), ("files", ("b.csv", b"review\na good film\nof love\n"))]
    added = visitor.post("/teach/texts", files=files, data={"label": "love"}).json()["texts"]
    assert [one["name"] for one in added] == ["a.txt", "#0: a good film", "#1: of love"]
    assert [one.get("text") for one in added] == [None, "a good film", "of love"]
    good, empty = show(visitor, "war", "a bad film", "  ").json()["texts"]
    assert good["label"] == "war" and empty["error"]["reason"] == "It holds blanks only."
    assert show(visitor, " ", "a").json()["error"]["problem"] == "The class has no name."
    assert visitor.post("/teach/texts", json={"texts": ["a"], "label": 3}).json()["error"]["code"] == "no_texts"
    assert visitor.get("/").url.path == "/teach"
    described = visitor.get("/openapi.json").json()["paths"]["/teach/texts"]["post"]["requestBody"]["content"]
    assert described["application/json"]["schema"]["required"] == ["label"]
    assert described["application/json"]["schema"]["examples"][0] == {"text": "...", "label": "..."}
