"""A task that is no classification goes through the verbs by its row alone."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from fakes import FakeNetwork
from headstart.registry import TABLES


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch, fake_network: FakeNetwork) -> None:
    """The fake task and its head, as another package would bring them."""
    monkeypatch.setitem(TABLES["tasks"], "number", "fake_task:NUMBER")
    monkeypatch.setitem(TABLES["heads"], "number_ridge", "fake_task:NumberRidge")


@pytest.fixture
def greys() -> list[tuple[Image.Image, float]]:
    """Grey pictures, and how bright they are."""
    random = np.random.default_rng(0)
    levels = random.integers(30, 220, 60)
    noise = random.integers(-20, 20, (60, 16, 16, 3))
    return [
        (Image.fromarray((level + one).astype(np.uint8)), level / 10) for level, one in zip(levels, noise, strict=True)
    ]


def test_a_number_is_fitted_saved_opened_predicted_and_evaluated(number, greys, tmp_path):
    model = hs.fit(greys, task="number")
    assert model.evaluation.r2.low > 0.9
    assert model.board.baselines["majority"].r2.value < 0.2
    model.save(tmp_path / "m")
    again = hs.load(tmp_path / "m")
    assert again.saved.target.task == "number"
    (dark, bright) = again.predict([Image.new("RGB", (16, 16), (level,) * 3) for level in (50, 200)])
    assert dark.value == pytest.approx(5, abs=2) and bright.value == pytest.approx(20, abs=2)
    assert again.evaluate(greys).mae.value < 1


def test_a_run_of_a_number_has_its_scores_in_every_place(number, greys, tmp_path):
    out = tmp_path / "run"
    hs.fit(greys, task="number", out=out)
    metrics = json.loads((out / "metrics.json").read_bytes())
    r2 = metrics["evaluation"]["r2"]["value"]
    assert metrics["head"]["candidates"][0].keys() == {"name", "setting", "r2", "squared_error"}
    log, page = ((out / name).read_text(encoding="utf-8") for name in ("log.txt", "report.html"))
    assert f"r2   {r2:.3f} [" in log and f"{r2:.3f}" in page
    with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == metrics["counts"]["score"] and rows[0].keys() == {"path", "label", "output_0"}
    card = (out / "model" / "README.md").read_text(encoding="utf-8")
    assert f"| r2 | {r2:.3f} [" in card
