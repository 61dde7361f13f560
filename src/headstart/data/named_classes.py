"""Classes that are named by the user rather than found in the data."""

import re
from collections.abc import Sequence
from dataclasses import replace

from headstart.data.example import LABEL, Dataset, Example
from headstart.data.targets.base import Target
from headstart.errors import DataError

FEWEST = 2


def split_label(label: str) -> tuple[str, str]:
    """Split a label into the name of a class and what describes it: what stands behind a colon, or the name in words.

    Examples
    --------
    >>> split_label("sports: news about sport"), split_label("card_arrival")
    (('sports', 'news about sport'), ('card_arrival', 'card arrival'))
    """
    name, _, description = re.split(r"(:|：)", label, maxsplit=1) if re.search("[:：]", label) else (label, "", "")
    return name.strip(), description.strip() or name.strip().replace("_", " ")


def name_classes(dataset: Dataset, labels: Sequence[str]) -> Dataset:
    """Return a dataset with the classes of these labels, or with its own where there are none.

    Raises
    ------
    DataError
        For fewer than two classes, two of one name, one without a name, or examples of a class that is not named.
    """
    names = [split_label(label)[0] for label in labels] or list(dataset.classes)
    if len(names) < FEWEST or len({*names}) < len(names) or not all(names):
        raise DataError("data.no_names_of_classes", names=names)
    target: Target = type(dataset.target).of([Example("", "", {LABEL: name}) for name in names])
    if is_labelled(dataset):
        target.require_known(dataset.examples)
    return replace(dataset, target=target)


def describe_classes(classes: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Return what describes each class, as its label says, or else its name in words.

    Examples
    --------
    >>> describe_classes(("sports", "world_news"), ["sports: news about sport"])
    ['news about sport', 'world news']
    """
    said = dict(map(split_label, labels))
    return [said.get(name, split_label(name)[1]) for name in classes]


def is_labelled(dataset: Dataset) -> bool:
    """Return whether the class of at least one example is known."""
    return bool(dataset.target.known(dataset.labels).any())
