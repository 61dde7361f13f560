"""A fitted model: saved, opened again, asked, scored; the numbers against scikit-learn and timm."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import RidgeClassifier

import headstart as hs
from headstart.data.readers.image import open_example
from headstart.data.sources import read_dataset
from headstart.encoders.simple.image import ColourHistogram
from headstart.errors import DataError, ExampleError
from headstart.heads.probabilities import softmax
from headstart.reporting.report import ScoreReport
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.workflows import evaluate as evaluate_workflow
from headstart.workflows.fit import run_fit
from headstart.workflows.plan import plan_fit
from pictures import FLOWERS, save_flowers, save_noise

HEADS = ("logistic", "ridge", "lda", "knn", "centroid", "mlp")


@pytest.fixture(scope="module")
def fitted(flowers, lite0, session_cache) -> hs.Model:
    """The default encoder with a linear head."""
    return hs.fit(flowers, head="logistic", cache=session_cache)


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory) -> Path:
    """The same model in a folder."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    fitted.save(folder)
    return folder


@pytest.fixture(scope="module")
def new_flowers(tmp_path_factory) -> Path:
    """Pictures that no model was fitted to."""
    return save_flowers(tmp_path_factory.mktemp("new") / "flowers", 3, seed=700)


def score_of(model: hs.Model, data: object, **settings: object) -> ScoreReport:
    return evaluate_workflow.score(model, data, Recipe(**settings), RunContext())


# --- saved and opened -------------------------------------------------------------------------------------------------


def test_a_loaded_model_gives_exactly_the_same_probabilities(fitted, saved, new_flowers):
    loaded = hs.load(saved)
    assert loaded.classes == fitted.classes == ("daisy", "rose", "tulip")
    assert np.array_equal(loaded.predict_proba(new_flowers), fitted.predict_proba(new_flowers))


