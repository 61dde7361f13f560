"""Models of texts without labelled examples, from a few of them, and what stands beside them in a comparison."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import headstart
from headstart.cli.app import app
from headstart.data.example import Dataset
from headstart.data.named_classes import name_classes
from headstart.encoders.text.loading import load_encoder
from headstart.encoders.text.untrained import untrained_encoder
from headstart.errors import DataError, HeadstartWarning, RecipeError
from headstart.runtime.context import RunContext
from headstart.workflows.evaluate import score
from tiny_transformers import save_transformer

TEXTS = [f"{word} {rest}" for word in ("good", "bad") for rest in ("film", "film plot", "song", "very", "story", "war")]
LABELS = ["good"] * 6 + ["bad"] * 6
PAIRS = [*zip(TEXTS, LABELS, strict=True)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_transformer(tmp_path_factory.mktemp("zero") / "tiny")


@pytest.fixture
def settings(folder, session_cache):
    return {"encoder": str(folder), "cache": session_cache}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_first_model_answers_by_the_cosine_to_the_names_of_the_classes(settings, folder, session_cache, tmp_path):
    model = headstart.fit(TEXTS, labels=["love: good", "hate: bad"], out=tmp_path / "run", **settings)
    encoder = load_encoder(str(folder), cache=session_cache)
    texts, names = (encoder.encode([encoder.preprocess(one) for one in many]) for many in (TEXTS, ["bad", "good"]))
    scores = 10 * unit(texts - texts.mean(axis=0)) @ unit(names - names.mean(axis=0)).T
    by_hand = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert model.classes == ("hate", "love") and model.evaluation is None
    np.testing.assert_allclose(model.predict_proba(TEXTS), by_hand, atol=1e-5)
    loaded = headstart.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert loaded.predict("a good film?").label in loaded.classes  # a question is no pattern
    assert any("learned from the names of its classes alone" in str(one) for one in loaded.findings)
    assert loaded.evaluate([(text, "love" if label == "good" else "hate") for text, label in PAIRS]).count == 12


def test_no_label_is_looked_at_where_there_are_some_and_every_one_is_scored(settings):
    right, wrong, test = (
        headstart.fit([*zip(TEXTS, labels, strict=True)], shots=0, **given, **settings)
        for labels, given in ((LABELS, {}), (LABELS[::-1], {}), (LABELS, {"labels": ["bad", "good"]}))
    )
    assert right.evaluation.count == wrong.evaluation.count == 12
    assert right.evaluation.accuracy.value + wrong.evaluation.accuracy.value == pytest.approx(1)
    proba = [model.predict_proba(["good war", "a bad love story"]) for model in (right, wrong, test)]
    assert (proba[0] == proba[1]).all() and (proba[0] == proba[2]).all()
    assert right.evaluate(PAIRS).accuracy == right.evaluation.accuracy
    again = score(right, PAIRS[:10], headstart.Recipe(), RunContext(cache=settings["cache"])).board
    assert again.baselines["majority"].accuracy.value == 0.6  # six of the ten are good
    assert right.saved.training.counts == {"fit": 0, "score": 12}
    assert (right.saved.policy, right.saved.baseline, right.saved.references) == (None, None, None)


@pytest.mark.parametrize(
    ("language", "said", "page"),
    [
        (
            "en",
            "Parts: 4 texts to score. No text is learned from; of the parts that the data brings test is scored.",
            "Of the parts that the data brought test was scored.",
        ),
        ("zh", "划分：4 个用于评分。不从任何文本学习；数据自带的划分中，在测试集上评分。", "没有从任何文本学习"),
    ],
)
def test_names_are_scored_on_the_test_part_and_the_run_says_that_nothing_was_learned(
    settings, tmp_path, language, said, page
):
    rows = [(text, label, "test" if "film" in text else "train") for text, label in PAIRS]
    (tmp_path / "texts.csv").write_text("\n".join(map(",".join, [("text", "label", "split"), *rows])))
    common = ["--encoder", settings["encoder"], "--cache", str(settings["cache"]), "--out", str(tmp_path / "run")]
    command = ["fit", str(tmp_path / "texts.csv"), "--shots", "0", "--json", "--lang", language, *common]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 0, answer.stderr
    assert said in answer.stderr
    found = json.loads(answer.stdout)
    assert (found["counts"]["fit"], found["counts"]["score"], found["evaluation"]["count"]) == (0, 4, 4)
    assert [*found["baselines"]] == ["majority"]
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "On 4 texts, none of which the model learned from" in card and "0 fit, 4 score" in card
    assert page in (tmp_path / "run" / "report.html").read_text()


def test_the_command_line_says_what_the_first_model_answers(settings, tmp_path):
    (tmp_path / "texts.csv").write_text("\n".join(["text", *TEXTS]))
    common = ["--encoder", settings["encoder"], "--cache", str(settings["cache"]), "--out", str(tmp_path / "run")]
    answer = CliRunner().invoke(app, ["fit", str(tmp_path / "texts.csv"), "--labels", "good", "bad", "--json", *common])
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["classes"] == ["bad", "good"] and found["count"] == 12
    assert sum(found["shares"].values()) == pytest.approx(1)
    assert headstart.Recipe.from_toml(tmp_path / "run" / "recipe.toml").data.labels == ("good", "bad")


def test_names_that_tell_nothing_apart_are_said_to(session_cache):
    with pytest.warns(HeadstartWarning, match="Every text got the same class"):
        headstart.fit(TEXTS, labels=["politics", "sports"], encoder="words", cache=session_cache)


def test_pictures_have_no_names_that_could_be_read():
    plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 64)]
    with pytest.raises(RecipeError) as error:
        headstart.fit(plain, shots=0)
    assert str(error.value) == (
        "Encoders of pictures cannot read the names of classes, as those of texts can: give labelled examples."
    )


@pytest.mark.parametrize("labels", [["good"], ["good", "good: fine"], ["good", ": fine"]])
def test_names_of_classes_are_several_and_different(labels):
    with pytest.raises(DataError, match="needs the names of two classes or more, each different"):
        name_classes(Dataset("toy", (), modality="text"), labels)


@pytest.mark.parametrize("other", [{"head": "ridge"}, {"method": "lpft"}, {"folds": 5}, {"shots": 3}])
def test_what_needs_labels_does_not_go_with_names_alone(other):
    with pytest.raises(RecipeError, match="does not go with a model without labelled examples"):
        headstart.Recipe(labels=("good", "bad"), **other)


def test_a_few_examples_of_each_class_are_learned_from(settings):
    model = headstart.fit(PAIRS, shots=2, head="ridge", **settings)
    assert model.saved.training.counts == {"fit": 4, "score": 8}
    with pytest.raises(DataError, match="Nothing is left to score beside 9 texts of each class"):
        headstart.fit(PAIRS, shots=9, head="ridge", **settings)


def test_random_weights_are_those_of_the_same_network_and_of_the_seed(folder, session_cache):
    trained = load_encoder(str(folder), cache=session_cache)
    drawn = [untrained_encoder(trained.spec, trained.files, seed, session_cache) for seed in (0, 0, 1)]
    tokens = [trained.preprocess("a good film")]
    rows = [encoder.encode(tokens) for encoder in (trained, *drawn)]
    assert rows[0].shape == rows[1].shape == (1, 64)
    assert (rows[1] == rows[2]).all() and not np.allclose(rows[1], rows[3]) and not np.allclose(rows[0], rows[1])
    assert drawn[0].spec.digest not in (trained.spec.digest, drawn[2].spec.digest)


def test_a_comparison_of_texts_has_words_names_a_random_network_and_both_together(settings):
    usual = ["majority", "words", "zero_shot", "random", "probe", "stacked"]
    for arms in (usual, [*usual, "lora"]):
        given = {"arms": arms} if "lora" in arms else {}
        report = headstart.compare(PAIRS, shots=[2, "all"], draws=1, steps=2, test_fraction=0.34, **given, **settings)
        assert list(dict.fromkeys(point.arm for point in report.points)) == arms
        assert {gain.arm for gain in report.gains} == {*arms[4:]}
        assert {gain.against for gain in report.gains} == {"words"}
    zero = [point.accuracy.value for point in report.points if point.arm == "zero_shot"]
    assert zero[0] == zero[1]  # whatever the number of labels


def test_a_comparison_of_its_own_accord_leaves_out_the_random_network_that_an_encoder_lacks(session_cache):
    given = {"encoder": "words", "shots": [2], "draws": 1, "test_fraction": 0.34, "cache": session_cache}
    report = headstart.compare(PAIRS, **given)
    assert "random" not in {point.arm for point in report.points}
    assert "The arm random was left out" in str(report.findings[-1])
    with pytest.raises(RecipeError) as error:
        headstart.compare(PAIRS, arms=["word"], **given)
    assert str(error.value) == (
        "There is no arm 'word'. It can be majority, words, zero_shot, random, probe, stacked, scratch, matched, lora, "
        "lpft, full. Did you mean 'words'?"
    )
    with pytest.raises(RecipeError, match="has no copy with random weights"):
        headstart.compare(PAIRS, arms=["probe", "random"], **given)
