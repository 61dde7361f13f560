"""Entities by the rules of conlleval, and answers by those of SQuAD: cases worked out by hand."""

import pytest

from headstart.metrics.answer_spans import evaluate_answers, normalise_answer, score_answer
from headstart.metrics.entities import Entity, evaluate_entities, find_entities, tag_words


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        ("O O", []),
        ("B-X I-X O B-X", [(0, 2, "X"), (3, 4, "X")]),
        ("I-X I-X", [(0, 2, "X")]),  # IOB: a beginning is only written between neighbours
        ("B-X B-X I-X", [(0, 1, "X"), (1, 3, "X")]),
        ("B-X I-Y I-Y", [(0, 1, "X"), (1, 3, "Y")]),
        ("O I-X B-Y", [(1, 2, "X"), (2, 3, "Y")]),
        ("B-X I-X E-X S-Y S-X", [(0, 3, "X"), (3, 4, "Y"), (4, 5, "X")]),
        ("E-X E-X", [(0, 1, "X"), (1, 2, "X")]),
        ("B-X L-X U-X I-X", [(0, 2, "X"), (2, 3, "X"), (3, 4, "X")]),
    ],
)
def test_entities_begin_and_end_by_the_rules_of_conlleval(tags, entities):
    found = find_entities(tags.split())
    assert [(one.start, one.end, one.kind) for one in found] == entities
    assert find_entities(tag_words(found, len(tags.split()))) == found


def test_only_whole_entities_of_the_right_kind_count():
    wanted = [[Entity(0, 2, "PER"), Entity(3, 4, "LOC")], [Entity(1, 2, "PER")], []]
    found = [[Entity(0, 2, "PER"), Entity(3, 4, "PER")], [Entity(1, 3, "PER")], [Entity(0, 1, "LOC")]]
    scores = evaluate_entities(wanted, found)
    # One of four found is right, and one of three wanted is found: by hand, and by seqeval 1.2.2 on the same tags.
    assert (scores.precision.value, scores.recall.value, scores.f1.value) == pytest.approx((1 / 4, 1 / 3, 2 / 7))
    assert scores.kinds == {"LOC": (0.0, 0.0, 0.0, 1), "PER": (pytest.approx(1 / 3), 0.5, pytest.approx(0.4), 2)}
    assert (scores.count, scores.entities) == (3, 3)
    assert scores.f1.low < scores.f1.value < scores.f1.high


def test_answers_are_compared_as_squad_does():
    assert normalise_answer("  The U.S.A., an Apple-pie ") == ["usa", "applepie"]
    assert score_answer(["the green car", "a car"], "green cars") == (0.0, 0.5)
    assert score_answer(["Denver Broncos"], "The Broncos!") == (0.0, pytest.approx(2 / 3))
    assert score_answer(["Denver Broncos"], "denver broncos.") == (1.0, 1.0)
    assert score_answer([""], "") == (1.0, 1.0) and score_answer(["x"], "") == (0.0, 0.0)


def test_chinese_answers_are_compared_by_characters():
    assert score_answer(["北京大学"], "北京。") == (0.0, pytest.approx(2 / 3))
    assert score_answer(["1998年"], "1998 年") == (1.0, 1.0)


def test_questions_without_answers_are_counted_and_scores_have_intervals():
    scores = evaluate_answers([["red"], [""], ["a blue car"], ["one"]], ["red", "", "car", "two"])
    assert (scores.count, scores.unanswerable, scores.exact.value) == (4, 1, 0.5)
    assert scores.f1.value == pytest.approx((1 + 1 + 2 / 3 + 0) / 4)
    assert scores.exact.low < 0.5 < scores.exact.high and scores.f1.low < scores.f1.high
