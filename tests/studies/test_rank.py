"""The order of encoders, and how sure it is."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest

from headstart.data.targets.classes import Classes
from headstart.metrics.paired_tests import holm
from headstart.probing.rows import Sample
from headstart.settings.recipe import Recipe
from headstart.studies.rank import Scored, rank_scored, score_encoder


def scored(name, right, logme=0.0):
    return Scored(name, np.asarray(right), {"logme": logme})


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_bonferroni_on_every_set_of_hypotheses_that_holds_the_one(seed):
    values = np.random.default_rng(seed).uniform(0, 0.3, size=5).tolist()
    sets = [chosen for size in range(1, 6) for chosen in combinations(range(5), size)]
    closed = [max(min(1.0, len(s) * min(values[i] for i in s)) for s in sets if one in s) for one in range(5)]
    assert holm(values) == pytest.approx(closed)


def test_the_order_is_that_of_the_accuracy_and_equals_go_by_logme():
    right = np.arange(20) < 10
    found = rank_scored(
        [scored("low", np.arange(20) < 5), scored("a", right, 0.1), scored("b", right, 0.2)], np.arange(20), 0, 200
    )
    assert [one.name for one in found.scored] == ["b", "a", "low"]
    assert [one.rank for one in found.standings] == [1, 2, 3]
    assert found.pairs[0].p == 1.0  # of twins
    assert not found.pairs[0].told_apart


def test_a_pair_is_judged_as_mcnemar_does():
    random = np.random.default_rng(0)
    one = random.random(400) < 0.8
    other = np.where(random.random(400) < 0.15, ~one, one)
    found = rank_scored([scored("one", one), scored("other", other)], np.arange(400), 0, 10_000).pairs[0]
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    exact = binomtest(only_one, only_one + only_other).pvalue
    assert found.p == pytest.approx(exact, rel=0.5, abs=0.02)
    assert abs(found.difference) == pytest.approx(abs(only_one - only_other) / 400)


def test_encoders_that_are_equally_good_are_seldom_told_apart():
    random = np.random.default_rng(1)
    wrong = 0
    for trial in range(100):
        pair = [scored(name, random.random(150) < 0.7) for name in "ab"]
        wrong += rank_scored(pair, np.arange(150), trial, 500).pairs[0].told_apart
    assert wrong <= 12  # 5 are expected


def test_groups_make_it_less_sure():
    random = np.random.default_rng(2)
    one, other = np.repeat(random.random(20) < 0.8, 10), np.repeat(random.random(20) < 0.6, 10)
    pair = [scored("one", one), scored("other", other)]
    alone = rank_scored(pair, np.arange(200), 0, 1000).pairs[0]
    grouped = rank_scored(pair, np.repeat(np.arange(20), 10), 0, 1000).pairs[0]
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_better_features_score_better_on_every_scale():
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    centres = random.normal(size=(3, 16))
    noise = random.normal(size=(90, 16))
    sample, target = Sample(np.arange(90), labels, np.arange(90), None), Classes(("a", "b", "c"))
    good, bad = (
        score_encoder(name, (noise + signal * centres[labels]).astype(np.float32), sample, target, Recipe())
        for name, signal in (("good", 2.0), ("bad", 0.2))
    )
    assert good.right.mean() > bad.right.mean()
    assert list(good.measures) == ["lda", "knn", "logme", "h_score"]
    for scale, value in good.measures.items():
        assert value > bad.measures[scale]
