"""Which classes and groups of the data are recognised worst when they are held out."""

from dataclasses import dataclass

from headstart.audit.label_noise import LabelReview
from headstart.data.example import Dataset
from headstart.metrics.intervals import wilson
from headstart.metrics.values import Score

SMALLEST_GROUP = 5  # examples: the accuracy of fewer says nothing


@dataclass(frozen=True, slots=True)
class GroupScore:
    """How often held-out examples of a class or group were recognised."""

    kind: str
    name: str
    count: int
    accuracy: Score


def score_groups(dataset: Dataset, review: LabelReview | None) -> tuple[GroupScore, ...]:
    """Compute how often held-out examples of each class and each group of the user were recognised, worst first."""
    if review is None:
        return ()
    right = review.held.probabilities.argmax(axis=1) == dataset.labels[review.positions]
    members: dict[tuple[str, str], list[int]] = {}
    for row, position in enumerate(review.positions.tolist()):
        example = dataset.examples[position]
        members.setdefault(("class", str(example.label)), []).append(row)
        if example.group is not None:
            members.setdefault(("group", example.group), []).append(row)
    scores = [
        GroupScore(kind, name, len(rows), wilson(float(right[rows].sum()), len(rows)))
        for (kind, name), rows in members.items()
        if len(rows) >= SMALLEST_GROUP
    ]
    return tuple(sorted(scores, key=lambda one: (one.accuracy.value, one.accuracy.high, one.kind, one.name)))
