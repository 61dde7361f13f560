"""A task that is no classification goes through the verbs by its row alone."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from fakes import FakeNetwork
from headstart.errors import RecipeError
from headstart.registry import TABLES


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake task and its head, as another package would bring them."""
    monkeypatch.setitem(TABLES["tasks"], "number", "fake_task:NUMBER")
    monkeypatch.setitem(TABLES["heads"], "number_ridge", "fake_task:NumberRidge")


@pytest.fixture
def greys(fake_network: FakeNetwork) -> list[tuple[Image.Image, float]]:
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


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    """A table of numbers, two vectors of them, and a price."""
    random = np.random.default_rng(0)
    size, age, noise = random.normal(size=(3, 80))
    lines = [f"{a:.3f},{b:.3f},{3 * a - b + n / 5:.3f}" for a, b, n in zip(size, age, noise, strict=True)]
    (tmp_path / "houses.csv").write_text("\n".join(["size,age,label", *lines]) + "\n", encoding="utf-8")
    return tmp_path / "houses.csv"


def test_a_check_of_numbers_looks_for_all_but_wrong_labels(number, houses):
    found = hs.check(houses, task="number")
    assert found.found.labels is None
    assert "Labels were not checked: that is for classes, not for the task 'number'." in found.lines()


def test_probes_are_compared_by_the_metric_of_the_task(number, houses, tmp_path):
    found, again = (
        hs.compare(houses, task="number", shots=[5, "all"], draws=2, cache=tmp_path / "cache") for _ in range(2)
    )
    assert found.to_json() == again.to_json()  # what was computed is kept
    last = {point.arm: point.accuracy for point in found.points}
    assert last["probe"].low > 0.9 > last["majority"].high
    assert {gain.against for gain in found.gains} == {"column"}
    assert found.lines()[0].startswith("r2 on 16 ")
    assert found.to_json()["curves"][-1]["r2"] == last["probe"].value


def test_encoders_are_ranked_by_the_metric_of_the_task(number, houses):
    (row,) = hs.rank(houses, task="number").to_json()
    assert row["r2"]["value"] > 0.9
    assert not row.keys() & {"accuracy", "lda", "knn", "logme", "h_score"}


def test_a_distance_needs_no_classes(number, houses):
    assert hs.distance(houses, houses, task="number").across is None


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"method": "lpft"}, "The setting method = 'lpft' does not go with the task 'number'."),
        ({"folds": 3}, "The setting folds = 3 does not go with the task 'number'."),
        ({"balance": True}, "The setting balance = True does not go with the task 'number'."),
        ({"head": "lda"}, "The head 'lda' does not go with the task 'number'. It is for: classification."),
    ],
)
def test_what_makes_no_sense_for_a_task_is_refused_in_a_sentence(number, houses, settings, text):
    with pytest.raises(RecipeError) as caught:
        hs.fit(houses, task="number", **settings)
    assert str(caught.value).startswith(text)


def test_a_head_of_another_task_is_refused_for_classes(number, flowers):
    with pytest.raises(RecipeError, match="The head 'number_ridge' does not go with the task 'classification'"):
        hs.fit(flowers, head="number_ridge")
