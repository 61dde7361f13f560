"""A threshold of confidence for a wanted precision: its bound against SciPy, its promise by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from headstart.uncertainty.selective import (
    CERTAINTY,
    SelectiveOutcomes,
    effective_sample_size,
    precision_bound,
    select_threshold,
    selective_outcomes,
)


@settings(deadline=None)  # of a busy machine
@given(st.integers(1, 300), st.data())
def test_the_bound_is_that_of_clopper_and_pearson(count: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, count))
    exact = binomtest(right, count, alternative="greater").proportion_ci(CERTAINTY, method="exact").low
    assert precision_bound(right, count) == pytest.approx(exact, abs=1e-9)


def answers(seed: int, count: int = 400, honest: float = 1.0, groups: np.ndarray | None = None) -> SelectiveOutcomes:
    random = np.random.default_rng(seed)
    confidence = np.sort(random.uniform(0.4, 1.0, count))[::-1]
    correct = random.random(count) < confidence**honest
    return SelectiveOutcomes(confidence, correct, np.arange(count) if groups is None else groups)


@settings(deadline=None)  # of a busy machine
@given(st.integers(0, 10_000), st.floats(0.5, 0.99), st.floats(0.3, 3.0))
def test_what_is_promised_holds_on_the_held_out_answers(seed: int, wanted: float, honest: float) -> None:
    given_answers = answers(seed, honest=honest)
    found = select_threshold(given_answers, wanted)
    above = given_answers.confidence >= found.confidence
    if not found.reached:
        assert not above.any() and found.answered == 0 and found.bound < wanted
        return
    assert found.bound >= wanted
    assert found.precision == given_answers.correct[above].mean()
    assert found.answered == above.mean()
    assert found.bound == pytest.approx(precision_bound(given_answers.correct[above].sum(), above.sum()))


@settings(deadline=None)  # of a busy machine
@given(st.integers(0, 1000))
def test_more_wanted_precision_never_gives_more_answers_from_the_same_start(seed: int) -> None:
    given_answers = answers(seed)
    shares = [select_threshold(given_answers, wanted).answered for wanted in (0.6, 0.7, 0.8, 0.9)]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("honest", [0.5, 1.0, 2.0])
def test_the_true_precision_is_below_the_wanted_one_in_at_most_5_of_100_cases(honest: float) -> None:
    """With confidences that are right, too low, or far too high; the true precision above t is known."""
    wanted, failures, reached = 0.85, 0, 0
    for seed in range(400):
        found = select_threshold(answers(seed, honest=honest), wanted)
        if found.reached:
            reached += 1
            t = found.confidence
            true = (1 - t ** (honest + 1)) / (honest + 1) / (1 - t)  # mean of u ** honest for u in [t, 1]
            failures += true < wanted
    assert reached > 50
    assert failures / 400 < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_what_cannot_be_promised_is_said_with_what_can() -> None:
    found = select_threshold(SelectiveOutcomes(np.linspace(0.9, 0.5, 40), np.arange(40) % 2 == 0, np.arange(40)), 0.95)
    assert (found.reached, found.confidence, found.answered, found.held_out) == (False, math.inf, 0.0, 40)
    assert 0.3 < found.bound < 0.5


def test_too_few_answers_promise_nothing() -> None:
    found = select_threshold(SelectiveOutcomes(np.full(9, 0.9), np.ones(9, dtype=bool), np.arange(9)), 0.5)
    assert not found.reached


def test_equally_sure_answers_stay_together() -> None:
    confidence = np.repeat([0.9, 0.6], [15, 100])
    correct = np.r_[np.ones(15, dtype=bool), np.ones(60, dtype=bool), np.zeros(40, dtype=bool)]
    found = select_threshold(SelectiveOutcomes(confidence, correct, np.arange(115)), 0.8)
    assert (found.confidence, found.answered) == (0.9, pytest.approx(15 / 115))


def test_answers_of_one_group_are_worth_fewer() -> None:
    random = np.random.default_rng(0)
    right = random.random(50) < 0.8
    together = np.repeat(right, 10)  # ten pictures that are right or wrong together
    assert effective_sample_size(together, np.repeat(np.arange(50), 10)) == pytest.approx(50)
    assert effective_sample_size(random.random(500) < 0.8, np.arange(500)) == 500
    assert effective_sample_size(np.ones(500, dtype=bool), np.repeat(np.arange(50), 10)) == 50
    mixed = random.random(500) < 0.8  # groups that say nothing
    assert effective_sample_size(mixed, random.integers(0, 50, 500)) > 300


def test_groups_make_the_promise_smaller() -> None:
    whole = answers(1, honest=0.3)
    grouped = SelectiveOutcomes(whole.confidence, whole.correct, np.arange(400) % 20)
    assert select_threshold(grouped, 0.5).bound <= select_threshold(whole, 0.5).bound


def test_answers_are_sorted_by_confidence_with_their_groups() -> None:
    found = selective_outcomes(np.array([[0.6, 0.4], [0.1, 0.9], [0.7, 0.3]]), np.array([0, 0, 0]), np.array([5, 5, 2]))
    assert found.confidence.tolist() == [0.9, 0.7, 0.6]
    assert found.correct.tolist() == [False, True, True]
    assert found.groups.tolist() == [1, 0, 1]
