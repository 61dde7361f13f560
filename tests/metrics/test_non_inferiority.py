"""Tango's score test, beside the same test with its likelihood maximised numerically."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from headstart.metrics.non_inferiority import non_inferiority_confidence


def answers(gained: int, lost: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
    one[:gained] = False
    other[gained : gained + lost] = False
    return one, other


def by_numbers(gained: int, lost: int, count: int, margin: float) -> float:
    def loss(share: float) -> float:  # minus the log-likelihood when P(only the other) = share - margin
        rest = count - gained - lost
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = [
                (gained, share - margin),
                (lost, share),
                (rest, 1 - 2 * share + margin),
            ]
            return -sum(number * np.log(chance) if number else 0.0 for number, chance in terms)

    share = minimize_scalar(loss, bounds=(margin, (1 + margin) / 2), method="bounded", options={"xatol": 1e-12}).x
    spread = np.sqrt(count * (2 * share - margin - margin**2))
    return float(norm.cdf((gained - lost + count * margin) / spread))


@pytest.mark.parametrize(
    ("gained", "lost", "count", "margin"),
    [(5, 9, 240, 0.01), (0, 4, 240, 0.01), (12, 3, 661, 0.01), (30, 40, 661, 0.05), (1, 0, 50, 0.02), (9, 9, 40, 0.1)],
)
def test_it_is_the_score_test_at_the_constrained_maximum(gained, lost, count, margin):
    expected = by_numbers(gained, lost, count, margin)
    assert non_inferiority_confidence(*answers(gained, lost, count), margin) == pytest.approx(expected, abs=1e-5)


def test_equal_answers_of_few_pictures_say_little_and_of_many_much():
    confidences = [non_inferiority_confidence(*answers(0, 0, count), 0.01) for count in (10, 100, 1000)]
    assert confidences == sorted(confidences)
    assert confidences[0] < 0.65 and confidences[-1] > 0.999


def test_it_keeps_its_error_rate_where_the_accuracy_is_lower_by_exactly_the_margin():
    draw = np.random.default_rng(0)
    certain = 0
    for _ in range(2000):
        kinds = draw.choice(3, p=[0.02, 0.03, 0.95], size=600)
        certain += non_inferiority_confidence(kinds != 0, kinds != 1, 0.01) > 0.8
    assert certain / 2000 == pytest.approx(0.2, abs=0.03)