def test_timm_gives_the_same_probabilities(fitted, saved, new_flowers):
    import timm
    import torch

    picture = new_flowers / "rose" / "0.jpg"
    network = timm.create_model(f"local-dir:{saved}", pretrained=True).eval()
    with torch.inference_mode():
        logits = network(torch.from_numpy(fitted.encoder.preprocess(open_example(picture))[None])).numpy()
    np.testing.assert_allclose(softmax(logits), fitted.predict_proba(picture), atol=1e-5)
    scores = fitted.saved.head.scores(fitted.embed(picture)) / fitted.saved.decoding.temperature
    np.testing.assert_allclose(logits, scores, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_every_head_fits_saves_loads_and_predicts_the_same(head, fake_network, flowers, new_flowers, tmp_path):
    model = hs.fit(flowers, head=head, hidden=8)
    model.save(tmp_path / "model")
    loaded = hs.load(tmp_path / "model")
    probabilities = model.predict_proba(new_flowers)
    assert probabilities.argmax(axis=1).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert np.array_equal(loaded.predict_proba(new_flowers), probabilities)
    assert loaded.saved.head.settings() == model.saved.head.settings()


def test_a_loaded_model_knows_how_good_it_was_found_to_be(fitted, saved):
    training = hs.load(saved).saved.training
    assert training.evaluation["accuracy"]["value"] == fitted.evaluation.accuracy.value
    assert training.counts == {"fit": 30, "score": 6}
    assert hs.load(saved).evaluation is None


# --- asked ------------------------------------------------------------------------------------------------------------


def test_one_picture_gives_one_prediction_and_several_give_a_list(fitted, new_flowers):
    path = str(new_flowers / "tulip" / "0.jpg")
    one = fitted.predict(path)
    assert (one.label, one.path) == ("tulip", path)
    assert one.probability == one.top[0].probability == fitted.predict_proba(path).max()
    assert sum(choice.probability for choice in one.top) == pytest.approx(1)
    assert fitted.predict([path]) == [one]
    assert [found.label for found in fitted.predict(new_flowers)] == ["daisy"] * 3 + ["rose"] * 3 + ["tulip"] * 3
    assert len(fitted.predict(str(new_flowers / "*" / "1.jpg"), top=2)) == 3
    assert len(fitted.predict(path, top=2).top) == 2


def test_pictures_in_memory_are_predicted_as_their_files_are(fitted, new_flowers):
    path = new_flowers / "rose" / "0.jpg"
    picture = Image.open(path)
    by_file = fitted.predict(path)
    for source in (picture, np.asarray(picture), path.read_bytes()):
        found = fitted.predict(source)
        assert (found.path, found.top) == ("#0", by_file.top)


def test_an_unreadable_picture_is_refused_by_name(fitted, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(ExampleError) as caught:
        fitted.predict(tmp_path / "a.jpg")
    assert str(caught.value) == (
        f"The picture '{tmp_path / 'a.jpg'}' cannot be read. The file is empty: it has 0 bytes. Leave it out."
    )


def test_embed_gives_the_same_rows_whether_from_the_store_or_from_the_model(fitted, flowers, session_cache):
    stored = hs.embed(flowers, cache=session_cache)
    assert stored.matrix.shape == (36, 1280)
    assert np.array_equal(stored.matrix, fitted.embed(flowers))


def test_rows_of_unreadable_pictures_are_nan_in_embed(fake_network, tmp_path):
    save_flowers(tmp_path / "data", 1)
    (tmp_path / "data" / "rose" / "0.jpg").write_bytes(b"no picture")
    with pytest.warns(hs.HeadstartWarning, match=r"1 picture is left out because unreadable:\n  rose/0.jpg"):
        matrix = hs.embed(tmp_path / "data").matrix
    assert np.isnan(matrix).all(axis=1).tolist() == [False, True, False]


# --- scored -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """A training and a test part, with a few wrong labels so that there is something to count."""
    save_flowers(tmp_path / "divided" / "train", 8)
    save_flowers(tmp_path / "divided" / "test", 5, seed=300)
    for number in range(3):
        save_noise(tmp_path / "divided" / "test" / "rose" / f"wrong-{number}.jpg", FLOWERS["tulip"], 600 + number)
    return tmp_path / "divided"


def test_evaluate_on_the_scored_part_repeats_the_numbers_of_fit(fake_network, divided):
    model = hs.fit(divided, head="lda")
    assert model.evaluation.accuracy.value == 15 / 18
    assert model.evaluate(divided / "test") == model.evaluation
    report = score_of(model, divided)
    assert repr(report.board) == repr(model.board)  # a score that is not defined is NaN, and equals nothing
    assert "The data brings its own split: only its test part was scored." in report.lines()


def test_the_numbers_are_those_of_the_probabilities(fake_network, divided):
    from sklearn.metrics import accuracy_score, f1_score, log_loss

    model = hs.fit(divided, head="lda")
    truth = [example.label for example in read_dataset(divided / "test").examples]
    probabilities = model.predict_proba(divided / "test")
    said = np.array(model.classes)[probabilities.argmax(axis=1)]
    assert model.evaluation.accuracy.value == pytest.approx(accuracy_score(truth, said))
    assert model.evaluation.macro_f1.value == pytest.approx(f1_score(truth, said, average="macro"))
    assert model.evaluation.log_loss.value == pytest.approx(log_loss(truth, probabilities))


def test_the_majority_class_and_colours_stand_beside_every_score(fake_network, divided):
    for number in range(4):
        save_noise(divided / "train" / "daisy" / f"more-{number}.jpg", FLOWERS["daisy"], 800 + number)
    board = hs.fit(divided, head="lda").board
    assert list(board.baselines) == ["majority", "colour_histogram"]
    assert board.baselines["majority"].accuracy.value == 5 / 18  # always a daisy
    encoder = ColourHistogram()

    def histograms(part: str) -> tuple[np.ndarray, list[str]]:
        examples = read_dataset(divided / part).examples
        inputs = np.stack([encoder.preprocess(open_example(example.source)) for example in examples])
        return encoder.encode(inputs), [example.label for example in examples]

    (train, labels), (test, truth) = histograms("train"), histograms("test")
    expected = RidgeClassifier(alpha=1.0).fit(train, labels).score(test, truth)
    assert board.baselines["colour_histogram"].accuracy.value == pytest.approx(expected)


def test_evaluate_brings_the_baselines_the_model_was_saved_with(fake_network, divided, new_flowers, tmp_path):
    hs.fit(divided, head="lda").save(tmp_path / "model")
    board = score_of(hs.load(tmp_path / "model"), new_flowers).board
    assert board.baselines["majority"].accuracy.value == pytest.approx(1 / 3)
    assert board.baselines["colour_histogram"].accuracy.value == 1


def test_classes_that_the_model_never_saw_are_refused(fake_network, flowers, new_flowers, tmp_path):
    shutil.copytree(new_flowers, tmp_path / "new")
    (tmp_path / "new" / "rose").rename(tmp_path / "new" / "peony")
    with pytest.raises(DataError) as caught:
        hs.fit(flowers, head="lda").evaluate(tmp_path / "new")
    assert str(caught.value) == (
        "The model never saw 'peony' (3 of 9 pictures). It knows 'daisy', 'rose' and 'tulip'. "
        "Take these pictures out, rename their class, or fit a model with it."
    )


def test_labels_are_matched_by_name_not_by_position(fake_network, flowers, new_flowers, tmp_path):
    shutil.copytree(new_flowers, tmp_path / "new")
    shutil.rmtree(tmp_path / "new" / "daisy")
    evaluation = hs.fit(flowers, head="lda").evaluate(tmp_path / "new")
    assert evaluation.accuracy.value == 1
    assert [row.support for row in evaluation.per_class] == [0, 3, 3]


def test_pictures_that_the_model_was_fitted_to_are_noticed(fake_network, flowers):
    report = score_of(hs.fit(flowers, head="lda"), flowers)
    assert (report.board.leaked, report.board.evaluation.count) == (30, 36)
    assert report.board.without_leaked.count == 6
    near = "The model knows the pictures it was fitted to by their bytes: near copies of them count as new ones here."
    assert near in report.lines() and near in report.to_json()["notices"]


def test_scoring_only_fitted_pictures_says_that_it_says_nothing(fake_network, divided):
    report = score_of(hs.fit(divided, head="lda"), divided / "train")
    assert "  Every scored picture was fitted: these numbers say nothing about new pictures." in report.lines()


def test_evaluate_names_unreadable_pictures_once_and_strict_refuses_them(fake_network, flowers, new_flowers, tmp_path):
    shutil.copytree(new_flowers, tmp_path / "new")
    (tmp_path / "new" / "rose" / "empty.jpg").write_bytes(b"")
    model = hs.fit(flowers, head="lda")
    report = score_of(model, tmp_path / "new")
    assert report.to_json()["failures"] == {"rose/empty.jpg": "The file is empty: it has 0 bytes."}
    assert sum("rose/empty.jpg" in line for line in report.lines()) == 1
    with pytest.raises(DataError, match=r"^1 picture cannot be read\."):
        score_of(model, tmp_path / "new", strict=True)


def test_evaluate_with_nothing_readable_is_refused(fake_network, flowers, tmp_path):
    (tmp_path / "new" / "rose").mkdir(parents=True)
    (tmp_path / "new" / "rose" / "a.jpg").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        hs.fit(flowers, head="lda").evaluate(tmp_path / "new")
    assert str(caught.value) == ("There is nothing to score. None of the pictures to score can be read. Replace them.")


def test_evaluate_draws_intervals_over_groups_when_asked(fake_network, flowers, divided):
    model = hs.fit(flowers, head="lda")
    plain = model.evaluate(divided / "test")
    grouped = model.evaluate(divided / "test", group_pattern="[a-z]+")
    assert (plain.groups, grouped.groups) == (None, 3)
    assert plain.accuracy.value == grouped.accuracy.value
    assert grouped.accuracy.method == "group bootstrap"


def test_two_classes_are_counted_as_positive_and_negative(fake_network, divided):
    for part in ("train", "test"):
        shutil.rmtree(divided / part / "daisy")
    evaluation = hs.fit(divided, head="lda").evaluation
    # The three wrong labels: said tulip, filed under rose.
    assert evaluation.binary == {"TP": 5, "FP": 3, "FN": 0, "TN": 5}


# --- balance ----------------------------------------------------------------------------------------------------------


def test_balance_helps_the_rare_class(fake_network, tmp_path):
    draw = np.random.default_rng(0)
    for part, counts in (("train", (60, 6)), ("test", (20, 20))):
        for label, (count, grey) in enumerate(zip(counts, (120, 126), strict=True)):
            (tmp_path / "data" / part / "ab"[label]).mkdir(parents=True)
            for number in range(count):
                pixels = np.full((8, 8, 3), draw.normal(grey, 6), dtype=np.float64) + draw.normal(0, 2, (8, 8, 3))
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(
                    tmp_path / "data" / part / "ab"[label] / f"{number}.png"
                )
    recalls = {}
    for balance in (False, True):
        rows = hs.fit(tmp_path / "data", head="logistic", balance=balance).evaluation.per_class
        recalls[balance] = [row.recall.value for row in rows]
    assert recalls[False][1] < 0.5 < recalls[True][1]
    assert np.mean(recalls[True]) > np.mean(recalls[False])


# --- what a run says --------------------------------------------------------------------------------------------------


def test_notices_of_the_head_are_told(fake_network, flowers, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(flowers, data)
    (data / "lily").mkdir()
    save_noise(data / "lily" / "0.jpg", (120, 120, 200), 5)
    report = run_fit(plan_fit(data, Recipe(head="lda"), RunContext()), RunContext()).report
    (notice,) = report.probe.notices
    assert str(notice) == (
        "Cross-validation could not score these classes, which have one example or one group only: 'lily'."
    )
    assert str(notice) in report.lines()
    assert str(notice) in report.to_json()["notices"]


def test_a_class_with_one_picture_is_fitted_and_named(fake_network, flowers, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(flowers, data)
    save_noise(data / "lily" / "0.jpg", (120, 120, 200), 5)
    lines = plan_fit(data, Recipe(), RunContext()).lines()
    assert "1 class has fewer than 5 pictures: lily (1)." in lines
    assert "The class 'lily' is fitted but not scored: the part that is scored has no picture of it." in lines
