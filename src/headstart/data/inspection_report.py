"""What the inspection of data found, for people: a short report, and refusals of what cannot be gone on with."""

from collections import Counter
from itertools import chain

from headstart.data.inspection import TINY, Inspection
from headstart.data.name_checks import join_names, plural
from headstart.data.readers.base import reader_of
from headstart.errors import DataError


def inspection_lines(found: Inspection) -> list[str]:
    """Write a short report, one sentence a line; of long lists the first five and how many more."""
    parts = (_total_lines(found), _unreadable_lines(found), _duplicate_lines(found), _class_lines(found))
    return [*chain.from_iterable(parts), *found.dataset.notices, *found.notices]


def _total_lines(found: Inspection) -> list[str]:
    splits = Counter(example.split for example in found.usable_examples())
    parts = ", ".join(f"{splits[name]:,} {name}" for name in ("train", "validation", "test") if splits[name])
    classes = plural(len(found.dataset.classes), "class", "classes") if found.dataset.classes else "no classes"
    lines = [f"{plural(len(found.usable), 'picture')}, {classes}" + (f": {parts}." if parts else ".")]
    summary = found.size_summary
    return lines + ([reader_of(found.dataset.modality).size_line(summary)] if summary else [])


def _unreadable_lines(found: Inspection) -> list[str]:
    lines = []
    if found.unreadable:
        named = [f"{found.dataset.examples[index].name}: {reason}" for index, reason in found.unreadable.items()]
        lines.append(f"{plural(len(named), 'picture is', 'pictures are')} left out because unreadable:")
        lines += [f"  {line}" for line in named[:5]]
        lines += [f"  and {len(named) - 5:,} more"] if len(named) > 5 else []
    if found.wrong_suffixes:
        names = found.names_of(found.wrong_suffixes)
        count = plural(len(names), "picture has", "pictures have")
        lines.append(f"{count} the suffix of another format, which does no harm: {join_names(names)}.")
    return lines


def _duplicate_lines(found: Inspection) -> list[str]:
    lines = []
    for groups, what in (
        (found.duplicates, "the same bytes"),
        (found.duplicates_across_splits, "the same bytes in different splits"),
        (found.copies, "nearly the same picture in other bytes"),
        (found.copies_across_splits, "nearly the same picture in different splits"),
        (found.label_conflicts, "the same bytes under different classes"),
    ):
        if groups:
            count = plural(len(groups), "set of pictures has", "sets of pictures have")
            lines.append(f"{count} {what}, for instance {join_names(found.names_of(groups[0]))}.")
    return lines


def _class_lines(found: Inspection) -> list[str]:
    lines = []
    tiny = [f"{name} ({count})" for name, count in found.tiny_classes.items()]
    if tiny:
        more = f" and {len(tiny) - 5} more" if len(tiny) > 5 else ""
        count = plural(len(tiny), "class has", "classes have")
        lines.append(f"{count} fewer than {TINY} pictures: {', '.join(tiny[:5])}{more}.")
    if found.imbalance is not None and found.imbalance >= 3:
        lines.append(
            f"The largest class has {found.imbalance:.1f} times as many pictures as the smallest; "
            "accuracy alone says little, look at the classes."
        )
    return lines


def refuse_unreadable(found: Inspection) -> None:
    """Refuse data with unreadable pictures, for those who asked to be strict.

    Raises
    ------
    DataError
        Lists the first five, with reasons, and how many more.
    """
    if found.unreadable:
        named = [f"'{found.dataset.examples[index].name}': {why}" for index, why in found.unreadable.items()]
        more = f" And {len(named) - 5:,} more." if len(named) > 5 else ""
        raise DataError(
            f"{plural(len(named), 'picture')} cannot be read.",
            " ".join(named[:5]) + more,
            "Replace them or take them out, or leave 'strict' out to go on without them.",
        )


def require_classes(found: Inspection) -> None:
    """Refuse data that no classifier can be fitted to.

    Raises
    ------
    DataError
        When no picture can be read, a label is missing, or there are fewer than two classes with readable pictures.
    """
    dataset = found.dataset
    if not len(found.usable):
        first = next(iter(found.unreadable), None)
        raise DataError(
            "No picture can be read.",
            f"'{dataset.examples[first].name}': {found.unreadable[first]}" if first is not None else "There are none.",
            "Check the data.",
        )
    unlabelled = [example.name for example in dataset.examples if example.label is None]
    if unlabelled:
        raise DataError(
            "The pictures have no classes." if len(unlabelled) == len(dataset) else "Some pictures have no class.",
            f"There is no label for {join_names(unlabelled)}.",
            "Put one folder per class, or give a table with the columns path and label.",
        )
    filled = [name for name, count in found.class_totals.items() if count]
    if len(filled) < 2:
        nested = dataset.root is not None and all(example.name.count("/") > 1 for example in dataset.examples)
        raise DataError(
            f"There is only one class with readable pictures: '{filled[0]}'.",
            "A classifier needs at least two.",
            f"If the classes lie inside it, give '{dataset.root}/{filled[0]}' instead."
            if nested
            else "Put the pictures of each class into a folder of its own.",
        )
