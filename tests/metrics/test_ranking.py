import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from headstart.metrics.classification.ranking import plan_ranking, rank_scores


@st.composite
def ranked(draw):
    """Scores with many ties, which of them are positives, and whole-number weights."""
    count = draw(st.integers(2, 40))
    scores = draw(st.lists(st.integers(0, draw(st.integers(1, 30))), min_size=count, max_size=count))
    positive = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    weights = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return np.array(scores) / 30, np.array(positive), np.array(weights)


@given(ranked())
def test_both_scores_are_those_of_scikit_learn(case):
    scores, positive, weights = case
    assume(0 < (weights * positive).sum() < weights.sum())
    ours = rank_scores(plan_ranking(scores, positive), weights.astype(np.float64))
    auc = sklearn_metrics.roc_auc_score(positive, scores, sample_weight=weights)
    average_precision = sklearn_metrics.average_precision_score(positive, scores, sample_weight=weights)
    assert ours.roc_auc == pytest.approx(auc, abs=1e-12)
    assert ours.average_precision == pytest.approx(average_precision, abs=1e-12)


@given(ranked())
def test_weights_count_like_repeated_examples(case):
    scores, positive, weights = case
    columns = np.stack([weights, np.ones_like(weights)], axis=1).astype(np.float64)
    weighted = rank_scores(plan_ranking(scores, positive), columns)
    for column, copies in enumerate((weights, np.ones_like(weights))):
        repeated_positive = np.repeat(positive, copies)
        plan = plan_ranking(np.repeat(scores, copies), repeated_positive)
        repeated = rank_scores(plan, np.ones(len(repeated_positive)))
        np.testing.assert_allclose(weighted.roc_auc[column], repeated.roc_auc, atol=1e-12)
        np.testing.assert_allclose(weighted.average_precision[column], repeated.average_precision, atol=1e-12)


@given(ranked(), st.randoms(use_true_random=False))
def test_the_order_of_the_examples_does_not_matter(case, random):
    scores, positive, _ = case
    shuffled = list(range(len(scores)))
    random.shuffle(shuffled)
    ones = np.ones(len(scores))
    first = rank_scores(plan_ranking(scores, positive), ones)
    second = rank_scores(plan_ranking(scores[shuffled], positive[shuffled]), ones)
    np.testing.assert_allclose(first.roc_auc, second.roc_auc, atol=1e-12)
    np.testing.assert_allclose(first.average_precision, second.average_precision, atol=1e-12)


@given(ranked())
def test_scores_turned_round_turn_the_auc_round(case):
    scores, positive, _ = case
    assume(0 < positive.sum() < len(positive))
    ones = np.ones(len(scores))
    ahead = rank_scores(plan_ranking(scores, positive), ones).roc_auc
    behind = rank_scores(plan_ranking(-scores, positive), ones).roc_auc
    assert ahead + behind == pytest.approx(1)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_with_one_side_empty_nothing_is_defined(positive):
    result = rank_scores(plan_ranking(np.array([0.1, 0.2]), np.array(positive)), np.ones(2))
    assert math.isnan(result.roc_auc) and math.isnan(result.average_precision)


def test_what_comes_after_the_last_positive_is_not_kept():
    plan = plan_ranking(np.array([0.1, 0.9, 0.5, 0.3]), np.array([False, True, True, False]))
    assert plan.order.tolist() == [1, 2]
