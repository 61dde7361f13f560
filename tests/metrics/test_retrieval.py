"""How good a search is, against calculations by hand."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from headstart.metrics.retrieval import score_ranks


def test_recall_and_reciprocal_rank_are_those_of_a_calculation_by_hand():
    found = score_ranks(np.array([1, 3, 0, 7, 1, 40]))
    assert [found[name].value for name in ("recall@1", "recall@5", "recall@10")] == [2 / 6, 3 / 6, 4 / 6]
    assert found["mrr"].value == pytest.approx((1 + 1 / 3 + 0 + 1 / 7 + 1 + 1 / 40) / 6)


def test_recall_has_wilsons_interval_and_the_reciprocal_rank_one_around_it():
    ranks = np.random.default_rng(0).integers(0, 12, 200)
    found = score_ranks(ranks, seed=1)
    expected = proportion_confint(int(((ranks > 0) & (ranks <= 5)).sum()), 200, method="wilson")
    assert (found["recall@5"].low, found["recall@5"].high) == pytest.approx(expected)
    assert found["mrr"].low < found["mrr"].value < found["mrr"].high
    assert found == score_ranks(ranks, seed=1)
