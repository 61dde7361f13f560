import json
import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from headstart.metrics.classification.evaluation import evaluate
from headstart.metrics.classification.values import ClassEvaluation, ClassRow
from headstart.metrics.intervals import wilson
from headstart.metrics.values import Score

LETTERS = "abcdefghij"


def simulated(count, classes, seed=0, strength=2.5):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    logits = generator.normal(size=(count, classes))
    logits[np.arange(count), labels] += strength
    probabilities = np.exp(logits)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def all_scores(evaluation):
    for owner in (evaluation, *evaluation.per_class):
        for field in fields(owner):
            value = getattr(owner, field.name)
            if isinstance(value, Score):
                yield field.name, value
    yield from ((f"top_{k}", score) for k, score in evaluation.top_k.items())


def test_every_value_is_that_of_scikit_learn():
    labels, probabilities = simulated(300, 6)
    predicted = probabilities.argmax(axis=1)
    result = evaluate(labels, probabilities, LETTERS[:6], resamples=100)
    assert result.accuracy.value == sklearn_metrics.accuracy_score(labels, predicted)
    assert result.balanced_accuracy.value == pytest.approx(sklearn_metrics.balanced_accuracy_score(labels, predicted))
    for average in ("macro", "micro", "weighted"):
        for name, function in (
            ("precision", sklearn_metrics.precision_score),
            ("recall", sklearn_metrics.recall_score),
            ("f1", sklearn_metrics.f1_score),
        ):
            ours = getattr(result, f"{average}_{name}").value
            assert ours == pytest.approx(function(labels, predicted, average=average)), (average, name)
    one_hot = labels[:, None] == np.arange(6)
    auc = sklearn_metrics.roc_auc_score(labels, probabilities, multi_class="ovr")
    assert result.macro_roc_auc.value == pytest.approx(auc)
    average_precision = sklearn_metrics.average_precision_score(one_hot, probabilities)
    assert result.macro_average_precision.value == pytest.approx(average_precision)
    assert result.log_loss.value == pytest.approx(sklearn_metrics.log_loss(labels, probabilities))
    for k in (3, 5):
        expected = sklearn_metrics.top_k_accuracy_score(labels, probabilities, k=k)
        assert result.top_k[k].value == pytest.approx(expected)
    table = sklearn_metrics.precision_recall_fscore_support(labels, predicted)
    for number, row in enumerate(result.per_class):
        ours = (row.precision.value, row.recall.value, row.f1.value, row.support)
        assert ours == pytest.approx([column[number] for column in table])
        expected = sklearn_metrics.roc_auc_score(one_hot[:, number], probabilities[:, number])
        assert row.roc_auc.value == pytest.approx(expected)
    np.testing.assert_array_equal(result.confusion, sklearn_metrics.confusion_matrix(labels, predicted))


def test_accuracy_and_recalls_have_wilson_intervals():
    labels, probabilities = simulated(200, 4)
    result = evaluate(labels, probabilities, LETTERS[:4], resamples=100)
    shares = [(result.accuracy, sum(result.confusion[c][c] for c in range(4)), 200)]
    shares += [(row.recall, result.confusion[c][c], row.support) for c, row in enumerate(result.per_class)]
    for score, successes, count in shares:
        expected = stats.binomtest(successes, count).proportion_ci(method="wilson")
        assert (score.low, score.high) == pytest.approx(tuple(expected))
        assert score.method == "wilson"
    assert result.macro_f1.method == "bootstrap"
    assert result.groups is None


def test_the_same_seed_gives_the_same_evaluation_bit_for_bit():
    labels, probabilities = simulated(120, 5)
    first, again, other = (evaluate(labels, probabilities, LETTERS[:5], seed=s, resamples=200) for s in (3, 3, 4))
    assert first == again
    assert json.dumps(first.to_json()) == json.dumps(again.to_json())
    assert first.macro_f1.value == other.macro_f1.value
    assert first.macro_f1.low != other.macro_f1.low


def test_the_bootstrap_agrees_with_that_of_scipy_where_percentiles_are_good():
    labels, probabilities = simulated(400, 3, strength=1.2)
    predicted = probabilities.argmax(axis=1)
    ours = evaluate(labels, probabilities, LETTERS[:3], resamples=2000).macro_f1

    def macro_f1(labels, predicted):
        return sklearn_metrics.f1_score(labels, predicted, average="macro")

    scipys = stats.bootstrap(
        (labels, predicted), macro_f1, paired=True, vectorized=False, n_resamples=500, method="percentile", rng=0
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=0.012)


def test_a_binary_task_counts_the_second_class_as_positive():
    labels = np.array([1, 1, 1, 0, 0, 0, 0])
    positive = np.array([0.9, 0.8, 0.2, 0.7, 0.6, 0.1, 0.3])
    result = evaluate(labels, np.stack([1 - positive, positive], axis=1), ["healthy", "ill"], resamples=100)
    assert result.binary == {"TP": 2, "FP": 2, "FN": 1, "TN": 2}
    assert result.top_k == {}
    assert evaluate(*simulated(20, 3), "abc", resamples=100).binary is None


