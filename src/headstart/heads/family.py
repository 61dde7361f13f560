"""A family of heads: the recipe that fits a head for each strength of regularisation."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from headstart.errors import ModelFileError
from headstart.heads.head import Array, Arrays, Head, Matrix
from headstart.heads.linear import LinearHead
from headstart.registry import names, resolve
from headstart.settings.recipe import Recipe

if TYPE_CHECKING:
    from headstart.heads.training_set import TrainingSet  # predicting needs none


class HeadFamily(Protocol):
    """One family of heads. A family that needs settings has a class method ``from_recipe(recipe)``.

    Attributes
    ----------
    name
        Its name in the table ``heads`` of :mod:`headstart.registry`.
    head
        The class of the heads it fits; several families may fit heads of one class.
    grid
        Values of its regularisation, from strong to weak; one value when there is nothing to choose.
    tasks
        Names of the tasks that its heads answer.
    needs_terms
        Whether it needs features that carry terms: :class:`headstart.encoders.term_features.TermFeatures`.
    """

    name: ClassVar[str]
    head: ClassVar[type[Head]]
    grid: ClassVar[tuple[Any, ...]]
    tasks: ClassVar[tuple[str, ...]] = ("classification",)
    needs_terms: ClassVar[bool] = False

    def path_scores(self, training: "TrainingSet", features: Matrix, grid: tuple[Any, ...]) -> Iterator[Array]:
        """Fit a head for each value of ``grid`` in turn and yield its scores of ``features``, shape (N, C).

        What the values have in common is computed once.
        """
        for setting in grid:
            yield self.fit(training, setting).scores(features)

    @abstractmethod
    def fit(self, training: "TrainingSet", setting: Any) -> Head:  # noqa: ANN401 - a value of the grid
        """Fit the head for one value of the grid."""


@runtime_checkable
class LeavesOneOut(Protocol):
    """A family that knows the scores of each example when all others are the training set, without refitting."""

    def leave_one_out(self, training: "TrainingSet") -> Iterator[Array]:
        """Compute scores of shape (N, C), for each value of the grid in turn."""


def load_family(name: str, recipe: Recipe) -> HeadFamily:
    """Load the family of this name, with the settings it needs.

    Raises
    ------
    UnknownNameError
        When there is none of this name.

    Examples
    --------
    >>> load_family("ridge", Recipe()).name
    'ridge'
    """
    found = resolve("heads", name)
    family: HeadFamily = found.from_recipe(recipe) if hasattr(found, "from_recipe") else found()
    return family


def load_head(kind: str, arrays: Arrays, settings: Mapping[str, Any]) -> Head:
    """Load a fitted head from its kind, arrays and settings; its class is that of the first family that fits such.

    Raises
    ------
    ModelFileError
        When the kind is unknown, or an array or a setting is missing.

    Examples
    --------
    >>> import numpy as np
    >>> load_head("linear", {"weight": np.eye(2), "bias": np.zeros(2)}, {}).scores(np.array([[2.0, 1.0]])).tolist()
    [[2.0, 1.0]]
    """
    known: dict[str, None] = {}
    # That of most families comes first: nothing that fits one has to be loaded for it.
    heads: Iterator[type[Head]] = chain([LinearHead], (resolve("heads", name).head for name in names("heads")))
    for head in heads:
        known[head.kind] = None
        if head.kind != kind:
            continue
        try:
            return head.from_arrays(arrays, settings)
        except KeyError as error:
            raise ModelFileError("heads.incomplete", name=error.args[0], kind=kind) from error
    raise ModelFileError("heads.unknown_kind", kind=kind, known=[*known])
