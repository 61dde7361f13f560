"""A score, the baselines beside it, and the score without leaked examples."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, log_loss

from headstart.data.targets.classes import Classes
from headstart.metrics.classification.evaluation import evaluate
from headstart.metrics.classification.metrics import METRICS
from headstart.metrics.comparison import Comparison, compare_with_baselines
from headstart.metrics.values import ScoredPart

CLASSES = ("ant", "bee", "fly")
LABELS = np.array([0, 0, 1, 1, 2, 2, 2, 1])


def probabilities(seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).random((8, 3)) + np.eye(3)[LABELS]
    return drawn / drawn.sum(axis=1, keepdims=True)


def part(leaked: list[int] | None = None, groups: np.ndarray | None = None) -> ScoredPart:
    mask = np.zeros(8, dtype=np.bool_)
    mask[leaked or []] = True
    return ScoredPart(LABELS, CLASSES, groups, mask)


def compare(
    scored: ScoredPart,
    model: np.ndarray,
    colours: np.ndarray | None = None,
    counts: list[int] | None = None,
    probe: np.ndarray | None = None,
    **settings: int,
) -> Comparison:
    target = Classes(CLASSES)
    majority = target.constant({"counts": counts or [1, 1, 1]})
    answers = {"majority": majority, "colour_histogram": colours, "probe": probe}
    return compare_with_baselines(METRICS, scored, model, answers, **settings)


def test_the_majority_baseline_is_that_of_scikit_learn():
    counts = [2, 5, 3]
    board = compare(part(), probabilities(0), counts=counts)
    fitted = np.repeat([0, 1, 2], counts)
    dummy = DummyClassifier(strategy="prior").fit(np.zeros((10, 1)), fitted)
    said = dummy.predict_proba(np.zeros((8, 1)))
    assert (
        board.baselines["majority"].accuracy.value == accuracy_score(LABELS, dummy.predict(np.zeros((8, 1)))) == 3 / 8
    )
    assert board.baselines["majority"].log_loss.value == pytest.approx(log_loss(LABELS, said))


def test_model_and_colours_are_scored_on_the_same_examples_with_the_same_resamples():
    board = compare(part(), probabilities(0), probabilities(1), seed=4, resamples=200)
    assert board.evaluation == evaluate(LABELS, probabilities(0), CLASSES, seed=4, resamples=200)
    assert board.baselines["colour_histogram"] == evaluate(LABELS, probabilities(1), CLASSES, seed=4, resamples=200)
    assert list(board.baselines) == ["majority", "colour_histogram"]


def test_without_colours_the_majority_stands_alone():
    assert list(compare(part(), probabilities(0)).baselines) == ["majority"]


def test_leaked_examples_are_counted_and_scored_without():
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    board = compare(part([0, 5], groups), probabilities(0), seed=2)
    keep = np.setdiff1d(np.arange(8), [0, 5])
    assert (board.leaked, board.evaluation.count, board.evaluation.groups) == (2, 8, 4)
    expected = evaluate(LABELS[keep], probabilities(0)[keep], CLASSES, groups=groups[keep], seed=2)
    assert board.without_leaked == expected
    assert board.trusted == (expected, board.baselines_without_leaked)


def test_the_baselines_too_are_scored_without_leaked_examples():
    board = compare(part([0, 5]), probabilities(0), probabilities(1), seed=2, probe=probabilities(2), resamples=200)
    keep = np.setdiff1d(np.arange(8), [0, 5])
    beside = board.baselines_without_leaked
    assert list(beside) == ["majority", "colour_histogram", "probe"]
    for name, seed in (("colour_histogram", 1), ("probe", 2)):
        assert beside[name] == evaluate(LABELS[keep], probabilities(seed)[keep], CLASSES, seed=2, resamples=200)


@pytest.mark.parametrize("leaked", [[], list(range(8))])
def test_there_is_no_second_score_when_none_or_all_leaked(leaked):
    board = compare(part(leaked), probabilities(0))
    assert (board.leaked, board.without_leaked) == (len(leaked), None)
    assert board.trusted == (board.evaluation, board.baselines)


def test_plain_data_holds_everything():
    board = compare(part([3]), probabilities(0), probabilities(1))
    found = board.to_json()
    assert set(found) == {"evaluation", "baselines", "leaked"}
    assert found["evaluation"] == board.evaluation.to_json()
    assert found["baselines"] == {
        "majority": board.baselines["majority"].to_json(),
        "colour_histogram": board.baselines["colour_histogram"].to_json(),
    }
    assert found["leaked"] == {
        "count": 1,
        "evaluation_without": board.without_leaked.to_json(),
        "baselines_without": {name: one.to_json() for name, one in board.baselines_without_leaked.items()},
    }
    assert compare(part(), probabilities(0)).to_json()["leaked"] == {
        "count": 0,
        "evaluation_without": None,
        "baselines_without": {},
    }


def test_moved_weights_are_compared_with_the_probe_in_pairs():
    model, probe = np.eye(3)[LABELS], np.eye(3)[[0, 0, 1, 1, 2, 2, 0, 0]]
    board = compare(part(), model, probe=probe)
    assert (board.over_probe.gained, board.over_probe.lost, board.over_probe.p) == (2, 0, 0.5)
    assert board.to_json()["moved"]["difference"]["value"] == 0.25
    assert "moved" not in compare(part(), model).to_json()
