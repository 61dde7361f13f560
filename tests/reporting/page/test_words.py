"""What words alone reach stands beside vectors and both, and whether pretraining helped is said plainly."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t

from headstart.data.targets.classes import Classes
from headstart.encoders.term_features import TermFeatures
from headstart.encoders.text.terms import TermWeights
from headstart.heads.words import WordsHead, heaviest_terms
from headstart.metrics.classification.metrics import METRICS
from headstart.metrics.comparison import Comparison, Half, compare_with_baselines
from headstart.metrics.paired_tests import PairedDifference
from headstart.metrics.values import Score, ScoredPart
from headstart.probing.probe import fit_probe
from headstart.reporting.page.class_summary import best_baseline
from headstart.reporting.page.words import half_blocks, pretraining_sentence, words_blocks
from headstart.reporting.summary import _half_lines, score_lines
from headstart.runtime.catalogue import texts_in
from headstart.settings.recipe import Recipe
from headstart.workflows.fit_stages import add_moved


def answers(right, labels):
    return np.where((np.arange(2) == labels[:, None]) == right[:, None], 0.9, 0.1)


@pytest.fixture(scope="module")
def board():
    labels = np.arange(100) % 2
    part = ScoredPart(labels, ("a", "b"), None, np.zeros(100, dtype=np.bool_))
    some, more = np.arange(100) < 60, np.arange(100) < 90
    halves = {"words": answers(some, labels), "vectors": answers(some, labels), "both": answers(more, labels)}
    return compare_with_baselines(METRICS, part, halves["both"], {"majority": np.array([0.5, 0.5])}, halves=halves)


def test_halves_are_compared_in_pairs_with_words_alone(board):
    assert [round(one.score.value, 2) for one in board.halves.values()] == [0.6, 0.6, 0.9]
    assert board.halves["words"].over_first is None
    gain = board.halves["both"].over_first
    assert (gain.difference.value, gain.gained, gain.lost) == (pytest.approx(0.3), 30, 0)
    assert board.verdict == board.to_json()["pretraining"] == "helps"


def test_what_folds_have_in_common_makes_the_intervals_wider_and_is_said():
    labels, fold_of = np.arange(100) % 2, np.arange(100) // 20
    part = ScoredPart(labels, ("a", "b"), None, np.zeros(100, dtype=np.bool_), fold_of)
    halves = {"words": answers(np.arange(100) < 60, labels), "vectors": answers(np.arange(100) < 90, labels)}
    evaluation = METRICS.evaluate_folds(part, halves["vectors"][None], fold_of[None])
    found = compare_with_baselines(METRICS, part, halves["vectors"], {}, evaluation=evaluation, halves=halves)
    score, gain = found.halves["vectors"].score, found.halves["vectors"].over_first.difference
    by_fold = np.array([0.0, 0.0, 0.0, 1.0, 0.5])  # what vectors gain in each
    margin = t.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * by_fold.var(ddof=1))
    assert (score, gain.method) == (evaluation.accuracy, "corrected t")
    assert (gain.value, gain.low, gain.high) == pytest.approx((0.3, 0.3 - margin, 0.3 + margin))
    assert found.verdict == "open"
    for language, words in (("en", "These intervals are corrected"), ("zh", "按各折共有的数据校正")):
        texts = texts_in(language, "text")
        assert words in _half_lines(found, "accuracy", texts)[-1]
        assert words in half_blocks(found.to_json(), texts)[-1].text


def test_the_baseline_that_a_sentence_of_its_own_is_about_is_not_spoken_of_twice(board):
    weak = dataclasses.replace(board, baselines={"majority": board.baselines["majority"], "words": board.evaluation})
    note = texts_in("en", "text").say("reporting.not_better")
    target = Classes(("a", "b"))
    assert note not in score_lines(target, weak, "", texts=texts_in("en", "text"))
    assert note in score_lines(target, dataclasses.replace(weak, halves={}), "", texts=texts_in("en", "text"))
    assert best_baseline(weak.to_json(), unpaired=True) == ("majority", 0.5)
    assert best_baseline(weak.to_json())[0] == "words"


def with_gain(value, low, high):
    evaluation = Score(0.8, 0.7, 0.9)
    gain = PairedDifference(Score(value, low, high), 0, 0, 1.0, "mcnemar")
    return Comparison(evaluation, {}, halves={"words": Half(evaluation, None), "vectors": Half(evaluation, gain)})


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        ((0.05, 0.01, 0.09), "helps"),
        ((0.005, -0.01, 0.02), "same"),
        ((0.0, -0.2, 0.2), "open"),
        ((0.08, -0.01, 0.2), "open"),
        ((-0.05, -0.09, -0.01), "hurts"),
    ],
)
def test_what_pretraining_was_worth_follows_from_the_interval(gain, verdict):
    assert with_gain(*gain).verdict == verdict


def test_where_nothing_was_compared_nothing_is_said(board):
    alone = dataclasses.replace(board, halves={})
    assert (alone.verdict, _half_lines(alone, "accuracy", texts_in("en", "text"))) == ("", [])
    assert "halves" not in alone.to_json() and half_blocks(alone.to_json(), texts_in("en", "text")) == []


def test_console_and_page_say_it_in_both_languages(board):
    found = board.to_json()
    for language, sentence, name in (
        ("en", "Pretraining did not help here: words alone are as good.", "vectors alone"),
        ("zh", "预训练在这里没有帮助：仅凭词语同样好。", "仅凭向量"),
    ):
        texts = texts_in(language, "text")
        assert pretraining_sentence({**found, "pretraining": "same"}, texts) == sentence
        assert any(name in line for line in _half_lines(board, "accuracy", texts))
        table, said = half_blocks({**found, "pretraining": "same"}, texts)
        assert len(table.rows) == 3 and table.rows[2][2].text == "+30.0" and said.text == sentence


def test_both_halves_of_a_stacked_head_are_fitted_alone():
    random = np.random.default_rng(0)
    labels = np.arange(60) % 2
    said = [f"{'good' if label else 'bad'} film {number}" for number, label in enumerate(labels)]
    terms = TermWeights.fit(said)
    vectors = (random.normal(size=(60, 4)) + labels[:, None]).astype(np.float32)
    features = TermFeatures.of(vectors, lambda: terms.transform(said))
    probe = fit_probe(features, labels, Classes(("bad", "good")), np.arange(60), Recipe(head="stacked"))
    halves = probe.fit_halves()
    assert [(name, one.name) for name, one in halves.items()] == [
        ("words", "words"),
        ("vectors", "logistic"),
        ("both", "stacked"),
    ]
    assert np.allclose(halves["both"].outputs(features), probe.outputs(features), atol=1e-5)
    assert (halves["words"].outputs(features).argmax(axis=1) == labels).all()
    assert np.allclose(halves["vectors"].outputs(features), halves["vectors"].outputs(np.asarray(vectors)))
    heaviest = heaviest_terms(halves["words"].head, terms.vocabulary, ("bad", "good"), 1)
    assert {label: own[0][0] for label, own in heaviest.items()} == {"bad": "bad", "good": "good"}
    assert heaviest_terms(halves["vectors"].head, terms.vocabulary, ("bad", "good")) == {}


def test_the_largest_weights_come_first_and_a_class_without_weights_has_no_words():
    head = WordsHead(np.array([[0.1, 2.0, -3.0], [0.0, 0.0, 0.0]], np.float32), np.zeros(2, np.float32), 1.0)
    assert heaviest_terms(head, ("x", "y", "z"), ("a", "b"), 2) == {"a": [("y", 2.0), ("x", 0.1)]}


def test_words_of_classes_are_cells_of_a_table_that_the_page_escapes():
    (table,) = words_blocks({"a": ["<b>", "c"]}, "heaviest", texts_in("en", "text"))
    assert [cell.text for cell in table.rows[0]] == ["a", "<b>, c"]
    assert words_blocks({}, "telling", texts_in("zh", "text")) == []


def test_a_model_of_words_is_not_asked_to_beat_words():
    evaluation = {"accuracy": {"value": 0.8, "low": 0.7, "high": 0.9}}
    majority = {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}
    metrics = {"evaluation": evaluation, "baselines": {"majority": majority, "words": evaluation}}
    assert best_baseline({**metrics, "encoder": {"name": "words"}}) == ("majority", 0.5)
    assert best_baseline({**metrics, "encoder": {"name": "e5_small"}}) == ("words", 0.8)


def test_only_a_network_whose_moved_weights_were_taken_stands_beside_words_and_vectors():
    halves, outputs = {"words": np.ones((1, 2))}, np.zeros((1, 2))
    for tuned, names in (
        (None, ["words"]),
        (SimpleNamespace(encoder=None), ["words"]),
        (SimpleNamespace(encoder="moved"), ["words", "moved"]),
    ):
        final = SimpleNamespace(tuned=tuned)
        assert [*add_moved(halves, outputs, final)] == names
