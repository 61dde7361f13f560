"""What a learner is: the recipe of one family of heads, which fits a head for each strength of regularisation."""

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from headstart.heads.head import Head, Matrix
from headstart.heads.training_set import Array, TrainingSet
from headstart.registry import resolve
from headstart.settings.recipe import Recipe


class HeadFamily(Protocol):
    """One family of heads. A learner that needs settings has a class method ``from_recipe(recipe)``."""

    @property
    def name(self) -> str:
        """Its name in the table ``heads`` of :mod:`headstart.registry`."""

    @property
    def grid(self) -> tuple[Any, ...]:
        """Values of its regularisation, from strong to weak; one value when there is nothing to choose."""

    def path_scores(self, training: TrainingSet, features: Matrix, grid: tuple[Any, ...]) -> Iterator[Array]:
        """Fit a head for each value of ``grid`` in turn and give its scores of ``features``, shape (N, C).

        What the values have in common is computed once.
        """

    def fit(self, training: TrainingSet, setting: Any) -> Head:  # noqa: ANN401 - a value of the grid
        """Fit the head for one value of the grid."""


@runtime_checkable
class LeavesOneOut(Protocol):
    """A learner that knows the scores of each example when all others are the training set, without refitting."""

    def leave_one_out(self, training: TrainingSet) -> Iterator[Array]:
        """Scores of shape (N, C), for each value of the grid in turn."""


def make_learner(name: str, recipe: Recipe) -> HeadFamily:
    """Make the learner of this name, with the settings it needs.

    Raises
    ------
    UnknownNameError
        When there is none of this name.

    Examples
    --------
    >>> make_learner("ridge", Recipe()).name
    'ridge'
    """
    found = resolve("heads", name)
    learner: HeadFamily = found.from_recipe(recipe) if hasattr(found, "from_recipe") else found()
    return learner
