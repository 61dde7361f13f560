"""A modality that another package brings passes through the same verbs, and is not mixed with another."""

import numpy as np
import pytest

import headstart as hs
from headstart import registry
from headstart.errors import DataError
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
    assert again.evaluate(folder).accuracy.value > 0.9


def test_it_is_checked_ranked_and_compared(folder, tmp_path):
    assert hs.check(folder, cache=tmp_path).to_json()["quality"] == {}
    assert "rhythm" in str(hs.rank(folder, cache=tmp_path).to_json())
    assert hs.distance(folder, folder, cache=tmp_path) is not None


def test_a_folder_of_two_kinds_is_refused_with_the_counts(folder):
    save_noise(folder / "awake" / "1.png", (9, 9, 9), 0)
    with pytest.raises(DataError) as refused:
        hs.fit(folder)
    assert str(refused.value) == (
        f"The folder '{folder}' holds examples of several kinds. There are 40 of the kind 'beats' and 1 of the kind "
        "'image'. Give one kind, in a place of its own."
    )
