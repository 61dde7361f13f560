"""A task that is no classification goes through the verbs by its row alone."""

import csv
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from starlette.testclient import TestClient

import headstart as hs
from fakes import FakeNetwork
from headstart.errors import ExportError, HeadstartWarning, RecipeError
from headstart.registry import TABLES
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.predictor import Predictor
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits


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
    with pytest.warns(hs.HeadstartWarning, match="The model knows the pictures"):
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
    assert f"| r2 | {r2:.3f} [" in card and "20 % of each stratum of the answers" in card
    assert "20 % of each stratum of the answers" in page.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    """A table of numbers, two vectors of them, and a price."""
    random = np.random.default_rng(0)
    size, age, noise = random.normal(size=(3, 80))
    lines = [f"{a:.3f},{b:.3f},{3 * a - b + n / 5:.3f}" for a, b, n in zip(size, age, noise, strict=True)]
    (tmp_path / "houses.csv").write_text("\n".join(["size,age,label", *lines]) + "\n", encoding="utf-8")
    return tmp_path / "houses.csv"


def test_a_page_says_the_metric_of_the_task_without_what_leaked(number, houses, tmp_path):
    head, *rows = houses.read_text(encoding="utf-8").split()
    parted = [f"{row},{'test' if place % 5 == 0 else 'train'}" for place, row in enumerate(rows)]
    houses.write_text("\n".join([f"{head},split", *parted, f"{rows[0]},train"]) + "\n", encoding="utf-8")
    with pytest.warns(HeadstartWarning) as caught:
        hs.fit(houses, task="number", out=tmp_path / "run")
    assert any("is in the fitted part too" in str(one.message) for one in caught)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "1 scored row also occurs in the fitted part" in page and "r2 without it: 0.9" in page


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


def test_a_server_answers_with_the_values_of_the_task(number, houses):
    model, journal = hs.fit(houses, task="number"), AccessLog(print, datetime.now)
    batcher = Batcher(model.encoder, ServerLimits(), workers=1, watch=journal.batch)
    service = Service(Predictor(model.encoder, model.saved, "0" * 64), batcher, ServerLimits(), journal, "1.2.3")
    app = create_app(service, AccessRules(("testserver",)), SessionStore(SessionLimits(), time.monotonic), None)
    with TestClient(app) as visitor:
        answer = visitor.post("/predict", files={"files": ("new.csv", b"size,age\n1,0\n0,1\n")})
        (large, old) = answer.json()["predictions"]
        assert large.keys() == {"name", "value"}
        assert large["value"] == pytest.approx(3, abs=0.5) and old["value"] == pytest.approx(-1, abs=0.5)
        described, schemas = visitor.get("/model").json(), visitor.get("/openapi.json").json()["components"]["schemas"]
    batcher.close()
    assert described["labels"].keys() == {"mean"} and described["scores"].keys() == {"r2", "mae"}
    assert not described.keys() & {"classes", "class_counts"}
    assert not {"ChoiceBody", "ClassAnswer"} & schemas.keys()


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory, session_cache: Path) -> Iterator[Path]:
    """The run of a model on a real network that says how bright pictures are."""
    folder, random = tmp_path_factory.mktemp("bright"), np.random.default_rng(0)
    levels = random.integers(30, 220, 40).tolist()
    for number, level in enumerate(levels):
        Image.fromarray((level + random.integers(-20, 20, (40, 40, 3))).astype(np.uint8)).save(folder / f"{number}.png")
    lines = [f"{number}.png,{level / 10}" for number, level in enumerate(levels)]
    (folder / "table.csv").write_text("\n".join(["path,label", *lines]) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TABLES["tasks"], "number", "fake_task:NUMBER")
        patch.setitem(TABLES["heads"], "number_ridge", "fake_task:NumberRidge")
        hs.fit(folder / "table.csv", task="number", cache=session_cache, out=folder / "run")
        yield folder / "run"


def test_an_exported_graph_gives_the_number_of_the_model(bright, tmp_path):
    model = hs.load(bright / "model")
    report = model.export(precision="fp16", out=tmp_path)
    assert report.proof.max_difference < 0.02 and report.faults == ()
    assert report.lines()[-1].startswith("ONNX graph from one picture to numbers (fp16), ")
    session = onnxruntime.InferenceSession(bright / "model" / "model.onnx")
    assert [one.name for one in session.get_outputs()] == ["outputs"]
    picture = Image.new("RGB", (50, 50), (120, 120, 120))
    (outputs,) = session.run(None, {session.get_inputs()[0].name: np.asarray(picture)})
    assert outputs.tolist() == pytest.approx([model.predict(picture).value], rel=1e-3)


def test_what_only_classes_have_is_refused_for_a_number(bright):
    model = hs.load(bright / "model")
    with pytest.raises(ExportError, match="its layout is for classes, not for the task 'number'"):
        model.export("torch")
    with pytest.raises(RecipeError, match="The answers of the task 'number' cannot be explained"):
        model.explain(Image.new("RGB", (50, 50)))


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
