"""The outcome of a run in words."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.data.targets.classes import Classes
from headstart.heads.cv_scoring import CvScore
from headstart.heads.model_selection import Candidate
from headstart.metrics.classification.metrics import METRICS
from headstart.metrics.comparison import Comparison, compare_with_baselines
from headstart.metrics.values import Score, ScoredPart
from headstart.reporting.answers import failure_lines
from headstart.reporting.policy_lines import policy_lines, refusal
from headstart.reporting.summary import candidate_lines, score_lines
from headstart.uncertainty.evaluate import AnswerScores, PolicyScores

CLASSES = ("ant", "bee", "fly", "gnat", "moth", "wasp", "花蜂")

TARGET = Classes(())


def board(
    said: list[int],
    labels: list[int],
    classes: tuple[str, ...] = CLASSES,
    leaked: int = 0,
    groups: list[int] | None = None,
    simple: bool = True,
) -> Comparison:
    part = ScoredPart(
        np.array(labels), classes, None if groups is None else np.array(groups), np.arange(len(labels)) < leaked
    )
    certain = np.full((len(said), len(classes)), 0.1 / len(classes)) + 0.9 * np.eye(len(classes))[said]
    even = np.full((len(said), len(classes)), 1 / len(classes))
    beside = {"majority": even, "colour_histogram": even if simple else None}
    return compare_with_baselines(METRICS, part, certain, beside, resamples=100)


def test_scores_stand_in_columns_beside_the_baselines():
    found = board([0] * 20 + [1] * 20, [0] * 20 + [1] * 20, classes=("cat", "dog"))
    lines = score_lines(TARGET, found, "Scores:")
    names = ("accuracy", "balanced accuracy", "macro F1", "log-loss", "calibration error")
    assert lines[0] == "Scores:"
    assert [name.strip() for name in lines[1].split("  ") if name] == [
        *("this model", "majority class", "colour histogram")
    ]
    assert [line.strip().split("  ")[0] for line in lines[2:7]] == list(names)
    assert [cell.strip() for cell in lines[2].split("  ")[-3:]] == [
        *(str(evaluation.accuracy) for evaluation in (found.evaluation, *found.baselines.values()))
    ]
    assert lines[7:] == ["  TP 20, FP 0, FN 0, TN 20 (positive: dog)"]


@pytest.mark.parametrize(
    ("groups", "test"), [(None, "p = 0.0078 (McNemar's exact test)."), ([0, 1, 2, 3] * 10, "(bootstrap over groups).")]
)
def test_moved_weights_are_told_with_a_paired_test_beside_the_probe(groups, test):
    labels = np.arange(40) % 2
    wrong = (np.arange(40) % 4 == 0) & (np.arange(40) > 4)
    part = ScoredPart(labels, ("cat", "dog"), None if groups is None else np.array(groups), np.zeros(40, dtype=bool))
    probe = np.eye(2)[np.where(wrong, 1 - labels, labels)]
    found = compare_with_baselines(METRICS, part, np.eye(2)[labels], {"majority": np.array([0.5, 0.5]), "probe": probe})
    (said,) = [line for line in score_lines(TARGET, found, "") if "Moving" in line]
    low, high = 100 * found.over_probe.difference.low, 100 * found.over_probe.difference.high
    assert low < 20 < high
    start = f"  Moving the weights: +20.0 points [{low:+.1f}, {high:+.1f}] over the probe; of the pictures 8 won, 0 "
    assert said.startswith(start)
    assert said.endswith(test)
    assert not any("hurt" in line for line in score_lines(TARGET, found, ""))
    worse = compare_with_baselines(METRICS, part, probe, {"majority": np.array([0.5, 0.5]), "probe": np.eye(2)[labels]})
    hurt = "  It hurt here: the probe, which moves nothing, is better. Leave --method out."
    chance = "  That may be chance: the probe, which moves nothing, may be as good."  # few groups tell little
    assert (hurt if groups is None else chance) in score_lines(TARGET, worse, "")


def test_a_model_saved_without_colours_has_one_baseline():
    assert "colour" not in "".join(score_lines(TARGET, board([0, 1], [0, 1], simple=False), ""))


def test_the_hardest_classes_are_named_worst_first_and_only_those_with_mistakes():
    labels = [0, 0, 1, 1, 2, 2, 6, 6]
    said = [0, 0, 0, 0, 2, 6, 6, 6]
    lines = score_lines(TARGET, board(said, labels), "")
    assert "Hardest classes (F1): bee 0.00, ant 0.67, fly 0.67, 花蜂 0.80" in lines
    assert not any("Hardest" in line for line in score_lines(TARGET, board(labels, labels), ""))


def test_at_most_five_hard_classes_are_named():
    labels = list(range(7))
    (line,) = [line for line in score_lines(TARGET, board([1, 2, 3, 4, 5, 6, 0], labels), "") if "Hardest" in line]
    assert line == "Hardest classes (F1): ant 0.00, bee 0.00, fly 0.00, gnat 0.00, moth 0.00"


def test_groups_are_told():
    lines = score_lines(TARGET, board([0, 1, 2, 3], [0, 1, 2, 3], groups=[0, 0, 1, 1]), "")
    assert "  The intervals are drawn over 2 groups, not over pictures." in lines


def test_leaked_pictures_are_told_with_the_score_to_trust():
    found = board([0, 1, 2, 3], [0, 1, 2, 4], leaked=1)
    lines = score_lines(TARGET, found, "")
    where = lines.index("  1 scored picture also occurs in the fitted part (or shares a group with it).")
    assert lines[where + 1] == f"  Accuracy without it: {found.without_leaked.accuracy}. Trust this number."
    lines = score_lines(TARGET, board([0, 1, 2, 3], [0, 1, 2, 4], leaked=2), "")
    assert "  2 scored pictures also occur in the fitted part (or share a group with it)." in lines
    assert any(line.startswith("  Accuracy without them: ") for line in lines)


def test_a_model_is_held_against_the_baselines_on_pictures_that_are_new_to_it():
    known, new = list(range(7)) * 3, [1, 2, 3, 4]
    assert NOT_BETTER in score_lines(TARGET, board([*known, 0, 0, 0, 0], [*known, *new], leaked=21), "")
    assert NOT_BETTER not in score_lines(TARGET, board([*known, 0, 0, 0, 0], [*known, *new]), "")


def test_promises_kept_on_leaked_pictures_are_said_to_be():
    found, promises = board([0, 1, 2, 3], [0, 1, 2, 4], leaked=1), PolicyScores(4, None, None, None)
    said = "Knowing when not to answer, on all scored pictures, those of the fitted part among them:"
    assert said in score_lines(TARGET, found, "", promises)
    assert said not in score_lines(TARGET, replace(found, leaked=0, without_leaked=None), "", promises)


def test_nothing_but_leaked_pictures_says_nothing_about_new_ones():
    lines = score_lines(TARGET, board([0, 1], [0, 1], leaked=2), "")
    assert "  Every scored picture was fitted: these numbers say nothing about new pictures." in lines


NOT_BETTER = (
    "Note: the model is not clearly better than the best baseline here. The pictures may be unlike those the"
    " encoder was trained on, too few, or wrongly labelled."
)


def test_a_model_that_does_not_beat_the_baselines_is_said_to():
    labels = [0, 1] * 20
    assert score_lines(TARGET, board([1, 0] * 20, labels), "")[-1] == NOT_BETTER
    assert NOT_BETTER not in score_lines(TARGET, board(labels, labels), "")


def candidate(name: str, setting: object, accuracy: float) -> Candidate:
    nothing = np.zeros(0)
    return Candidate(name, setting, nothing, CvScore(1.0, 0.25, accuracy, nothing))


def test_candidates_stand_in_a_table_with_the_chosen_one_marked():
    candidates = [candidate("logistic", 2e-06, 0.9), candidate("knn", 10, 1.0), candidate("lda", "auto", 0.5)]
    assert candidate_lines(TARGET, [*candidates, candidate("x", None, 0.5)], "knn") == [
        "  head      accuracy  log-loss  setting",
        "  logistic     0.900     0.250  2e-06",
        "  knn          1.000     0.250  10       <- chosen",
        "  lda          0.500     0.250  auto",
        "  x            0.500     0.250",
    ]


def test_where_the_chosen_head_has_not_the_best_numbers_the_table_says_why():
    first, later = candidate("logistic", 1.0, 0.9), candidate("knn", 10, 0.9)
    better = replace(later, cv_score=replace(later.cv_score, loss=0.24))
    said = "  A later head is taken only where it is clearly better: small differences among several are chance."
    assert candidate_lines(TARGET, [first, better], "logistic")[-1] == said
    assert said not in candidate_lines(TARGET, [first, better], "knn")
    assert said not in candidate_lines(TARGET, [first, later], "logistic")
    worse = replace(better, cv_score=replace(better.cv_score, metric=0.8))
    assert said not in candidate_lines(TARGET, [first, worse], "logistic")


def test_what_too_few_pictures_leave_unpromised_is_said():
    nothing = AnswerScores(0.95, None, 0.0, Score(0.0, 0.0, 1.0, "wilson"), Score(0.0, 0.0, 1.0, "wilson"), 0)
    assert policy_lines(PolicyScores(2, None, nothing, None)) == [
        "Knowing when not to answer:",
        "  Sets of classes hold every class: fewer than 10 pictures could be held out to learn from.",
        "  A precision of 0.95 cannot be promised: fewer than 10 pictures could be held out to learn from. No picture "
        "gets an answer: add pictures.",
    ]
    assert str(refusal(replace(nothing, held_out=12))) == (
        "A precision of 0.95 cannot be promised, nor any other, from 12 held-out pictures. No picture gets an answer."
    )


@pytest.mark.parametrize(("count", "more"), [(0, []), (5, []), (6, ["... and 1 more unreadable picture."])])
def test_five_unreadable_pictures_are_named_and_the_rest_counted(count, more):
    lines = failure_lines({f"{number}.jpg": "It is empty." for number in range(count)})
    assert lines == [f"Left out, unreadable: {number}.jpg (It is empty.)" for number in range(min(count, 5))] + more


def test_many_unreadable_pictures_are_counted_with_a_comma():
    lines = failure_lines({str(number): "" for number in range(2000)})
    assert lines[-1] == "... and 1,995 more unreadable pictures."
