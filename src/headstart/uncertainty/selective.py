"""Answering only when sure enough: the threshold of confidence above which a wanted share of the answers is right."""

import math
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Booleans, Floats, Integers

CERTAINTY = 0.95  # of the lower bound
STEPS = 50  # thresholds tried at most
NEARLY = 0.003  # difference of two bounds that does not matter
FEWEST = 10  # answers that a threshold must be judged on


@dataclass(frozen=True, slots=True, eq=False)
class SelectiveOutcomes:
    """Held-out answers by falling confidence, n of them.

    Attributes
    ----------
    confidence
        Probability of the likeliest class, shape (n,).
    correct
        Whether it is the true one, shape (n,).
    groups
        Number of each answer's group, shape (n,).
    """

    confidence: Floats
    correct: Booleans
    groups: Integers


@dataclass(frozen=True, slots=True)
class Threshold:
    """How sure an answer must be, and what held-out answers say about it.

    Attributes
    ----------
    wanted
        Precision that was asked for.
    confidence
        Answers below it are not given; infinite when the precision cannot be promised.
    precision, bound
        Share of right answers among the held-out ones above it, and its lower bound with 95 % certainty. Where the
        wanted precision cannot be promised, those of the first threshold that was tested: this much can be.
    answered
        Share of the held-out examples that are answered.
    held_out
        Number of held-out examples.
    """

    wanted: float
    confidence: float
    precision: float
    bound: float
    answered: float
    held_out: int

    @property
    def reached(self) -> bool:
        """Whether the wanted precision can be promised."""
        return math.isfinite(self.confidence)


def selective_outcomes(probabilities: Floats, labels: Integers, groups: Integers | None = None) -> SelectiveOutcomes:
    """Sort held-out answers by falling confidence: probabilities of shape (n, C), labels and groups of shape (n,).

    Examples
    --------
    >>> selective_outcomes(np.array([[0.6, 0.4], [0.1, 0.9]]), np.array([1, 1])).correct.tolist()
    [True, False]
    """
    confidence = np.asarray(probabilities.max(axis=1), dtype=np.float64)
    order = np.argsort(-confidence, kind="stable")
    numbers = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    return SelectiveOutcomes(confidence[order], (probabilities.argmax(axis=1) == labels)[order], numbers[order])


def select_threshold(answers: SelectiveOutcomes | None, wanted: float) -> Threshold | None:
    """Select the smallest confidence above which at least ``wanted`` of the answers are right, with 95 % certainty.

    None when ``wanted`` is 0; a threshold out of reach when no answers, or too few, were held out.

    Trying many thresholds and taking the best would break the promise. So they are tested one after the other in an
    order that the correctness of the answers has no part in, each with the full error rate, until the first one fails
    (fixed sequence testing; Angelopoulos, Bates, Candes, Jordan and Lei 2021, *Learn then test*). The order begins
    where the confidences themselves promise the largest bound, and goes on to ever less sure answers.

    Examples
    --------
    >>> sure, unsure = np.full(200, 0.99), np.full(100, 0.5)
    >>> right = np.r_[np.ones(200, dtype=bool), np.arange(100) % 2 == 0]
    >>> found = select_threshold(SelectiveOutcomes(np.r_[sure, unsure], right, np.arange(300)), 0.95)
    >>> found.confidence, round(found.bound, 3), round(found.answered, 3)
    (0.99, 0.985, 0.667)
    >>> select_threshold(None, 0.0), select_threshold(None, 0.9).reached
    (None, False)
    """
    if not wanted:
        return None
    total = 0 if answers is None else len(answers.confidence)
    if answers is None or total < FEWEST:
        return Threshold(wanted, math.inf, math.nan, 0.0, 0.0, total)
    sizes = _sizes(answers.confidence)
    expected = np.cumsum(answers.confidence)
    promised = np.array([precision_bound(float(expected[size - 1]), float(size)) for size in sizes])
    start = int(np.flatnonzero(promised >= promised.max() - NEARLY)[-1])  # of nearly equals the one on most answers
    tried = [_threshold_at(answers, size, wanted) for size in sizes[start:]]
    passed = next((number for number, one in enumerate(tried) if one.bound < wanted), len(tried))
    if passed:
        return tried[passed - 1]
    return Threshold(wanted, math.inf, tried[0].precision, tried[0].bound, 0.0, total)


def precision_bound(right: float, count: float, certainty: float = CERTAINTY) -> float:
    """Compute the one-sided lower bound of Clopper and Pearson (1934) for a share of ``right`` among ``count``.

    The counts need not be whole, for answers whose groups make them worth fewer.

    Examples
    --------
    >>> round(precision_bound(59, 59), 3), round(precision_bound(95, 100), 3), precision_bound(0, 10)
    (0.95, 0.898, 0.0)
    """
    from scipy.special import betaincinv  # only where a threshold is chosen: it costs time at start

    if right <= 0 or count <= 0:
        return 0.0
    return float(betaincinv(right, count - right + 1, 1 - certainty))


def effective_sample_size(correct: Booleans, groups: Integers) -> float:
    """Compute how many independent answers these are worth: their number over the design effect of the groups.

    The design effect is the variance of the share of right answers when groups are drawn, over that when answers are
    drawn (Kish 1965). Where all answers agree it cannot be seen, and the number of groups counts.

    Examples
    --------
    >>> effective_sample_size(np.array([True, True, False, False]), np.array([0, 0, 1, 1]))
    2.0
    >>> effective_sample_size(np.array([True, False]), np.array([0, 1]))
    2.0
    """
    count = len(correct)
    numbers = np.unique(groups, return_inverse=True)[1]
    units = int(numbers.max()) + 1
    if units == count:
        return float(count)
    share = float(correct.mean())
    if share in (0.0, 1.0):
        return float(units)
    deviations = np.bincount(numbers, correct - share)
    effect = float(deviations @ deviations) / (count * share * (1 - share))
    return count / max(1.0, effect)


def _sizes(confidence: Floats) -> list[int]:
    """List how many answers each threshold lets through: at most fifty numbers, and none that parts equal ones."""
    total = len(confidence)
    ends = np.append(np.flatnonzero(confidence[1:] != confidence[:-1]), total - 1) + 1
    wanted = np.unique(np.linspace(FEWEST, total, STEPS).round())
    return sorted({int(ends[np.searchsorted(ends, size)]) for size in wanted})


def _threshold_at(answers: SelectiveOutcomes, size: int, wanted: float) -> Threshold:
    correct = answers.correct[:size]
    share = float(correct.mean())
    count = effective_sample_size(correct, answers.groups[:size])
    bound = precision_bound(share * count, count)
    confidence = float(answers.confidence[size - 1])
    total = len(answers.confidence)
    return Threshold(wanted, confidence, share, bound, size / total, total)
