"""Facts that have nothing to do with what an example says or shows, and how far they alone give its class away."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np

from headstart.arrays import Booleans, Floats, Integers
from headstart.data.example import Dataset
from headstart.data.splits import make_folds
from headstart.metrics.intervals import mean_interval, resampled_means
from headstart.metrics.paired_tests import interval
from headstart.metrics.values import Score, plain_data
from headstart.modalities.base import load_modality
from headstart.runtime.findings import Finding

Fact = Sequence[float] | Sequence[str]  # a number or a category of each example
FactTable = Mapping[str, Fact]  # by their names

ALL = "all"  # name of the facts together
MOST = 5000  # examples that are looked at: the interval of a share is then 0.03 wide
FEWEST = 40  # examples below which nothing could be said
FOLDS, RESAMPLES = 5, 1000
LEAVES, LEAF = (3, 16), 5  # of a tree: one for every 50 examples, and how many each has at least
# Part of the mistakes of who always names the most frequent class: what avoids less cannot move an accuracy by much.
MATTERS = 0.1
APART = 0.5  # by how much more often a class is named where it is true than where not: one class of many, told well
SURE = 0.05  # chance, over all facts and classes, that something is found where nothing is
NAMED = 3  # facts that are named one by one


class Shortcuts(Protocol):
    """A module that measures such facts of the examples of one modality."""

    def measure_facts(self, dataset: Dataset, positions: Integers) -> FactTable:
        """Measure the examples at N positions; NaN, or "", where a fact is unknown."""


@dataclass(frozen=True, slots=True)
class FactScore:
    """How well a fact, or all together, tell the class of examples that nothing was fitted to.

    Attributes
    ----------
    fact
        Its name; ``all`` for all together.
    accuracy, gain
        Share of right answers, and how much it is above that of the most frequent class, as intervals.
    label
        The class that is told best.
    separation
        By how much more often that class is named where it is true than where it is not, from -1 to 1.
    inside, outside
        What is usual of the fact in that class and elsewhere: the median, or the share of the most frequent category
        of the class; None of all together, or where unknown.
    category
        That category; "" where the fact is a number.
    matters
        Whether it gives classes away: see :func:`find_shortcuts`.
    """

    fact: str
    accuracy: Score
    gain: Score
    label: str
    separation: float
    inside: float | None
    outside: float | None
    category: str
    matters: bool


@dataclass(frozen=True, slots=True)
class ShortcutAudit:
    """What facts without meaning tell about the classes of ``count`` examples; ``majority``: share of the largest.

    ``facts`` stand with the most telling first, all together before them.
    """

    count: int
    majority: float
    facts: tuple[FactScore, ...]

    def findings(self) -> tuple[Finding, ...]:
        """Return a sentence on the most telling facts, and one on all together where these tell more."""
        together, alone = self.facts[0], [one for one in self.facts[1:] if one.matters][:NAMED]
        whole = together.matters and (not alone or together.accuracy.value > alone[0].accuracy.high)
        return tuple(self._finding(one) for one in ([together, *alone] if whole else alone))

    def _finding(self, one: FactScore) -> Finding:
        kind = "" if one.inside is None else "_category" if one.category else "_number"
        values = {
            "fact": Finding(f"audit.fact_{one.fact}"),
            "count": self.count,
            "majority": 100 * self.majority,
            "accuracy": 100 * one.accuracy.value,
            "low": 100 * one.accuracy.low,
            "high": 100 * one.accuracy.high,
            "label": one.label,
            "category": one.category,
            "inside": _number(one.inside) if not one.category else f"{one.inside:.0%}",
            "outside": _number(one.outside) if not one.category else f"{one.outside:.0%}",
        }
        return Finding(f"audit.shortcut{kind}", values)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "count": self.count,
            "majority": self.majority,
            "facts": [plain_data(asdict(one)) for one in self.facts],
        }


def audit_shortcuts(dataset: Dataset, positions: Integers, groups: Integers, seed: int) -> ShortcutAudit | None:
    """Audit the examples at these positions, of which ``groups`` (of all examples) are never divided.

    None where the modality has no such facts, or where nothing could be said. Of many examples 5,000 are drawn.
    """
    module: Shortcuts | None = getattr(load_modality(dataset.modality), "shortcuts", None)
    labels = dataset.labels
    if module is None or labels.ndim > 1 or not dataset.classes:
        return None
    known = positions[labels[positions] >= 0]
    rows = np.sort(np.random.default_rng(seed).permutation(known)[:MOST])
    if len(rows) < FEWEST or len(np.unique(labels[rows])) < 2 or len(np.unique(groups[rows])) < 2 * FOLDS:
        return None
    return find_shortcuts(module.measure_facts(dataset, rows), labels[rows], groups[rows], dataset.classes, seed)


def find_shortcuts(
    facts: FactTable, labels: Integers, groups: Integers, classes: Sequence[str], seed: int
) -> ShortcutAudit:
    """Let a small tree on each fact, and one on all, tell the classes (N,) of examples of other groups (N,).

    A fact matters when it avoids a tenth of the mistakes of who always names the most frequent class, or tells one
    class well (``APART``), and when this is no chance at a level of 5 % over all facts and classes together.

    Examples
    --------
    >>> labels = np.arange(100) % 2
    >>> found = find_shortcuts({"length": labels * 9.0 + 1}, labels, np.arange(100), ("short", "long"), 0)
    >>> [(one.fact, one.accuracy.value, one.matters) for one in found.facts]
    [('all', 1.0, True), ('length', 1.0, True)]
    """
    columns = {name: _encode(column) for name, column in facts.items()}
    columns = {name: column for name, column in columns.items() if len(np.unique(column)) > 1}
    tables = [np.stack([*columns.values()], axis=1), *(one[:, None] for one in columns.values())] if columns else []
    told = np.zeros((len(tables), len(labels)), dtype=np.int64)
    for fold in make_folds(labels, groups, FOLDS, seed):
        for row, table in enumerate(tables):
            told[row, fold.held_out] = _fit_tree(table[fold.train], labels[fold.train]).predict(table[fold.held_out])
    plain = labels == np.bincount(labels).argmax()
    audited = _Audited(labels, np.unique(groups, return_inverse=True)[1], plain, classes, len(tables))
    draws = audited.resample(told == labels)
    named = zip([ALL, *columns], told, draws, strict=False)  # the same resamples of all: no name stands without a table
    scored = [audited.score(name, facts.get(name), one, resampled) for name, one, resampled in named]
    alone = sorted(scored[1:], key=lambda one: (-one.matters, -one.gain.value, -one.separation))
    return ShortcutAudit(len(labels), float(plain.mean()), (*scored[:1], *alone))


@dataclass(frozen=True, slots=True, eq=False)
class _Audited:
    """What answers to N examples are scored by: ``units`` (N,) numbers their groups from 0, ``trials`` counts facts."""

    labels: Integers
    units: Integers
    plain: Booleans  # where the most frequent class is right
    classes: Sequence[str]
    trials: int

    def score(self, name: str, fact: Fact | None, told: Integers, draws: Floats) -> FactScore:
        """Score answers (N,) to the examples; ``draws`` (2, R) are the accuracy and the gain in each resample."""
        right = told == self.labels
        gain = right.astype(np.float64) - self.plain
        separations, sure = self._separate(told)
        shares = np.bincount(self.labels, minlength=len(self.classes)) / len(self.labels)
        best = int(np.argmax(separations - 2.0 * ~sure - 1e-9 * shares))  # of two that are told alike, the rarer
        level = SURE / 2 / self.trials  # one half for the gains, one for the classes
        gains = gain.mean() >= MATTERS * (1 - self.plain.mean()) and self._certain(
            gain - gain.mean(), gain.mean(), level
        )
        own = self.labels == best
        inside, outside, category = _describe(fact, own)
        return FactScore(
            fact=name,
            accuracy=mean_interval(right, draws[0], self.units.max() + 1),
            gain=interval(float(gain.mean()), draws[1]),
            label=self.classes[best],
            separation=float(separations[best]),
            inside=inside,
            outside=outside,
            category=category,
            matters=bool(gains or (sure[best] and separations[best] >= APART)),
        )

    def _separate(self, told: Integers) -> tuple[Floats, Booleans]:
        """Compute the separation of each class (C,), and whether it is no chance."""
        found, sure = np.full(len(self.classes), -1.0), np.zeros(len(self.classes), dtype=np.bool_)
        present = np.unique(self.labels)
        level = SURE / 2 / self.trials / len(present)
        for label in present:
            own, named = self.labels == label, (told == label).astype(np.float64)
            found[label] = named[own].mean() - named[~own].mean()
            # What each example adds if the class is named as often elsewhere.
            added = (named - named.mean()) * np.where(own, 1 / own.mean(), -1 / (1 - own.mean()))
            sure[label] = self._certain(added, found[label], level)
        return found, sure

    def _certain(self, spread: Floats, mean: float, level: float) -> bool:
        """Determine whether a mean is above 0, from what the examples (N,) differ by, summed over their groups."""
        sums = np.bincount(self.units, spread)
        error = np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(spread)
        return bool(mean > NormalDist().inv_cdf(1 - level) * error)

    def resample(self, right: Booleans) -> Floats:
        """Compute accuracies and gains of right answers (T, N) in each resample of the groups: (T, 2, R)."""
        sums = np.stack([np.bincount(self.units, one) for one in (self.plain, *right)])
        draws = resampled_means(sums, np.bincount(self.units), len(self.labels), RESAMPLES, 0)
        return np.stack([draws[1:], draws[1:] - draws[0]], axis=1)


def _fit_tree(table: Floats, labels: Integers) -> Any:  # noqa: ANN401 - of scikit-learn
    from sklearn.tree import DecisionTreeClassifier

    leaves = int(np.clip(len(labels) // 50, *LEAVES))
    return DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=LEAF, random_state=0).fit(table, labels)


def _encode(column: Fact) -> Floats:
    """Convert categories to numbers by how frequent they are, NaN where one is unknown; numbers stay."""
    if not any(isinstance(one, str) for one in column):
        return np.asarray(column, dtype=np.float64)
    places = {name: place for place, (name, _) in enumerate(Counter(column).most_common())}
    return np.array([places[one] if one else np.nan for one in column], dtype=np.float64)


def _describe(fact: Fact | None, own: Booleans) -> tuple[float | None, float | None, str]:
    """Return what is usual of a fact where ``own`` (N,) is true, and elsewhere, and the category that this is about."""
    if fact is None:
        return None, None, ""
    if any(isinstance(one, str) for one in fact):
        values = np.array(fact)
        category = str(Counter(values[own].tolist()).most_common(1)[0][0])
        return float(np.mean(values[own] == category)), float(np.mean(values[~own] == category)), category
    numbers = np.asarray(fact, dtype=np.float64)
    if not (np.isfinite(numbers[own]).any() and np.isfinite(numbers[~own]).any()):
        return None, None, ""
    return float(np.nanmedian(numbers[own])), float(np.nanmedian(numbers[~own])), ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3g}"
