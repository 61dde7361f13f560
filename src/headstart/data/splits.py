"""Who is learned from and who is scored: parts and folds that never divide a group or a pair of duplicates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from headstart.arrays import Booleans, Integers
from headstart.data.example import Dataset
from headstart.data.readers.base import NO_KEY
from headstart.errors import DataError
from headstart.runtime.findings import Finding


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of a dataset: positions of examples, ascending.

    Attributes
    ----------
    fit
        What is learned from; everything is chosen inside it, by cross-validation.
    score
        What is scored, once.
    rule
        How they were divided.
    leaked
        Those of ``score`` whose bytes, near copy or group are in ``fit`` too: only in a split that the user made.
    notices
        What the user should know about the division.
    unlabelled
        What is seen without its labels where nothing is fitted.
    """

    fit: Integers
    score: Integers
    rule: Finding
    leaked: Integers
    notices: tuple[Finding, ...] = ()
    unlabelled: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def seen(self) -> Integers:
        """What an encoder may be fitted to, which sees no label."""
        return self.fit if len(self.fit) else self.unlabelled


@dataclass(frozen=True, slots=True)
class Fold:
    """One turn of a cross-validation: positions that are learned from, and positions that are predicted."""

    train: Integers
    held_out: Integers


def merge_groups(keys: Sequence[bytes], groups: Sequence[str | None], copies: Sequence[Sequence[int]] = ()) -> Integers:
    """Give one number to examples that belong together: same group, same bytes, copies, or joined by a chain of these.

    Parameters
    ----------
    keys
        Digest of each example's bytes; 32 zero bytes mean that it is not known.
    groups
        Group of each example; None means none.
    copies
        Sets of positions of examples that belong together for another reason.

    Returns
    -------
    array of shape (N,)
        A number for each example, 0, 1, 2 ... in order of first appearance.

    Examples
    --------
    >>> merge_groups([b"a", b"b", b"a", b"c"], ["x", "y", "y", None]).tolist()
    [0, 0, 0, 1]
    """
    parent = list(range(len(keys)))

    def find(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]  # halve the path, so that it stays short
            index = parent[index]
        return index

    def join(one: int, other: int) -> None:
        low, high = sorted((find(one), find(other)))
        parent[high] = low

    first: dict[object, int] = {}
    for index, (key, group) in enumerate(zip(keys, groups, strict=True)):
        for name in (None if key == NO_KEY else key, group):  # bytes never equal text, so one table holds both
            if name is not None and first.setdefault(name, index) != index:
                join(first[name], index)
    for members in copies:
        for other in members[1:]:
            join(members[0], other)
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(find(index), len(numbers)) for index in range(len(keys))], dtype=np.int64)


def choose_parts(dataset: Dataset, together: Integers, usable: Integers, *, seed: int, test_fraction: float) -> Parts:
    """Divide the usable examples into a part to fit and a part to score.

    A split that the data brings is kept as it is: with a test part, train and validation are fitted; with only a
    validation part, that is scored. Otherwise a seeded share of each class is held out, never dividing groups.

    Parameters
    ----------
    together
        Number of the set each example of the dataset belongs to, as from :func:`merge_groups`.
    usable
        Positions of the examples that can be used.
    test_fraction
        Share of each class to hold out, when the data brings no split.

    Raises
    ------
    DataError
        When one of the parts would be empty.
    """
    splits = np.array([dataset.examples[int(index)].split or "train" for index in usable])
    together = together[usable]
    scored_split = next((name for name in ("test", "validation") if name in splits and len(set(splits)) > 1), None)
    if scored_split is None:
        return _draw_parts(dataset, usable, together, seed=seed, test_fraction=test_fraction)
    score = splits == scored_split
    fitted = [
        Finding(f"data.part_{name}") for name in ("train", "validation") if name in splits and name != scored_split
    ]
    values = {"fitted": fitted, "count": len(fitted), "scored": Finding(f"data.part_{scored_split}")}
    rule = Finding("data.rule_validation" if scored_split == "validation" else "data.rule_own", values, "note")
    leaked = score & np.isin(together, together[~score])
    labels = dataset.labels[usable]
    notices = [*leak_notices(leaked, score), *dataset.target.split_findings(labels[~score], labels[score])]
    return Parts(usable[~score], usable[score], rule, usable[leaked], tuple(notices))


def leak_notices(leaked: Booleans, score: Booleans) -> list[Finding]:
    """Return how many of the scored examples are in the fitted part too; both masks have shape (N,).

    Examples
    --------
    >>> str(leak_notices(np.array([True, False, False]), np.array([True, True, False]))[0])[:40]
    '1 of the 2 scored pictures is in the fit'
    """
    scored = Finding("data.scored_count", {"count": int(score.sum())})
    values = {"count": int(leaked.sum()), "scored": scored}
    return [Finding("data.leak", values)] if leaked.any() else []