def test_top_k_is_given_only_where_k_is_smaller_than_the_number_of_classes():
    assert list(evaluate(*simulated(30, 3), "abc", resamples=100).top_k) == []
    assert list(evaluate(*simulated(30, 4), "abcd", resamples=100).top_k) == [3]
    assert list(evaluate(*simulated(30, 6), "abcdef", resamples=100).top_k) == [3, 5]


def test_groups_turn_every_interval_into_a_group_bootstrap():
    labels, probabilities = simulated(120, 3)
    result = evaluate(labels, probabilities, "abc", groups=[f"patient {n // 4}" for n in range(120)], resamples=200)
    assert result.groups == 30
    assert {score.method for _, score in all_scores(result)} == {"group bootstrap"}


def test_groups_of_one_example_change_nothing():
    labels, probabilities = simulated(60, 3)
    plain = evaluate(labels, probabilities, "abc", resamples=200)
    assert evaluate(labels, probabilities, "abc", groups=[str(n) for n in range(60)], resamples=200) == plain
    assert evaluate(labels, probabilities, "abc", groups=[None] * 60, resamples=200) == plain


def test_group_names_and_group_numbers_are_the_same():
    labels, probabilities = simulated(60, 3)
    named = evaluate(labels, probabilities, "abc", groups=[f"g{n % 9}" for n in range(60)], resamples=200)
    numbered = evaluate(labels, probabilities, "abc", groups=np.arange(60) % 9, resamples=200)
    assert named == numbered


def test_twins_in_one_group_widen_the_interval_to_that_of_the_singles():
    labels, probabilities = simulated(100, 3, strength=1.5)
    singles = evaluate(labels, probabilities, "abc", resamples=4000)
    twins = [np.repeat(values, 4, axis=0) for values in (labels, probabilities)]
    grouped = evaluate(*twins, "abc", groups=np.repeat(np.arange(100), 4), resamples=4000)
    alone = evaluate(*twins, "abc", resamples=4000)

    def width(score):
        return score.high - score.low

    for name in ("accuracy", "macro_f1", "macro_roc_auc", "log_loss", "brier"):
        single = width(getattr(singles, name))
        assert width(getattr(grouped, name)) == pytest.approx(single, rel=0.06), name
        assert width(getattr(alone, name)) == pytest.approx(single / 2, rel=0.1), name


