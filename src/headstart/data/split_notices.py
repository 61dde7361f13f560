"""What a user should know about a split."""

import numpy as np
import numpy.typing as npt

from headstart.data.example import Dataset
from headstart.runtime.findings import Finding

IntArray = npt.NDArray[np.int64]


def leak_notices(leaked: npt.NDArray[np.bool_], score: npt.NDArray[np.bool_]) -> list[Finding]:
    """Return how many of the scored pictures are in the fitted part too; both masks have shape (N,).

    Examples
    --------
    >>> str(leak_notices(np.array([True, False, False]), np.array([True, True, False]))[0])[:40]
    '1 of the 2 scored pictures is in the fit'
    """
    scored = Finding("data.scored_count", {"count": int(score.sum())})
    values = {"count": int(leaked.sum()), "scored": scored}
    return [Finding("data.leak", values)] if leaked.any() else []


def missing_class_notices(dataset: Dataset, usable: IntArray, held: npt.NDArray[np.bool_]) -> list[Finding]:
    """Name the classes that only one of the parts has; ``held`` (n,) marks the scored ones among ``usable`` (n,)."""
    labels = dataset.labels[usable]
    notices = []
    for code, here, there in (
        ("data.never_scored", labels[~held], labels[held]),
        ("data.never_predicted", labels[held], labels[~held]),
    ):
        names = [dataset.classes[number] for number in np.setdiff1d(here, there)]
        if names:
            notices.append(Finding(code, {"count": len(names), "names": names}))
    return notices


def lone_class_notices(dataset: Dataset, usable: IntArray) -> tuple[Finding, ...]:
    """Name the classes that no fold can both learn and score; ``usable`` are positions of examples, shape (n,).

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> toy = Dataset("toy", tuple(Example(n, n, {"label": n[0]}) for n in ("a1", "a2", "b1")), ("a", "b"))
    >>> str(lone_class_notices(toy, np.arange(3))[0])[:40]
    "These classes have one picture only: 'b'"
    """
    counts = np.bincount(dataset.labels[usable], minlength=len(dataset.classes))
    lone = [dataset.classes[number] for number in np.flatnonzero(counts == 1)]
    return (Finding("data.lone", {"names": lone}),) if lone else ()
