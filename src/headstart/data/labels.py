"""Labels and groups are matched by name: within a dataset, between its parts, and with the classes of a model."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from headstart.arrays import Integers
from headstart.data.example import Dataset, known_label
from headstart.data.label_shapes import label_findings
from headstart.data.name_bytes import read_names
from headstart.data.name_checks import printable
from headstart.data.same_names import canonical, match_names, twin_notices
from headstart.data.targets.base import Target
from headstart.runtime.findings import Finding


def unify_names(dataset: Dataset) -> Dataset:
    """Write the names of classes and groups as the rule for the same name says, and say what became one.

    A class that only the scored part has is that of the fitted part whose name comes near, where there is no other.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> spelled = [Example(name, name, {"label": name}) for name in ("Cr\u00e8me", "Cre\u0300me ", "rose")]
    >>> found = unify_names(Dataset("toy", tuple(spelled)))
    >>> found.classes, found.notices[0].code
    (('Crème', 'rose'), 'data.spellings')
    """
    labels = _texts(one.label for one in dataset.examples)
    read = read_names(labels)
    names = {name: printable(canonical(read.texts.get(name, name))) for name in labels}
    groups = {name: printable(canonical(name)) for name in _texts(one.group for one in dataset.examples)}
    spelled = [name for name, count in Counter(names.values()).items() if count > 1]
    notices = [Finding("data.spellings", {"names": spelled, "count": len(spelled)})] if spelled else []
    dataset = _rename(dataset, names, groups, [*read.findings(), *notices])
    across = _match_parts(dataset)
    dataset = _rename(dataset, across, {}, _near_findings(across))
    known = sum(one.label is not None for one in dataset.examples)
    return _rename(dataset, {}, {}, [*twin_notices(dataset.classes), *label_findings(dataset.classes, known)])


def match_target(dataset: Dataset, target: Target) -> Dataset:
    """Return a dataset whose classes have the names that a target has for them, and say where these only come near.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> from headstart.data.targets.classes import Classes
    >>> data = Dataset("toy", (Example("a.png", "a.png", {"label": "Dog"}),))
    >>> found = match_target(data, Classes(("cat", "dog")))
    >>> found.classes, str(*found.notices)[:30]
    (('dog',), '1 class is taken for the one w')
    """
    matched = match_names(dataset.classes, target.names)
    return _rename(dataset, matched, {}, _near_findings(matched))


def _match_parts(dataset: Dataset) -> dict[str, str]:
    """Match the classes that only the scored part has with those that only the fitted part has."""
    splits = {one.split for one in dataset.examples}
    scored = next((name for name in ("test", "validation") if name in splits and len(splits) > 1), None)
    if scored is None or not dataset.classes:  # numbers that are measured come near each other, too
        return {}
    there = _texts(one.label for one in dataset.examples if one.split == scored)
    here = _texts(one.label for one in dataset.examples if one.split != scored)
    return match_names([name for name in there if name not in here], [name for name in here if name not in there])


def _near_findings(matched: Mapping[str, str]) -> list[Finding]:
    pairs = [
        Finding("data.near_pair", {"name": name, "known": known})
        for name, known in matched.items()
        if canonical(name) != canonical(known)
    ]
    return [Finding("data.near_names", {"pairs": pairs, "count": len(pairs)})] if pairs else []


def _rename(
    dataset: Dataset, labels: Mapping[str, str], groups: Mapping[str, str], notices: Iterable[Finding]
) -> Dataset:
    """Replace names of classes and groups, and add notices, each once."""
    said = tuple(dict.fromkeys((*dataset.notices, *notices)))
    if all(name == new for names in (labels, groups) for name, new in names.items()):
        return replace(dataset, notices=said)
    known = {name: known_label(new) for name, new in labels.items() if name != new}
    examples = tuple(
        replace(
            one,
            targets={**one.targets, **known[one.label]} if one.label in known else one.targets,
            group=groups.get(one.group or "", one.group),
        )
        for one in dataset.examples
    )
    return replace(dataset, examples=examples, notices=said, target=type(dataset.target).of(examples))


def _texts(values: Iterable[Any]) -> dict[str, None]:
    """Return the names that occur, each once, in the order of first appearance."""
    return {value: None for value in values if isinstance(value, str)}


def with_target(dataset: Dataset, target: Target) -> Dataset:
    """Return a dataset with the target of a model, so that labels are matched by name, never by position.

    Raises
    ------
    DataError
        When an example has no label, or one that the model never saw.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> from headstart.data.targets.classes import Classes
    >>> data = Dataset("toy", (Example("a.png", "a.png", {"label": "dog"}),))
    >>> with_target(data, Classes(("cat", "dog"))).labels.tolist()
    [1]
    """
    dataset = match_target(dataset, target)
    target.require_known(dataset.examples)
    return replace(dataset, target=target)


@dataclass(frozen=True, slots=True)
class ScoredSplit:
    """Positions of the examples to score, and why these; None when all are scored."""

    positions: Integers
    rule: Finding | None = None


def split_to_score(dataset: Dataset, usable: Integers) -> ScoredSplit:
    """Pick the part of data that is there for scoring: test, else validation, else everything.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart.data.example import Example
    >>> examples = (Example("a", "a", split="train"), Example("b", "b", split="test"))
    >>> print(split_to_score(Dataset("toy", examples), np.arange(2)).rule)
    The data brings its own split: only its test part was scored.
    """
    splits = [dataset.examples[position].split for position in usable]
    for name in ("test", "validation"):
        if name in splits and any(split != name for split in splits):
            chosen = usable[[split == name for split in splits]]
            return ScoredSplit(chosen, Finding("data.part_scored", {"part": Finding(f"data.part_{name}")}, "note"))
    return ScoredSplit(usable)