def make_folds(labels: Integers, groups: Integers, count: int, seed: int) -> tuple[Fold, ...]:
    """Divide examples into folds of nearly the same share of each class; no group is divided.

    Parameters
    ----------
    labels
        Class number of each example, shape (N,).
    groups
        Number of the set each example belongs to, shape (N,), as from :func:`merge_groups`.
    count
        How many folds; fewer come out when there are fewer groups.
    seed
        Decides which examples meet in a fold.

    Raises
    ------
    DataError
        When all examples are of one group.

    Examples
    --------
    >>> folds = make_folds(np.array([0, 0, 1, 1]), np.arange(4), 2, seed=0)
    >>> [fold.held_out.tolist() for fold in folds]
    [[0, 2], [1, 3]]
    """
    fold_of = _assign_folds(labels, groups, count, np.random.default_rng(seed))
    filled = np.unique(fold_of)
    if len(filled) < 2:
        raise DataError("data.one_group")
    return tuple(Fold(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in filled)


def _draw_parts(dataset: Dataset, usable: Integers, together: Integers, *, seed: int, test_fraction: float) -> Parts:
    held = hold_out(dataset.strata[usable], together, test_fraction, seed)
    if not held.any():
        raise DataError("data.nothing_to_hold_out")
    grouped = len(np.unique(together)) < len(together)
    values = {"percent": 100 * test_fraction, "seed": seed, "part": dataset.target.stratum}
    rule = Finding("data.rule_drawn_grouped" if grouped else "data.rule_drawn", values, "note")
    labels = dataset.labels[usable]
    notices = dataset.target.split_findings(labels[~held], labels[held])
    return Parts(usable[~held], usable[held], rule, usable[:0], tuple(notices))


def hold_out(labels: Integers, groups: Integers, fraction: float, seed: int) -> Booleans:
    """Draw which examples are held out: a share of each class, no group divided; shape (N,).

    Large groups are offered first, in random order, and taken while they bring the classes nearer to their share;
    single examples then fill up the exact number. A class of one group is not held out. A class of several has at least
    one on each side, unless groups that span classes make that impossible.

    Examples
    --------
    >>> hold_out(np.array([0, 0, 0, 1, 1]), np.arange(5), 0.3, seed=0).tolist()
    [False, False, True, False, True]
    """
    random = np.random.default_rng(seed)
    totals = np.bincount(labels)
    target = np.minimum(np.maximum(np.rint(totals * fraction).astype(np.int64), 1), totals - 1)
    sizes = np.bincount(groups)
    held = np.zeros(len(labels), dtype=bool)
    taken = np.zeros_like(totals)
    members = _finder(groups)
    for group in random.permutation(np.flatnonzero(sizes > 1)):
        counts = np.bincount(labels[members(group)], minlength=len(totals))
        inside = counts > 0
        before, after = (target - taken)[inside], (target - taken - counts)[inside]
        if np.abs(after).sum() < np.abs(before).sum() and (totals - taken - counts)[inside].min() > 0:
            held[members(group)] = True
            taken += counts
    alone = np.flatnonzero(sizes[groups] == 1)
    of_class = _finder(labels[alone])
    for label in range(len(totals)):
        single = random.permutation(alone[of_class(label)])
        held[single[: max(0, target[label] - taken[label])]] = True
    _balance_groups(labels, groups, held)
    return held


def _balance_groups(labels: Integers, groups: Integers, held: Booleans) -> None:
    """Move, in place, a small group across for each class of several groups that is all on one side."""
    totals, taken = np.bincount(labels), np.bincount(labels[held], minlength=labels.max() + 1)
    members = _finder(groups)
    for label in np.flatnonzero((totals > 0) & ((taken == 0) | (taken == totals))):
        side = held[labels == label]
        own = np.unique(groups[labels == label])
        if len(own) < 2 or side.any() != side.all():  # nothing to move, or an earlier move has mended it
            continue
        for group in sorted(own, key=lambda number: len(members(number))):
            rest = labels[(held == side[0]) & (groups != group)]
            if np.isin(labels[members(group)], rest).all():  # no class is taken wholly from its side
                held[members(group)] = not side[0]
                break


def _assign_folds(labels: Integers, groups: Integers, count: int, random: "np.random.Generator") -> Integers:
    """Choose a fold for each example: large groups go where their classes are rarest, single examples fill up."""
    totals = np.bincount(labels)
    sizes = np.bincount(groups)
    fold_of = np.zeros(len(labels), dtype=np.int64)
    table = np.zeros((len(totals), count), dtype=np.int64)  # examples of each class in each fold
    members = _finder(groups)
    large = random.permutation(np.flatnonzero(sizes > 1))
    for group in large[np.argsort(-sizes[large], kind="stable")]:
        counts = np.bincount(labels[members(group)], minlength=len(totals))
        inside = counts > 0
        # How much the sum of squared class shares grows in each fold, up to a constant.
        growth = (counts[inside] / totals[inside] ** 2) @ table[inside]
        fold = np.lexsort((table.sum(axis=0), growth))[0]
        fold_of[members(group)] = fold
        table[:, fold] += counts
    alone = np.flatnonzero(sizes[groups] == 1)
    of_class = _finder(labels[alone])
    for label in range(len(totals)):
        single = random.permutation(alone[of_class(label)])
        fold_of[single] = folds = _fill(table[label], table.sum(axis=0), len(single))
        table[label] += np.bincount(folds, minlength=count)
    return fold_of


def _fill(levels: Integers, loads: Integers, count: int) -> Integers:
    """Pour ``count`` examples of a class into the folds so that its levels become even, the emptier folds first."""
    # No fold can rise above the level at which all are even, plus one.
    depth = count // len(levels) + int(levels.max() - levels.min()) + 1
    slots = levels[:, None] + np.arange(depth)
    folds = np.repeat(np.arange(len(levels)), depth)
    return folds[np.lexsort((loads[folds], slots.ravel()))[:count]]


def _finder(numbers: Integers) -> Callable[[int], Integers]:
    """Create a function that gives the positions at which a number stands."""
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers))

    def find(number: int) -> Integers:
        return order[ends[number - 1] if number else 0 : ends[number]] if number < len(ends) else order[:0]

    return find
