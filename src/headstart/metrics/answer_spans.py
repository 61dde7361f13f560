"""How well questions are answered by a part of a text: exact match and F1 of words, as SQuAD defines them."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.metrics.intervals import mean_interval, resampled_means
from headstart.metrics.values import Evaluation, Score

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_SIGNS = str.maketrans("", "", string.punctuation + "，。！？；：、“”‘’（）《》【】…—·")
_CHARACTER = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]")


@dataclass(frozen=True, slots=True)
class AnswerEvaluation(Evaluation):
    """Scores of answers to ``count`` questions, of which ``unanswerable`` have none."""

    count: int
    unanswerable: int
    exact: Score
    f1: Score
    groups: int | None = None
    cross_validated: None = None


def normalise_answer(answer: str) -> list[str]:
    """Return the words that count: small letters, no signs, no English articles; Chinese characters one by one.

    Examples
    --------
    >>> normalise_answer("The  Eiffel-Tower!"), normalise_answer("在北京。")
    (['eiffeltower'], ['在', '北', '京'])
    """
    plain = _ARTICLES.sub(" ", answer.lower().translate(_SIGNS))
    return _CHARACTER.sub(r" \g<0> ", plain).split()


def score_answer(wanted: Sequence[str], answer: str) -> tuple[float, float]:
    """Compute exact match and F1 of an answer: the best over the right ones; an empty text is no answer.

    Examples
    --------
    >>> score_answer(["the red car", "car"], "red car"), score_answer([""], "car")
    ((1.0, 1.0), (0.0, 0.0))
    """
    given = normalise_answer(answer)
    pairs = [(float(right == given), _overlap(right, given)) for right in map(normalise_answer, wanted)]
    return max(exact for exact, _ in pairs), max(f1 for _, f1 in pairs)


def evaluate_answers(
    wanted: Sequence[Sequence[str]], answers: Sequence[str], *, seed: int = 0, resamples: int = 1000
) -> AnswerEvaluation:
    """Score answers against the right ones of each question; intervals are drawn over questions.

    Examples
    --------
    >>> evaluate_answers([["red"], ["a blue car"]], ["red", "car"]).f1.value
    0.8333333333333333
    """
    scores = np.array([score_answer(*pair) for pair in zip(wanted, answers, strict=True)]).T
    count = len(answers)
    draws = resampled_means(scores, np.ones(count), count, resamples, seed)
    exact = mean_interval(scores[0] > 0, draws[0], count)
    nothing = sum(all(not one for one in right) for right in wanted)
    return AnswerEvaluation(count, nothing, exact, mean_interval(scores[1], draws[1], count))


def _overlap(wanted: list[str], given: list[str]) -> float:
    if not wanted or not given:
        return float(wanted == given)
    same = sum((Counter(wanted) & Counter(given)).values())
    return 2 * same / (len(wanted) + len(given))
