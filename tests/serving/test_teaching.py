"""/teach without its page: show, learn, try, correct, take away; how honest its numbers are, and its bounds."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from fakes import FakeEncoder, FakeNetwork
from headstart.errors import DataError
from headstart.serving.interactive import ShownExamples
from headstart.serving.sessions import SessionLimits
from visitors import error_of, learn

COLOURS = {"red": (200, 40, 40), "blue": (40, 40, 200), "green": (40, 200, 40)}


def noisy(colour: str, seed: int) -> bytes:
    noise = np.random.default_rng(seed).normal(COLOURS[colour], 25, size=(6, 8, 3))
    return png_of(np.clip(noise, 0, 255).astype(np.uint8))


def png_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def show(server, label, *contents, series=None):
    texts = {"label": label} | ({"series": series} if series else {})
    files = [("files", (f"{label}-{n}.png", content)) for n, content in enumerate(contents)]
    return server.client.post("/teach/pictures", files=files, data=texts)


def taught(server, count=4, colours=("red", "blue")):
    for colour in colours:
        for start in range(0, count, 4):
            assert (
                show(server, colour, *[noisy(colour, n) for n in range(start, min(count, start + 4))]).status_code
                == 200
            )
    return server.client.post("/teach/learn").json()


def test_a_few_pictures_are_learnt_tried_and_taken_away_as_a_model(server, tmp_path):
    report = taught(server, 8)
    assert (report["pictures"], report["right"], report["mistakes"]) == (16, 16, [])
    assert report["accuracy"]["value"] == 1.0 and 0.6 < report["accuracy"]["low"] < 0.9
    assert [(one["name"], one["pictures"], one["groups"]) for one in report["classes"]] == [
        ("blue", 8, 8),
        ("red", 8, 8),
    ]
    (answer,) = server.predict(noisy("red", 99), path="/teach/predict").json()["predictions"]
    assert answer["label"] == "red" and answer["probability"] > 0.6 and answer["id"]
    archive = server.client.get("/teach/model")
    assert archive.headers["content-disposition"] == 'attachment; filename="taught-model.zip"'
    zipfile.ZipFile(io.BytesIO(archive.content)).extractall(tmp_path)
    from headstart.saving.bundle import load_bundle, verify_bundle

    saved = load_bundle(tmp_path / "taught-model").model
    assert "manifest.json" in verify_bundle(tmp_path / "taught-model")
    features = FakeEncoder().encode(np.stack([FakeEncoder().preprocess(Image.open(io.BytesIO(noisy("red", 99))))]))
    assert saved.predictor.outputs(features)[0].max() == pytest.approx(answer["probability"])
    assert saved.training.evaluation["accuracy"]["value"] == 1.0
    assert saved.training.split_rule.startswith("Cross-validated in 5 folds: each picture was scored by a model fitted")


def test_learning_again_encodes_only_what_is_new(server):
    taught(server)
    seen = sum(server.service.batcher._encoder.seen)
    server.client.post("/teach/learn")
    assert sum(server.service.batcher._encoder.seen) == seen == 8
    tried = server.predict(noisy("green", 1), path="/teach/predict").json()["predictions"][0]
    moved = server.client.put(f"/teach/pictures/{tried['id']}", json={"label": "green"})
    assert moved.status_code == 200
    show(server, "green", noisy("green", 2), noisy("green", 3))
    report = server.client.post("/teach/learn").json()
    assert [one["name"] for one in report["classes"]] == ["blue", "green", "red"]
    assert sum(server.service.batcher._encoder.seen) == seen + 3
    answer = server.predict(noisy("green", 5), path="/teach/predict").json()["predictions"][0]
    assert answer["label"] == "green"


def test_the_state_shows_small_pictures_and_the_lesson_and_can_be_forgotten(server):
    assert server.client.get("/teach/state").json() == {"classes": [], "lesson": None}
    report = taught(server)
    state = server.client.get("/teach/state").json()
    assert [(one["name"], len(one["pictures"])) for one in state["classes"]] == [("red", 4), ("blue", 4)]
    assert state["classes"][0]["pictures"][0]["picture"].startswith("data:image/jpeg;base64,")
    assert state["lesson"] == report
    assert server.client.delete("/teach/state").json() == {"classes": [], "lesson": None}
    assert error_of(server.client.post("/teach/learn")) == "not_there"


def test_pictures_can_be_moved_removed_and_classes_renamed(server):
    taught(server)
    state = server.client.get("/teach/state").json()
    first, second, *_ = (one["id"] for one in state["classes"][0]["pictures"])
    assert server.client.delete(f"/teach/pictures/{first}").status_code == 200
    assert server.client.put(f"/teach/pictures/{second}", json={"label": "blue"}).status_code == 200
    assert server.client.post("/teach/rename", json={"old": "red", "new": " rot "}).json() == {"label": "rot"}
    counts = {one["name"]: len(one["pictures"]) for one in server.client.get("/teach/state").json()["classes"]}
    assert counts == {"rot": 2, "blue": 5}
    assert error_of(server.client.delete(f"/teach/pictures/{first}")) == "not_there"
    assert error_of(server.client.post("/teach/rename", json={"old": "red", "new": "a"})) == "not_there"


def test_two_visitors_do_not_see_each_other(server):
    show(server, "red", noisy("red", 1))
    cookie = server.client.cookies.get("headstart-desk")
    assert len(cookie) > 30
    server.client.cookies.clear()
    assert server.client.get("/teach/state").json()["classes"] == []
    answer = show(server, "blue", noisy("blue", 1))
    assert answer.headers["set-cookie"].endswith(
        "; HttpOnly; SameSite=strict"
    )  # for what lies beside /teach/pictures alone
    assert server.client.cookies.get("headstart-desk") != cookie
    assert [one["name"] for one in server.client.get("/teach/state").json()["classes"]] == ["blue"]


# --- honest numbers -------------------------------------------------------------------------------------------------


def test_pictures_of_one_series_are_no_test_for_each_other(server):
    for colour in ("red", "blue"):
        show(server, colour, *[noisy(colour, n) for n in range(4)], series=f"{colour}-held")
    report = server.client.post("/teach/learn").json()
    assert (report["accuracy"], report["right"]) == (None, None)
    assert [one["groups"] for one in report["classes"]] == [1, 1]
    for colour in ("red", "blue"):
        show(server, colour, *[noisy(colour, n) for n in range(4, 8)], series=f"{colour}-again")
    scored = server.client.post("/teach/learn").json()
    assert scored["accuracy"]["value"] == 1.0
    assert scored["accuracy"]["low"] < 0.55  # sixteen pictures, but four series: next to nothing is known


def test_the_same_picture_twice_counts_once(server):
    for colour in ("red", "blue"):
        show(server, colour, noisy(colour, 1), noisy(colour, 1), noisy(colour, 1))
    report = server.client.post("/teach/learn").json()
    assert report["accuracy"] is None
    assert [one["groups"] for one in report["classes"]] == [1, 1]


def test_pictures_that_are_nearly_the_same_are_no_test_for_each_other_either(server):
    for number, colour in enumerate(COLOURS):
        noise = np.random.default_rng(number).integers(0, 256, size=(9, 12), dtype=np.uint8)
        scene = Image.fromarray(noise).resize((100, 75), Image.Resampling.BICUBIC)
        scene = Image.merge(
            "RGB", [scene.point(lambda level, part=part: level * part // 255) for part in COLOURS[colour]]
        )
        files = []
        for quality in (60, 75, 90):
            buffer = io.BytesIO()
            scene.save(buffer, "JPEG", quality=quality)
            files.append(buffer.getvalue())
        assert all(one["label"] == colour for one in show(server, colour, *files).json()["pictures"])
    report = server.client.post("/teach/learn").json()
    assert [(one["pictures"], one["groups"]) for one in report["classes"]] == [(3, 1)] * 3
    assert report["accuracy"] is None


def shown(labels, features, series=None):
    count = len(labels)
    return ShownExamples(
        classes=("a", "b"),
        labels=np.array(labels),
        features=features.astype(np.float32),
        baseline=np.random.default_rng(1).random((count, 512)).astype(np.float32),
        sketches=np.full((count, 32, 32), np.nan, dtype=np.float32),
        previews=(b"",) * count,
        names=tuple(f"{n}.png" for n in range(count)),
        keys=tuple(bytes([n]) * 32 for n in range(count)),
        series=series or (None,) * count,
    )


def test_labels_drawn_at_random_are_not_called_learnt():
    draw = np.random.default_rng(0)
    labels = draw.permutation([0, 1] * 20)
    report = learn(shown(labels, draw.normal(size=(40, 48)))).report
    assert report["accuracy"]["low"] < 0.5 < report["accuracy"]["high"]
    assert report["right"] == 40 - len(report["mistakes"])


def test_a_picture_with_a_wrong_label_is_pointed_at():
    labels = np.array([0, 1] * 10)
    features = np.random.default_rng(0).normal(0, 0.2, size=(20, 48)) + 3 * labels[:, None]
    labels[4] = 1
    report = learn(shown(labels, features)).report
    assert report["mistakes"] == [{"position": 4, "taken_for": "a"}]
    assert report["right"] == 19


def test_one_picture_of_each_class_is_enough_to_learn_and_not_to_score():
    report = learn(shown([0, 1], np.eye(2, 48))).report
    assert report["accuracy"] is None
    lesson = learn(shown([0, 1], np.eye(2, 48)))
    assert [one["label"] for one in lesson.answer(np.eye(2, 48, dtype=np.float32))] == ["a", "b"]


def test_one_class_alone_cannot_be_learnt(server):
    show(server, "red", noisy("red", 1), noisy("red", 2))
    assert error_of(server.client.post("/teach/learn")) == "too_few_classes"
    with pytest.raises(DataError):
        learn(shown([0, 0], np.eye(2, 48)))


def test_the_lesson_is_that_of_fit_with_folds(tmp_path, monkeypatch):
    """The same pictures through headstart.fit in folds: same head, same answers, same numbers."""
    import headstart

    network = FakeNetwork()
    monkeypatch.setattr("headstart.encoders.loading.load_encoder", lambda *_, **__: network)
    pictures = [(noisy(colour, n), colour) for colour in ("blue", "red") for n in range(8)]
    model = headstart.fit(pictures, folds=5, cache=tmp_path)
    opened = [Image.open(io.BytesIO(content)) for content, _ in pictures]
    features = network.encode(np.stack([network.preprocess(one) for one in opened]))
    from headstart.encoders.simple.image import ColourHistogram

    colours = ColourHistogram().encode(np.stack([ColourHistogram().preprocess(one) for one in opened]))
    import hashlib

    keys = tuple(hashlib.sha256(content).digest() for content, _ in pictures)
    names = tuple(f"#{n}" for n in range(16))
    labels = np.array([0] * 8 + [1] * 8)
    grey, previews = np.full((16, 32, 32), np.nan, dtype=np.float32), (b"",) * 16  # too small for near copies
    lesson = learn(ShownExamples(("blue", "red"), labels, features, colours, grey, previews, names, keys, (None,) * 16))
    assert np.array_equal(lesson.saved.predictor.outputs(features), model.saved.predictor.outputs(features))
    mine, theirs = lesson.saved.training, model.saved.training
    assert json.dumps(mine.evaluation) == json.dumps(theirs.evaluation)
    assert json.dumps(mine.baselines) == json.dumps(theirs.baselines)
    assert mine.data_fingerprint == theirs.data_fingerprint


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_a_desk_a_class_list_and_a_classroom_can_be_full(start):
    server = start(bounds=SessionLimits(desks=2, classes=2, examples=3))
    show(server, "red", noisy("red", 1))
    show(server, "blue", noisy("blue", 1))
    (refused,) = show(server, "green", noisy("green", 1)).json()["pictures"]
    assert refused["error"]["code"] == "desk_full" and refused["error"]["reason"] == "The limit is 2 classes."
    good, full = show(server, "red", noisy("red", 2), noisy("red", 3)).json()["pictures"]
    assert good["label"] == "red" and full["error"]["reason"] == "The limit is 3 pictures."
    server.client.cookies.clear()
    assert show(server, "red", noisy("red", 1)).status_code == 200
    server.client.cookies.clear()
    answer = show(server, "red", noisy("red", 1))
    assert (answer.status_code, error_of(answer)) == (503, "busy")


def test_a_desk_is_forgotten_when_nobody_uses_it(start):
    now = [0.0]
    server = start(bounds=SessionLimits(desks=1, idle_seconds=100), clock=lambda: now[0])
    show(server, "red", noisy("red", 1))
    now[0] = 90
    assert server.client.get("/teach/state").json()["classes"] != []
    now[0] = 180
    assert server.client.get("/teach/state").json()["classes"] != []
    now[0] = 281
    assert server.client.get("/teach/state").json()["classes"] == []
    assert show(server, "blue", noisy("blue", 1)).status_code == 200


def test_tried_pictures_are_kept_for_a_while_only(start):
    server = start(bounds=SessionLimits(tried=1))
    taught(server)
    one, two = (server.predict(noisy("red", n), path="/teach/predict").json()["predictions"][0]["id"] for n in (7, 8))
    assert error_of(server.client.put(f"/teach/pictures/{one}", json={"label": "red"})) == "not_there"
    assert server.client.put(f"/teach/pictures/{two}", json={"label": "red"}).status_code == 200
    kept = server.client.post("/teach/predict", files={"files": noisy("red", 9)}, data={"keep": "no"})
    assert kept.json()["predictions"][0]["id"] is None


@pytest.mark.parametrize("label", ["", "   ", "\n\t", "\u202e"])
def test_a_class_needs_a_name(server, label):
    answer = show(server, label, noisy("red", 1))
    assert (answer.status_code, error_of(answer)) == (422, "no_label")


def test_bad_requests_to_the_classroom_are_refused_clearly(server):
    assert error_of(server.client.post("/teach/learn")) == "not_there"
    show(server, "red", noisy("red", 1))
    assert error_of(server.predict(noisy("red", 1), path="/teach/predict")) == "not_learnt"
    assert error_of(server.client.get("/teach/model")) == "not_learnt"
    assert error_of(server.client.put("/teach/pictures/x", json={"label": "a"})) == "bad_value"
    assert error_of(server.client.put("/teach/pictures/1", json={"label": "a" * 81})) == "bad_value"
    assert (
        error_of(server.client.put("/teach/pictures/1", content=b"{", headers={"content-type": "application/json"}))
        == "bad_value"
    )
    assert error_of(server.client.put("/teach/pictures/99999", json={"label": "a"})) == "not_there"
    first, second = show(server, "red", noisy("red", 3), b"nothing").json()["pictures"]
    assert first["label"] == "red" and second["error"]["code"] == "not_a_picture"
