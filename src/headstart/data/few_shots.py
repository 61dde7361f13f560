"""Who is learned from where that is to be few, or nobody: a draw from each class, and all others are scored."""

import numpy as np

from headstart.arrays import Integers
from headstart.data.example import Dataset
from headstart.data.splits import Parts, choose_parts, leak_notices
from headstart.errors import DataError
from headstart.runtime.findings import NOTE, Finding


def draw_shots(strata: Integers, positions: Integers, shots: int, *seed: int) -> Integers:
    """Draw examples of each stratum among these positions, without replacement; ascending.

    With the same seed a larger number holds the smaller one.

    Examples
    --------
    >>> strata, everyone = np.array([0, 0, 0, 1, 1, 1]), np.arange(6)
    >>> small, large = (draw_shots(strata, everyone, shots, 0, 0) for shots in (1, 2))
    >>> len(small), len(large), set(small.tolist()) <= set(large.tolist())
    (2, 4, True)
    """
    own = strata[positions]
    order = np.random.default_rng(seed).permutation(len(own))
    kept = [order[own[order] == number][:shots] for number in np.unique(own)]
    return np.sort(positions[np.concatenate(kept)])


def parts_of_shots(dataset: Dataset, together: Integers, usable: Integers, shots: int, seed: int) -> Parts:
    """Return parts that fit so many examples of each stratum, and score all others that share no group with them.

    Of data with parts of its own, those to learn from are drawn in the one, and the other is scored whole. Parameters
    as for :func:`headstart.data.splits.choose_parts`; raises DataError when nothing is left to score.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> data = Dataset("toy", tuple(Example(str(n), str(n), {"label": "ab"[n % 2]}) for n in range(6)))
    >>> parts = parts_of_shots(data, np.array([0, 1, 2, 3, 0, 1]), np.arange(6), 1, seed=3)
    >>> len(parts.fit), len(parts.score), bool(np.isin(parts.score, parts.fit).any())
    (2, 3, False)
    """
    own = find_own_parts(dataset, together, usable)
    fit = draw_shots(dataset.strata, own.fit if own else usable, shots, seed)
    shared = np.isin(together, together[fit])
    values = {"count": shots, "part": dataset.target.stratum, "seed": seed}
    labels, score = dataset.labels, own.score if own else usable[~shared[usable]]
    if not len(score):
        raise DataError("data.nothing_beside", shots=shots, part=dataset.target.stratum)
    notices = dataset.target.split_findings(labels[fit], labels[score])
    if own:
        leaked = shared[usable] & np.isin(usable, score)
        values |= {name: own.rule.values[name] for name in ("fitted", "scored")}
        notices = [*leak_notices(leaked, np.isin(usable, score)), *notices]
        return Parts(fit, score, Finding("data.rule_shots_own", values, NOTE), usable[leaked], tuple(notices))
    values["copies"] = len(usable) - len(fit) - len(score)
    rule = "data.rule_shots_grouped" if values["copies"] else "data.rule_shots"
    return Parts(fit, score, Finding(rule, values, NOTE), usable[:0], tuple(notices))


def parts_of_names(dataset: Dataset, together: Integers, usable: Integers) -> Parts:
    """Return parts that fit no example, and score all whose class is known, or of the data's own parts those to score.

    Nothing is chosen on labels either, so that nothing need be held out; the others are seen without theirs.
    """
    own, known = find_own_parts(dataset, together, usable), dataset.target.known(dataset.labels)
    if own:
        rule = Finding("data.rule_names_own", {"scored": own.rule.values["scored"]}, NOTE)
        return Parts(usable[:0], own.score, rule, usable[:0], unlabelled=own.fit)
    score = usable[known[usable]]
    rule = Finding("data.rule_names" if len(score) else "data.rule_unlabelled", severity=NOTE)
    return Parts(usable[:0], score, rule, usable[:0], unlabelled=usable)


def find_own_parts(dataset: Dataset, together: Integers, usable: Integers) -> Parts | None:
    """Return the parts that the data brings; None where it brings none."""
    brought = {dataset.examples[int(index)].split or "train" for index in usable}
    return choose_parts(dataset, together, usable, seed=0, test_fraction=0.0) if len(brought) > 1 else None
