"""What a user should know about a split, in sentences."""

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset
from headstart.data.name_checks import join_names, plural

IntArray = npt.NDArray[np.int64]


def leak_notices(leaked: npt.NDArray[np.bool_], score: npt.NDArray[np.bool_]) -> list[str]:
    """Say how many of the scored pictures are in the fitted part too; both masks have shape (N,).

    Examples
    --------
    >>> leak_notices(np.array([True, False, False]), np.array([True, True, False]))[0][:40]
    '1 of the 2 scored pictures is in the fit'
    """
    if not leaked.any():
        return []
    count = int(leaked.sum())
    return [
        f"{count:,} of the {plural(int(score.sum()), 'scored picture')} {'is' if count == 1 else 'are'} in the fitted "
        "part too, as the same picture or the same group; scores are given with and without them."
    ]


def missing_class_notices(dataset: Dataset, usable: IntArray, held: npt.NDArray[np.bool_]) -> list[str]:
    """Name the classes that only one of the parts has; ``held`` (n,) marks the scored ones among ``usable`` (n,)."""
    labels = dataset.labels[usable]
    notices = []
    for missing, text in (
        (
            set(labels[~held]) - set(labels[held]),
            "is fitted but not scored: the part that is scored has no picture of it",
        ),
        (
            set(labels[held]) - set(labels[~held]),
            "can never be predicted: the part that is fitted has no picture of it",
        ),
    ):
        if missing:
            names = [dataset.classes[number] for number in sorted(missing)]
            text = text if len(names) == 1 else text.replace("is fitted", "are fitted").replace("of it", "of them")
            notices.append(f"{'The class' if len(names) == 1 else 'The classes'} {join_names(names)} {text}.")
    return notices


def lone_class_notices(dataset: Dataset, usable: IntArray) -> tuple[str, ...]:
    """Name the classes that no fold can both learn and score; ``usable`` are positions of examples, shape (n,).

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> toy = Dataset("toy", tuple(Example(n, n, {"label": n[0]}) for n in ("a1", "a2", "b1")))
    >>> lone_class_notices(toy, np.arange(3))[0][:40]
    "These classes have one picture only: 'b'"
    """
    counts = np.bincount(dataset.labels[usable], minlength=len(dataset.classes))
    lone = [dataset.classes[number] for number in np.flatnonzero(counts == 1)]
    if not lone:
        return ()
    return (
        f"These classes have one picture only: {join_names(lone)}. The model that scores it has not seen the class and "
        "must be wrong.",
    )
