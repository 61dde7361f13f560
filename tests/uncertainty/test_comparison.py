"""A score, the baselines beside it, and the score without leaked examples."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, log_loss

from headstart.metrics.evaluation import evaluate
from headstart.metrics.values import ScoredPart
from headstart.uncertainty.comparison import make_scoreboard

CLASSES = ("ant", "bee", "fly")
LABELS = np.array([0, 0, 1, 1, 2, 2, 2, 1])


def probabilities(seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).random((8, 3)) + np.eye(3)[LABELS]
    return drawn / drawn.sum(axis=1, keepdims=True)


def part(leaked: list[int] | None = None, groups: np.ndarray | None = None) -> ScoredPart:
    mask = np.zeros(8, dtype=np.bool_)
    mask[leaked or []] = True
    return ScoredPart(LABELS, CLASSES, groups, mask)


def test_the_majority_baseline_is_that_of_scikit_learn():
    counts = [2, 5, 3]
    board = make_scoreboard(part(), probabilities(0), None, counts)
    fitted = np.repeat([0, 1, 2], counts)
    dummy = DummyClassifier(strategy="prior").fit(np.zeros((10, 1)), fitted)
    said = dummy.predict_proba(np.zeros((8, 1)))
    assert board.majority.accuracy.value == accuracy_score(LABELS, dummy.predict(np.zeros((8, 1)))) == 3 / 8
    assert board.majority.log_loss.value == pytest.approx(log_loss(LABELS, said))


def test_model_and_colours_are_scored_on_the_same_examples_with_the_same_resamples():
    board = make_scoreboard(part(), probabilities(0), probabilities(1), [1, 1, 1], seed=4, resamples=200)
    assert board.evaluation == evaluate(LABELS, probabilities(0), CLASSES, seed=4, resamples=200)
    assert board.simple == evaluate(LABELS, probabilities(1), CLASSES, seed=4, resamples=200)
    assert list(board.baselines) == ["majority", "simple"]


def test_without_colours_the_majority_stands_alone():
    assert list(make_scoreboard(part(), probabilities(0), None, [1, 1, 1]).baselines) == ["majority"]


def test_leaked_examples_are_counted_and_scored_without():
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    board = make_scoreboard(part([0, 5], groups), probabilities(0), None, [1, 1, 1], seed=2)
    keep = np.setdiff1d(np.arange(8), [0, 5])
    assert (board.leaked, board.evaluation.count, board.evaluation.groups) == (2, 8, 4)
    expected = evaluate(LABELS[keep], probabilities(0)[keep], CLASSES, groups=groups[keep], seed=2)
    assert board.without_leaked == expected
    assert board.trusted == (expected, board.baselines_without_leaked)


def test_the_baselines_too_are_scored_without_leaked_examples():
    board = make_scoreboard(
        part([0, 5]), probabilities(0), probabilities(1), [1, 1, 1], seed=2, probe=probabilities(2), resamples=200
    )
    keep = np.setdiff1d(np.arange(8), [0, 5])
    beside = board.baselines_without_leaked
    assert list(beside) == ["majority", "simple", "probe"]
    for name, seed in (("simple", 1), ("probe", 2)):
        assert beside[name] == evaluate(LABELS[keep], probabilities(seed)[keep], CLASSES, seed=2, resamples=200)


@pytest.mark.parametrize("leaked", [[], list(range(8))])
def test_there_is_no_second_score_when_none_or_all_leaked(leaked):
    board = make_scoreboard(part(leaked), probabilities(0), None, [1, 1, 1])
    assert (board.leaked, board.without_leaked) == (len(leaked), None)
    assert board.trusted == (board.evaluation, board.baselines)


def test_plain_data_holds_everything():
    board = make_scoreboard(part([3]), probabilities(0), probabilities(1), [1, 1, 1])
    found = board.to_json()
    assert set(found) == {"evaluation", "baselines", "guard", "leaked"}
    assert found["evaluation"] == board.evaluation.to_json()
    assert found["baselines"] == {
        "majority": board.majority.to_json(),
        "simple": board.simple.to_json(),
    }
    assert found["leaked"] == {
        "count": 1,
        "evaluation_without": board.without_leaked.to_json(),
        "baselines_without": {name: one.to_json() for name, one in board.baselines_without_leaked.items()},
    }
    assert make_scoreboard(part(), probabilities(0), None, [1, 1, 1]).to_json()["leaked"] == {
        "count": 0,
        "evaluation_without": None,
        "baselines_without": {},
    }


def test_moved_weights_are_compared_with_the_probe_in_pairs():
    model, probe = np.eye(3)[LABELS], np.eye(3)[[0, 0, 1, 1, 2, 2, 0, 0]]
    board = make_scoreboard(part(), model, None, [1, 1, 1], probe=probe)
    assert (board.moved.gained, board.moved.lost, board.moved.p) == (2, 0, 0.5)
    assert board.to_json()["moved"]["difference"]["value"] == 0.25
    assert "moved" not in make_scoreboard(part(), model, None, [1, 1, 1]).to_json()
