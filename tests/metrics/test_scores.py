import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from headstart.metrics.classification.scores import (
    accuracy,
    balanced_accuracy,
    brier_losses,
    confusion_matrix,
    count_outcomes,
    f1,
    jaccard,
    log_losses,
    macro_average,
    precision,
    recall,
    true_class_rank,
    weighted_average,
    weighted_mean,
)


@st.composite
def decisions(draw):
    """Labels and predictions, with absent and never predicted classes, and whole-number weights."""
    classes = draw(st.integers(1, 6))
    count = draw(st.integers(1, 40))
    numbers = st.lists(st.integers(0, classes - 1), min_size=count, max_size=count)
    weights = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    weights[0] = max(weights[0], 1)
    labels, predicted = (np.array(draw(numbers), dtype=np.int64) for _ in range(2))
    return labels, predicted, classes, np.array(weights)


@given(decisions())
def test_per_class_scores_are_those_of_scikit_learn(case):
    labels, predicted, classes, weights = case
    counted = count_outcomes(labels, predicted, classes, weights.astype(np.float64))
    expected = sklearn_metrics.precision_recall_fscore_support(
        labels, predicted, labels=range(classes), sample_weight=weights, zero_division=np.nan
    )
    for ours, theirs in zip((precision(counted), recall(counted), f1(counted)), expected, strict=False):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    np.testing.assert_allclose(counted.support, expected[3])


@given(decisions())
def test_averages_are_those_of_scikit_learn(case):
    labels, predicted, classes, weights = case
    labels, predicted = np.repeat(labels, weights), np.repeat(predicted, weights)
    counted = count_outcomes(labels, predicted, classes)
    for kind, average in (("macro", macro_average), ("weighted", weighted_average)):
        expected = sklearn_metrics.precision_recall_fscore_support(labels, predicted, average=kind, zero_division=0)
        for score, theirs in zip((precision, recall, f1), expected, strict=False):
            assert average(score(counted), counted) == pytest.approx(theirs, rel=1e-12)
    assert accuracy(counted) == pytest.approx(sklearn_metrics.accuracy_score(labels, predicted))
    occurring = np.unique(labels)
    recalls = sklearn_metrics.recall_score(labels, predicted, labels=occurring, average="macro", zero_division=0)
    assert balanced_accuracy(counted) == pytest.approx(recalls)


@given(decisions())
def test_weights_count_like_repeated_examples(case):
    labels, predicted, classes, weights = case
    weighted = count_outcomes(labels, predicted, classes, np.stack([weights, np.ones_like(weights)], axis=1) * 1.0)
    repeated = count_outcomes(np.repeat(labels, weights), np.repeat(predicted, weights), classes)
    plain = count_outcomes(labels, predicted, classes)
    for score in (precision, recall, f1, jaccard):
        np.testing.assert_array_equal(score(weighted)[:, 0], score(repeated))
        np.testing.assert_array_equal(score(weighted)[:, 1], score(plain))
    for average in (macro_average, weighted_average):
        assert average(f1(weighted), weighted)[0] == pytest.approx(float(average(f1(repeated), repeated)))
    assert balanced_accuracy(weighted)[0] == pytest.approx(float(balanced_accuracy(repeated)))


@given(decisions())
def test_f1_is_a_function_of_the_jaccard_share(case):
    labels, predicted, classes, _ = case
    counted = count_outcomes(labels, predicted, classes)
    share = jaccard(counted)
    np.testing.assert_allclose(f1(counted), 2 * share / (1 + share))


@given(decisions())
def test_the_confusion_matrix_is_that_of_scikit_learn(case):
    labels, predicted, classes, _ = case
    assume(classes > 1)  # scikit-learn warns of a single class
    expected = sklearn_metrics.confusion_matrix(labels, predicted, labels=range(classes))
    np.testing.assert_array_equal(confusion_matrix(labels, predicted, classes), expected)


def random_probabilities(seed, count=200, classes=6, decimals=None):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(classes), size=count)
    if decimals is not None:
        probabilities = np.round(probabilities, decimals)
    return generator.integers(0, classes, count), probabilities


@pytest.mark.parametrize("k", [1, 3, 5])
def test_top_k_is_that_of_scikit_learn(k):
    labels, probabilities = random_probabilities(k)
    hits = true_class_rank(labels, probabilities) < k
    assert hits.mean() == pytest.approx(sklearn_metrics.top_k_accuracy_score(labels, probabilities, k=k))


def test_of_equal_probabilities_the_first_class_wins_in_the_rank_as_in_the_decision():
    labels, probabilities = random_probabilities(0, decimals=1)
    ranks = true_class_rank(labels, probabilities)
    np.testing.assert_array_equal(ranks == 0, probabilities.argmax(axis=1) == labels)


def test_the_log_loss_is_that_of_scikit_learn():
    labels, probabilities = random_probabilities(4)
    expected = sklearn_metrics.log_loss(labels, probabilities, labels=range(6))
    assert log_losses(labels, probabilities).mean() == pytest.approx(expected)


def test_a_true_class_of_probability_0_costs_36_nats_not_infinity():
    assert log_losses(np.array([1]), np.array([[1.0, 0.0]])) == pytest.approx(-np.log(np.finfo(float).eps))


def test_the_brier_score_is_that_of_scikit_learn():
    labels, probabilities = random_probabilities(5)
    expected = sklearn_metrics.brier_score_loss(labels, probabilities, labels=range(6), scale_by_half=False)
    assert brier_losses(labels, probabilities).mean() == pytest.approx(expected)


def test_a_weighted_mean_is_that_of_numpy():
    values, weights = np.array([1.0, 2.0, 4.0]), np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 5.0]])
    assert weighted_mean(values, weights).tolist() == [np.average(values, weights=weights[:, 0]), 4.0]
