"""What the inspection of data found, for people: a short report, and refusals of what cannot be gone on with."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from headstart.data.example import Example, SplitName
from headstart.data.inspection import TINY, Inspection
from headstart.data.named_classes import is_labelled
from headstart.data.readers.base import reader_of
from headstart.errors import DataError, led_by
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import NOTE, WARNING, Finding

MOST_CLASSES = 20  # that are listed one by one
PARTS: tuple[SplitName, ...] = ("train", "validation", "test")


def inspection_lines(found: Inspection, texts: Texts = ENGLISH) -> list[str]:
    """Write a short report, one sentence a line; of long lists the first five and how many more."""
    summary, texts = found.size_summary, texts.for_modality(found.dataset.modality)
    sizes = [reader_of(found.dataset.modality).size_line(summary)] if summary else []
    said = [_totals(found), *sizes, *inspection_findings(found)]
    return [line for one in said for line in one.render(texts).splitlines()]


def used_findings(found: Inspection) -> tuple[Finding, ...]:
    """Return the warnings of the data apart from those that name unreadable examples, for who names these himself."""
    findings = inspection_findings(replace(found, unreadable={}))
    return tuple(one for one in findings if one.severity == WARNING)


def class_lines(found: Inspection, texts: Texts = ENGLISH) -> list[str]:
    """List the first classes with how many usable examples each part has of them, and say how many more there are.

    Examples
    --------
    >>> from headstart.data.inspection import inspect_dataset
    >>> from headstart.data.example import Dataset
    >>> class_lines(inspect_dataset(Dataset("toy", (Example(b"", "a.png", {"label": "cat"}),))))
    ['Classes:', '  cat: 0']
    """
    counts = list(found.counts.items())
    rows = [Finding("data.class_row", {"name": name, "counts": _counts_of(row)}) for name, row in counts[:MOST_CLASSES]]
    more = [Finding("data.more_classes", {"count": len(counts) - MOST_CLASSES})] if len(counts) > MOST_CLASSES else []
    return [one.render(texts) for one in (Finding("data.class_list"), *rows, *more)] if counts else []


def _counts_of(row: Mapping[str, int]) -> list[object]:
    parts = [
        Finding("data.part_count", {"number": row[name], "part": Finding(f"data.part_{name}")})
        for name in PARTS
        if name in row
    ]
    return [*([f"{row.get('', 0):,}"] if "" in row or not parts else []), *parts]


def inspection_findings(found: Inspection) -> tuple[Finding, ...]:
    """Return everything that the user should know of the data."""
    parts = (_unreadable_findings(found), _duplicate_findings(found), _class_findings(found))
    return (*chain.from_iterable(parts), *found.dataset.notices, *found.notices)


def _totals(found: Inspection) -> Finding:
    splits = Counter(example.split for example in found.usable_examples())
    parts = [
        Finding("data.part_count", {"number": splits[name], "part": Finding(f"data.part_{name}")})
        for name in PARTS
        if splits[name]
    ]
    values = {
        "count": len(found.usable),
        "classes": found.dataset.target.describe(),
        "parts": Finding("data.in_parts", {"parts": parts}) if parts else "",
    }
    return Finding("data.total", values, NOTE)


def _unreadable_findings(found: Inspection) -> Iterator[Finding]:
    yield from left_out_findings(found.dataset.examples, found.unreadable)
    for remark, positions in found.remarks.items():
        yield replace(remark, values={"count": len(positions), "names": found.names_of(positions)})


def _duplicate_findings(found: Inspection) -> Iterator[Finding]:
    for groups, kind, severity in (
        (found.duplicates, "same", NOTE),
        (found.duplicates_across_splits, "same_across", WARNING),
        (found.copies, "near", NOTE),
        (found.copies_across_splits, "near_across", WARNING),
        (found.label_conflicts, "conflicts", WARNING),
    ):
        if groups:
            values = {"count": len(groups), "kind": Finding(f"data.{kind}"), "names": found.names_of(groups[0])}
            yield Finding("data.duplicate_sets", values, severity)


def _class_findings(found: Inspection) -> Iterator[Finding]:
    lost = [name for name, count in found.class_totals.items() if not count]
    if lost and len(found.class_totals) > len(lost) + 1:  # otherwise there is nothing to predict at all
        yield Finding("data.lost_classes", {"count": len(lost), "names": lost})
    tiny = (
        []
        if len(lost) == len(found.class_totals)
        else [f"{name} ({count})" for name, count in found.tiny_classes.items()]
    )
    if tiny:
        yield Finding("data.tiny", {"count": len(tiny), "fewest": TINY, "names": tiny}, NOTE)
    if found.imbalance is not None and found.imbalance >= 3:
        yield Finding("data.imbalance", {"times": found.imbalance}, NOTE)


def left_out_findings(examples: Sequence[Example], failures: Mapping[int, Finding]) -> Iterator[Finding]:
    """Name the examples that are left out because they cannot be read; nothing where there are none."""
    named = [Finding("data.named", {"name": examples[index].name, "reason": why}) for index, why in failures.items()]
    if named:
        yield Finding("data.left_out", {"count": len(named), "names": named})


def unreadable(name: str, reason: Finding) -> Finding:
    """Name an example with the reason why it cannot be used, for the middle of a sentence."""
    return Finding("data.quoted", {"name": name, "reason": reason})


def refuse_unreadable(found: Inspection) -> None:
    """Refuse data with unreadable examples, for those who asked to be strict.

    Raises
    ------
    DataError
        Lists the first five, with reasons, and how many more.
    """
    if found.unreadable:
        named = [unreadable(found.dataset.examples[index].name, why) for index, why in found.unreadable.items()]
        more = [Finding("data.and_more", {"count": len(named) - 5})] if len(named) > 5 else []
        raise DataError("data.unreadable_refused", count=len(named), reasons=named[:5] + more)


def require_learnable(found: Inspection, *, unlabelled: bool = False) -> None:
    """Refuse data that nothing can be learned from; with ``unlabelled``, examples of which no class is known will do.

    Raises
    ------
    DataError
        When no example can be read, or as :meth:`headstart.data.targets.base.Target.require_learnable`.
    """
    dataset = found.dataset
    if not len(found.usable):
        first = next(iter(found.unreadable), None)
        raise DataError(
            "data.nothing_readable",
            reason=Finding("data.there_are_none")
            if first is None
            else unreadable(dataset.examples[first].name, found.unreadable[first]),
        )
    if unlabelled and not is_labelled(dataset):
        return
    nested = dataset.root is not None and all(example.name.count("/") > 1 for example in dataset.examples)
    usable = list(found.usable_examples())
    with led_by(lambda: inspection_findings(found)):
        dataset.target.require_learnable(dataset.examples, usable, str(dataset.root) if nested else "")