def test_a_perfect_score_still_has_an_interval():
    labels = np.repeat(np.arange(4), 15)
    result = evaluate(labels, np.eye(4)[labels], "abcd", resamples=200)
    for name in ("accuracy", "macro_f1", "balanced_accuracy", "macro_average_precision", "weighted_f1"):
        score = getattr(result, name)
        assert score.value == score.high == 1.0
        assert score.low == pytest.approx(stats.binomtest(60, 60).proportion_ci(method="wilson").low), name
    in_groups = evaluate(labels, np.eye(4)[labels], "abcd", groups=np.arange(60) // 5, resamples=200)
    assert in_groups.accuracy.low == pytest.approx(stats.binomtest(12, 12).proportion_ci(method="wilson").low)


def test_a_rare_class_makes_a_perfect_macro_score_less_sure():
    labels = np.array([0] * 57 + [1] * 3)
    result = evaluate(labels, np.eye(2)[labels], "ab", resamples=100)
    worth = 2**2 / (1 / 57 + 1 / 3)  # between four times the rare class and all examples
    for name in ("macro_precision", "macro_recall", "macro_f1", "balanced_accuracy"):
        assert getattr(result, name).low == pytest.approx(wilson(worth, worth).low), name
    # Both rankings, of two classes, hang on the rarer one.
    assert result.macro_average_precision.low == pytest.approx(wilson(6, 6).low)
    assert result.macro_roc_auc.low == pytest.approx(wilson(12, 12).low)
    assert result.weighted_f1.low == pytest.approx(wilson(60, 60).low)


def test_a_class_that_does_not_occur_is_nan_in_its_row_and_left_out_of_the_averages():
    labels, probabilities = simulated(50, 3)
    wider = np.concatenate([probabilities, np.zeros((50, 1))], axis=1)
    three, four = (evaluate(labels, p, names, resamples=100) for p, names in ((probabilities, "abc"), (wider, "abcd")))
    absent = four.per_class[3]
    assert absent.support == absent.predicted == 0
    for score in (absent.precision, absent.recall, absent.f1, absent.roc_auc, absent.average_precision):
        assert math.isnan(score.value) and math.isnan(score.low) and math.isnan(score.high)
    for name in ("macro_f1", "macro_recall", "balanced_accuracy", "macro_roc_auc", "macro_average_precision"):
        assert getattr(four, name) == getattr(three, name)


@pytest.mark.parametrize("groups", [None, ["one"]])
def test_a_single_example_is_scored_without_a_warning(groups):
    result = evaluate(np.array([1]), np.array([[0.4, 0.6]]), ["a", "b"], groups=groups, resamples=100)
    assert (result.accuracy.value, result.accuracy.high) == (1.0, 1.0)
    assert result.accuracy.low == pytest.approx(0.2065, abs=1e-4)
    assert math.isnan(result.calibration_error.value)
    assert math.isnan(result.macro_roc_auc.value)
    assert math.isnan(result.log_loss.low)
    assert result.log_loss.value == pytest.approx(-math.log(0.6))


def test_a_single_class_in_the_test_part_is_scored_without_a_warning():
    _, probabilities = simulated(20, 3)
    result = evaluate(np.zeros(20, dtype=np.int64), probabilities, "abc", resamples=100)
    assert result.per_class[0].recall.value == result.accuracy.value
    assert math.isnan(result.per_class[0].roc_auc.value)
    assert math.isnan(result.macro_average_precision.low)
    assert result.per_class[1].precision.value == 0.0


def test_a_constant_answer_is_scored_without_a_warning():
    labels, _ = simulated(40, 4)
    result = evaluate(labels, np.tile([0.1, 0.4, 0.3, 0.2], (40, 1)), "abcd", resamples=100)
    assert result.accuracy.value == np.mean(labels == 1)
    assert result.macro_roc_auc.value == 0.5
    assert len(result.reliability) == 1


def test_json_has_no_nan_and_comes_back_as_it_went():
    labels, probabilities = simulated(20, 3)
    wider = np.concatenate([probabilities, np.zeros((20, 1))], axis=1)
    plain = evaluate(labels, wider, ["rose", "玫瑰", "c", "d"], resamples=100).to_json()
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
    assert json.loads(text) == plain
    assert plain["per_class"][3]["recall"] == {"value": None, "low": None, "high": None, "method": "wilson"}
    assert set(plain["accuracy"]) == {"value", "low", "high", "method"}
    assert set(plain) == {field.name for field in fields(ClassEvaluation)}
    assert set(plain["per_class"][0]) == {field.name for field in fields(ClassRow)}
    assert list(plain["top_k"]) == ["3"]


@st.composite
def tasks(draw):
    count, classes = draw(st.integers(1, 25)), draw(st.integers(1, 5))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    probabilities = generator.dirichlet(np.ones(classes), count)
    if draw(st.booleans()):
        probabilities = np.eye(classes)[probabilities.argmax(axis=1)]
    groups = generator.integers(0, draw(st.integers(1, 25)), count) if draw(st.booleans()) else None
    return generator.integers(0, classes, count), probabilities, LETTERS[:classes], groups


@settings(max_examples=60, deadline=None)
@given(tasks())
def test_every_score_lies_in_its_interval_and_its_range(task):
    labels, probabilities, classes, groups = task
    result = evaluate(labels, probabilities, classes, groups=groups, resamples=100)
    for name, score in all_scores(result):
        if name in ("log_loss", "brier"):
            assert score.value >= 0
            continue
        if math.isnan(score.value):
            assert math.isnan(score.low) and math.isnan(score.high)
        else:
            assert 0 <= score.low <= score.value + 1e-12 and score.value <= score.high + 1e-12 <= 1 + 2e-12, name
    assert sum(map(sum, result.confusion)) == result.count == len(labels)
    json.dumps(result.to_json(), allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(tasks(), st.randoms(use_true_random=False))
def test_no_value_depends_on_the_order_of_the_examples(task, random):
    labels, probabilities, classes, groups = task
    order = list(range(len(labels)))
    random.shuffle(order)
    first = evaluate(labels, probabilities, classes, groups=groups, resamples=100)
    moved = groups if groups is None else groups[order]
    second = evaluate(labels[order], probabilities[order], classes, groups=moved, resamples=100)
    for (name, before), (_, after) in zip(all_scores(first), all_scores(second), strict=True):
        assert before.value == pytest.approx(after.value, nan_ok=True, abs=1e-9), name
    assert first.confusion == second.confusion
    assert first.groups == second.groups


@pytest.mark.parametrize(
    ("labels", "probabilities", "groups", "message"),
    [
        ([0, 1], [[0.5, 0.5]], None, "Expected probabilities of shape (2, 2), both at least 1, got (1, 2)."),
        ([], np.zeros((0, 2)), None, "Expected probabilities of shape (0, 2), both at least 1, got (0, 2)."),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], None, "Expected labels from 0 to 1, got 0 to 2."),
        ([-1, 0], [[0.5, 0.5], [0.5, 0.5]], None, "Expected labels from 0 to 1, got -1 to 0."),
        ([0], [[0.5, math.nan]], None, "Expected rows of probabilities that sum to 1, got others or NaN."),
        ([0], [[2.0, -1.0]], None, "Expected rows of probabilities that sum to 1, got others or NaN."),
        ([0], [[0.5, 0.1]], None, "Expected rows of probabilities that sum to 1, got others or NaN."),
        ([0], [[0.5, 0.5]], ["a", "b"], "Expected 1 groups, one per example, got 2."),
    ],
)
def test_what_does_not_fit_together_is_refused(labels, probabilities, groups, message):
    with pytest.raises(ValueError) as caught:
        evaluate(np.array(labels, dtype=np.int64), np.array(probabilities), ["a", "b"], groups=groups)
    assert str(caught.value) == message
