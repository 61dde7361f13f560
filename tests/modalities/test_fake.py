"""A modality that another package brings passes through the same verbs, and is not mixed with another."""

import time
from datetime import UTC, datetime

import numpy as np
import pytest
from starlette.testclient import TestClient

import headstart as hs
from headstart import registry
from headstart.errors import DataError
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.predictor import Predictor
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits
from pictures import save_noise


@pytest.fixture(autouse=True)
def beats_are_known(monkeypatch):
    monkeypatch.setitem(registry.TABLES["modalities"], "beats", "fake_modality:ROW")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for kind, mean in (("asleep", 1.1), ("awake", 0.7)):
        (tmp_path / "beats" / kind).mkdir(parents=True)
        for number in range(20):
            seconds = map(str, rng.normal(mean, 0.1, 30).round(3))
            (tmp_path / "beats" / kind / f"{number}.beats").write_text("\n".join(seconds))
    return tmp_path / "beats"


def test_it_is_fitted_asked_scored_saved_and_loaded(folder, tmp_path):
    model = hs.fit(folder, cache=tmp_path)
    assert (model.modality, model.encoder.spec.name) == ("beats", "rhythm")
    answer = model.predict(folder / "awake" / "3.beats")
    assert answer.label == "awake"
    model.save(tmp_path / "model")
    again = hs.load(tmp_path / "model")
    assert again.predict(folder / "awake" / "3.beats").probability == pytest.approx(answer.probability)
    with pytest.warns(hs.HeadstartWarning, match="The model knows the examples it was fitted to by their bytes"):
        assert again.evaluate(folder).accuracy.value > 0.9


def test_it_is_checked_ranked_and_compared(folder, tmp_path):
    assert hs.check(folder, cache=tmp_path).to_json()["quality"] == {}
    assert "rhythm" in str(hs.rank(folder, cache=tmp_path).to_json())
    assert hs.distance(folder, folder, cache=tmp_path) is not None


def test_it_is_compared_in_its_own_arms(folder, tmp_path):
    found = hs.compare(folder, shots=[2, "all"], draws=2, cache=tmp_path).to_json()
    best = {one["arm"]: one["accuracy"] for one in found["curves"] if one["shots"] == "all"}
    assert best == {"majority": 0.5, "average": 1.0, "probe": 1.0}
    assert {gain["against"] for gain in found["gain"]} == {"average"}


def test_it_is_served(folder, tmp_path):
    model = hs.fit(folder, cache=tmp_path)
    journal = AccessLog(lambda line: None, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    with Batcher(model.encoder, ServerLimits(), workers=1, watch=journal.batch) as batcher:
        served = Predictor(model.encoder, model.saved, "0" * 64, None)
        service = Service(served, batcher, ServerLimits(), journal, "1.2.3")
        desks = SessionStore(SessionLimits(), time.monotonic)
        with TestClient(create_app(service, AccessRules(("testserver",)), desks, None)) as visitor:
            files = {"files": ("tonight", (folder / "awake" / "3.beats").read_bytes())}
            assert visitor.post("/predict", files=files).json()["predictions"][0]["label"] == "awake"
            refused = visitor.post("/predict", files={"files": ("x.beats", b"fast")}).json()
            assert "fast" in str(refused)
            assert visitor.get("/").status_code == 200 and visitor.get("/teach").status_code == 404


def test_a_folder_of_two_kinds_is_refused_with_the_counts(folder):
    save_noise(folder / "awake" / "1.png", (9, 9, 9), 0)
    with pytest.raises(DataError) as refused:
        hs.fit(folder)
    assert str(refused.value) == (
        f"The folder '{folder}' holds examples of several kinds. There are 40 of the kind 'beats' and 1 of the kind "
        "'image'. Give one kind, in a place of its own."
    )
