"""How well named entities are found: precision, recall and F1 of whole entities, as conlleval and seqeval count."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Floats
from headstart.metrics.intervals import resampled_counts, spread_interval
from headstart.metrics.values import Evaluation, Score

_BEGINS, _ENDS, _OUT = "BSU", "ESLU", "O"


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """Words ``start`` up to ``end``, without it, and what they are."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class EntityEvaluation(Evaluation):
    """Scores of entities over ``count`` texts; ``kinds`` has (precision, recall, F1, entities) of each kind."""

    count: int
    entities: int
    precision: Score
    recall: Score
    f1: Score
    kinds: dict[str, tuple[float, float, float, int]]
    groups: int | None = None
    cross_validated: None = None


def find_entities(tags: Sequence[str]) -> list[Entity]:
    """Find the entities that tags in BIO, IOB or IOBES stand for, by the rules of conlleval.

    An entity begins with B, S or U, behind the end of another one, and where the kind changes; a tag I without a
    beginning begins one.

    Examples
    --------
    >>> [(one.start, one.end, one.kind) for one in find_entities(["I-PER", "I-PER", "B-PER", "O", "I-LOC", "I-PER"])]
    [(0, 2, 'PER'), (2, 3, 'PER'), (4, 5, 'LOC'), (5, 6, 'PER')]
    """
    found: list[Entity] = []
    start, last = 0, _OUT
    for place, tag in enumerate([*tags, _OUT]):
        inside = last != _OUT
        continues = tag != _OUT and tag[0] not in _BEGINS and last[0] not in _ENDS and tag[2:] == last[2:]
        if inside and not continues:
            found.append(Entity(start, place, last[2:]))
        if tag != _OUT and not (inside and continues):
            start = place
        last = tag
    return found


def tag_words(entities: Sequence[Entity], count: int) -> list[str]:
    """Return the tags of ``count`` words in BIO.

    Examples
    --------
    >>> tag_words([Entity(1, 3, "PER")], 4)
    ['O', 'B-PER', 'I-PER', 'O']
    """
    tags = [_OUT] * count
    for one in entities:
        tags[one.start : one.end] = [f"B-{one.kind}", *[f"I-{one.kind}"] * (one.end - one.start - 1)]
    return tags


def evaluate_entities(
    wanted: Sequence[Sequence[Entity]], found: Sequence[Sequence[Entity]], *, seed: int = 0, resamples: int = 1000
) -> EntityEvaluation:
    """Score the entities found in texts; intervals are drawn over texts.

    Examples
    --------
    >>> right = [[Entity(0, 1, "PER")], [Entity(0, 2, "LOC")]]
    >>> print(evaluate_entities(right, [[Entity(0, 1, "PER")], [Entity(0, 1, "LOC")]]).f1.value)
    0.5
    """
    kinds = sorted({one.kind for texts in (wanted, found) for text in texts for one in text})
    counts = np.array([[_count(*pair, kind) for kind in kinds] for pair in zip(wanted, found, strict=True)], float)
    counts = counts.reshape(len(wanted), len(kinds), 3)  # right, wanted, found
    by_text, by_kind = counts.sum(axis=1), counts.sum(axis=0)
    draws = np.concatenate(
        [by_text.T @ drawn for drawn in resampled_counts(len(wanted), resamples, len(wanted), seed)], 1
    )
    whole, spread = _scores(by_text.sum(axis=0)), _scores(draws)
    precision, recall, f1 = (
        spread_interval(float(value), one, len(wanted), float(by_text[:, 1:].sum()), "bootstrap")
        for value, one in zip(whole, spread, strict=True)
    )
    table = {}
    for kind, numbers in zip(kinds, by_kind, strict=True):
        own = [float(value) for value in _scores(numbers)]
        table[kind] = (own[0], own[1], own[2], int(numbers[1]))
    return EntityEvaluation(len(wanted), int(by_text[:, 1].sum()), precision, recall, f1, table)


def _count(wanted: Sequence[Entity], found: Sequence[Entity], kind: str) -> tuple[int, int, int]:
    right, given = ({one for one in entities if one.kind == kind} for entities in (wanted, found))
    return len(right & given), len(right), len(given)


def _scores(
    counts: Floats,
) -> list[Floats]:
    """Compute precision, recall and F1 from right, wanted and found ones, shape (3, ...); 0 where there is nothing."""
    right, wanted, found = counts
    return [right / np.maximum(found, 1), right / np.maximum(wanted, 1), 2 * right / np.maximum(wanted + found, 1)]
