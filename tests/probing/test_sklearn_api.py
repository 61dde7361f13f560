"""scikit-learn's contract: its own tools take the two estimators as they take any other."""

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

import headstart as hs
from fakes import FakeNetwork
from headstart.data.sources import read_dataset
from headstart.errors import DataError, ExampleError, RecipeError
from headstart.probing.sklearn_api import ImageEmbedder, TransferClassifier


@pytest.fixture
def network(tmp_path, monkeypatch) -> FakeNetwork:
    """A fake in place of every encoder, with a cache folder of its own."""
    fake = FakeNetwork()
    monkeypatch.setattr("headstart.probing.sklearn_api.load_encoder", lambda *_, **__: fake)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return fake


@pytest.fixture(scope="module")
def paths(flowers) -> list[str]:
    """Paths of 36 pictures: twelve of each class."""
    return [example.source for example in read_dataset(flowers).examples]


@pytest.fixture(scope="module")
def labels(flowers) -> list[str]:
    """Their labels."""
    return [example.label for example in read_dataset(flowers).examples]


def test_parameters_are_read_set_and_cloned():
    classifier = TransferClassifier("mobilenetv2", head="mlp", activation="tanh", hidden=7, balance=True, seed=3)
    copy = clone(classifier)
    assert copy is not classifier
    assert copy.get_params() == classifier.get_params()
    assert set(copy.get_params()) == {
        *("encoder", "head", "activation", "hidden", "balance", "inner_folds", "seed", "device", "cache")
    }
    assert copy.set_params(head="lda").head == "lda"
    assert clone(ImageEmbedder(cache="here")).get_params() == {
        "encoder": "efficientnet_lite0",
        "device": "auto",
        "cache": "here",
    }
    with pytest.raises(ValueError, match="Invalid parameter 'haed'"):
        classifier.set_params(haed="lda")


def test_the_defaults_are_those_of_the_recipe():
    recipe = hs.Recipe().to_json()
    for name, value in TransferClassifier().get_params().items():
        assert name == "cache" or value == recipe[name], name


def test_a_classifier_is_known_as_one():
    assert is_classifier(TransferClassifier())
    assert not is_classifier(ImageEmbedder())


@pytest.mark.parametrize("kind", [str, int])
def test_classes_are_sorted_and_keep_their_type(kind, network, paths, labels):
    numbers = {"tulip": 10, "rose": 2, "daisy": 7}
    y = labels if kind is str else [numbers[label] for label in labels]
    classifier = TransferClassifier(head="lda").fit(paths, y)
    assert classifier.classes_.tolist() == (["daisy", "rose", "tulip"] if kind is str else [2, 7, 10])
    assert classifier.classes_.dtype == np.asarray(y).dtype
    assert classifier.predict(paths).dtype == classifier.classes_.dtype
    assert classifier.predict(paths).tolist() == y


