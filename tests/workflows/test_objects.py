"""A model and what it is asked, as objects of Python: copies, pickles, other folders, data of every kind."""

import copy
import io
import os
import pickle

import joblib
import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.errors import DataError, HeadstartError

PLAIN = [
    (Image.new("RGB", (64, side), colour), colour) for colour in ("red", "blue") for side in range(60, 72)
]  # two classes that every head tells apart
RED = Image.new("RGB", (64, 64), "red")
COPIES = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "joblib": lambda model, folder: joblib.load(joblib.dump(model, folder / "model.joblib")[0]),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
}


@pytest.fixture(scope="module")
def fitted(lite0, session_cache) -> hs.Model:
    """Fitted, and asked once: its session is open."""
    model = hs.fit(PLAIN, cache=session_cache, head="ridge")
    model.predict(RED)
    return model


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_of_a_model_answers_the_same(kind, fitted, tmp_path):
    copied = COPIES[kind](fitted, tmp_path)
    assert np.array_equal(copied.predict_proba([RED]), fitted.predict_proba([RED]))
    assert (copied.classes, copied.findings, copied.files) == (fitted.classes, fitted.findings, fitted.files)


def test_a_copy_of_an_estimator_answers_the_same(lite0, session_cache):
    pictures, labels = zip(*PLAIN, strict=True)
    classifier = hs.TransferClassifier(head="ridge", cache=session_cache).fit(list(pictures), np.array(labels))
    for copied in (pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier)):
        assert copied.predict([RED]).tolist() == ["red"]


def test_a_program_may_change_its_folder_after_a_fit_or_a_load(lite0, tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for number, (picture, label) in enumerate(PLAIN):
        os.makedirs(f"data/{label}", exist_ok=True)
        picture.save(f"data/{label}/{number}.png")
    hs.fit("data", cache="cache", head="ridge", out="run")
    model = hs.load("run")
    monkeypatch.chdir(tmp_path / "there")
    assert model.predict(RED).label == "red"
    assert not list((tmp_path / "there").iterdir())
    # What a run keeps is as it was: names below the folder of the data.
    assert (tmp_path / "here" / "run" / "data.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("blue/")


@pytest.mark.filterwarnings("ignore::headstart.errors.HeadstartWarning")  # these are the pictures it was fitted to
def test_what_holds_the_data_makes_no_difference(fitted):
    file = io.BytesIO()
    RED.save(file, "PNG")
    assert fitted.predict(file).label == fitted.predict(file.getvalue()).label == "red"
    assert [one.label for one in fitted.predict(iter([RED, bytearray(file.getvalue())]))] == ["red", "red"]
    pictures, labels = zip(*PLAIN, strict=True)
    for data in (zip(pictures, labels, strict=True), (pictures, labels), {"image": pictures, "label": labels}):
        assert fitted.evaluate(data).accuracy.value == 1
    assert fitted.explain(file, method="occlusion", neighbours=0).target == "red"


@pytest.mark.parametrize(
    "odd", [None, 7, object(), b"", [None], [[]], {}, {"a": 1}, lambda: 0, np.array(3), ["x" * 5000]]
)
def test_every_call_explains_what_it_cannot_take(odd, fitted, session_cache):
    pictures, labels = map(list, zip(*PLAIN, strict=True))
    estimator, embedder = hs.TransferClassifier(cache=session_cache), hs.ImageEmbedder(cache=session_cache)
    for call in (
        *(hs.fit, hs.embed, hs.check, hs.rank, hs.compare, lambda data: hs.distance(data, pictures)),
        *(fitted.predict, fitted.predict_proba, fitted.embed, fitted.evaluate, fitted.explain),
        *(lambda data: estimator.fit(data, labels), lambda data: estimator.fit(pictures, data)),
        *(lambda data: estimator.fit(pictures, labels, groups=7 if data is None else data), embedder.transform),
    ):
        with pytest.raises(HeadstartError) as caught:
            call(odd)
        assert len(str(caught.value)) < 2000


def test_one_example_is_explained_at_a_time(fitted):
    with pytest.raises(DataError) as caught:
        fitted.explain([RED, RED])
    assert str(caught.value) == "Several pictures are given where one is expected. There are 2. Give one of them."


def test_one_hot_labels_are_numbers_for_scikit_learn(lite0, session_cache):
    pictures, labels = zip(*PLAIN, strict=True)
    codes = np.eye(2, dtype=int)[[int(label == "red") for label in labels]]
    classifier = hs.TransferClassifier(head="ridge", cache=session_cache)
    assert classifier.fit(list(pictures), codes).classes_.tolist() == [0, 1]
    assert classifier.predict([RED]).tolist() == [1]
    with pytest.raises(DataError, match="1 picture has no label"):
        classifier.fit(list(pictures), [None, *labels[1:]])


@pytest.mark.parametrize(("top", "said"), [(0, "out of range"), ("3", "Expected int, got str")])
def test_how_many_classes_are_listed_is_a_number(top, said, fitted):
    with pytest.raises(HeadstartError, match=said):
        fitted.predict(RED, top=top)


def test_one_picture_in_memory_is_embedded_as_one(lite0, session_cache):
    assert hs.embed(RED, cache=session_cache).matrix.shape == (1, 1280)


def test_what_is_one_of_several_is_given_without_a_list(lite0, session_cache):
    found = hs.compare(PLAIN, arms="majority", shots=2, draws=1, cache=session_cache)
    assert [(point.arm, point.shots) for point in found.points] == [("majority", "2")]
    assert len(hs.rank(PLAIN, "efficientnet_lite0", cache=session_cache).ranking.scored) == 1