def test_columns_of_probabilities_are_in_the_order_of_the_classes(network, paths, labels):
    classifier = TransferClassifier(head="ridge").fit(paths, labels)
    probabilities = classifier.predict_proba(paths)
    assert probabilities.shape == (36, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert classifier.classes_[probabilities.argmax(axis=1)].tolist() == labels
    assert classifier.score(paths, labels) == accuracy_score(labels, classifier.predict(paths)) == 1


def test_fit_returns_the_estimator_and_refits_from_the_start(network, paths, labels):
    classifier = TransferClassifier(head="lda")
    assert classifier.fit(paths, labels) is classifier
    classifier.fit(paths[:24], labels[:24])
    assert classifier.classes_.tolist() == ["daisy", "rose"]
    assert classifier.predict_proba(paths[:1]).shape == (1, 2)


def test_what_is_not_fitted_says_so(network, paths):
    for call in (TransferClassifier().predict, TransferClassifier().predict_proba):
        with pytest.raises(NotFittedError, match="This TransferClassifier instance is not fitted yet"):
            call(paths)


def test_cross_val_score_encodes_every_picture_once(network, paths, labels):
    scores = cross_val_score(TransferClassifier(head="centroid"), paths, labels, cv=3)
    assert scores.tolist() == [1, 1, 1]
    assert sum(network.seen) == 36


def test_a_grid_search_chooses_a_head(network, paths, labels):
    search = GridSearchCV(TransferClassifier(), {"head": ["lda", "knn"], "balance": [True, False]}, cv=2)
    search.fit(np.array(paths), labels)
    assert search.best_score_ == 1
    assert search.best_estimator_.predict(paths).tolist() == labels
    assert len(search.cv_results_["params"]) == 4


def test_groups_stay_together_inside_and_outside(network, paths, labels):
    sites = [position % 4 for position in range(36)]
    classifier = TransferClassifier(head="lda", inner_folds=4).fit(paths, labels, groups=sites)
    assert classifier.predict(paths).tolist() == labels
    scores = cross_val_score(TransferClassifier(head="lda"), paths, labels, groups=sites, cv=GroupKFold(4))
    assert scores.tolist() == [1, 1, 1, 1]


def test_groups_reach_the_inner_cross_validation(network, paths, labels, monkeypatch):
    seen = []

    def spy(features, numbers, names, groups, recipe):
        seen.append(groups.tolist())
        raise InterruptedError

    monkeypatch.setattr("headstart.probing.sklearn_api.fit_probe", spy)
    with pytest.raises(InterruptedError):
        TransferClassifier().fit([*paths[:3], paths[0]], [*labels[:3], "rose"], groups=["a", "b", "a", "c"])
    assert seen == [[0, 1, 0, 0]]  # the last is the first picture again, so it belongs to that one's group


def test_every_parameter_reaches_the_fit(network, paths, labels, monkeypatch):
    seen = []

    def spy(features, numbers, names, groups, recipe):
        seen.append(recipe)
        raise InterruptedError

    monkeypatch.setattr("headstart.probing.sklearn_api.fit_probe", spy)
    settings = {
        "encoder": "mobilenetv2",
        "head": "mlp",
        "activation": "tanh",
        "hidden": 9,
        "balance": True,
        "inner_folds": 3,
        "seed": 4,
        "device": "cpu",
    }
    with pytest.raises(InterruptedError):
        TransferClassifier(**settings).fit(paths, labels)
    assert seen == [hs.Recipe(**settings)]


def test_the_embedder_is_a_step_of_a_pipeline(network, paths, labels):
    pipeline = make_pipeline(ImageEmbedder(), LogisticRegression())
    assert cross_val_predict(pipeline, paths, labels, cv=3).tolist() == labels
    pipeline.set_params(imageembedder__encoder="mobilenetv2")
    assert clone(pipeline)[0].encoder == "mobilenetv2"
    assert Pipeline([("pictures", ImageEmbedder()), ("head", LogisticRegression())]).fit(paths, labels).score(
        paths, labels
    ) == 1  # fmt: skip


def test_the_embedder_needs_no_fit_and_gives_the_rows_of_embed(lite0, paths, flowers, session_cache):
    matrix = ImageEmbedder(cache=session_cache).transform(paths[:12])
    assert np.array_equal(matrix, hs.embed(flowers, cache=session_cache).matrix[:12])
    assert (matrix.shape, matrix.dtype) == ((12, 1280), np.float32)
    assert np.array_equal(ImageEmbedder(cache=session_cache).fit_transform(paths[:12]), matrix)


def test_pictures_and_arrays_are_taken_as_their_files_are(network, paths):
    embedder = ImageEmbedder()
    by_path = embedder.transform(paths)
    pictures = [Image.open(path) for path in paths]
    assert np.array_equal(embedder.transform(pictures), by_path)
    assert np.array_equal(embedder.transform(np.stack([np.asarray(picture) for picture in pictures])), by_path)


def test_a_picture_that_cannot_be_read_is_named(network, paths, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(ExampleError) as caught:
        ImageEmbedder().transform([paths[0], tmp_path / "a.jpg"])
    assert str(caught.value).startswith(
        f"The picture '{tmp_path / 'a.jpg'}' cannot be read. The file is empty: it has 0 bytes."
    )


def test_what_no_classifier_can_be_fitted_to_is_refused(network, paths, labels):
    with pytest.raises(DataError, match=r"^There are 36 pictures and 35 labels\. Give one label each\.$"):
        TransferClassifier().fit(paths, labels[:-1])
    with pytest.raises(DataError, match=r"^There is only one class, 'daisy'\. Give pictures of two or more classes\.$"):
        TransferClassifier().fit(paths[:12], labels[:12])
    with pytest.raises(DataError, match=r"^There is no picture\. Give pictures of two or more classes\.$"):
        TransferClassifier().fit([], [])
    with pytest.raises(RecipeError, match=r"Did you mean 'ridge'\?$"):
        TransferClassifier(head="rigde").fit(paths, labels)
    with pytest.raises(ValueError, match="Unknown label type"):
        TransferClassifier().fit(paths, np.linspace(0, 1, 36))


def test_the_same_seed_gives_the_same_probabilities(network, paths, labels):
    first, second = (TransferClassifier(seed=5).fit(paths, labels).predict_proba(paths) for _ in range(2))
    assert np.array_equal(first, second)
