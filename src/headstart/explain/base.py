"""What is asked of an explanation, and who explains the answers about examples of one modality, if anybody does."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from headstart.errors import RecipeError
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.values import Explanation
from headstart.modalities.base import load_modality
from headstart.registry import names
from headstart.tasks.base import load_task

Fill = Literal["blur", "mean"]
FILLS: tuple[Fill, ...] = ("blur", "mean")


@dataclass(frozen=True, slots=True)
class ExplanationRequest:
    """What is wanted of an explanation; checked when it is made.

    Attributes
    ----------
    method
        ``auto`` takes the exact map where there is one, else Grad-CAM.
    target
        Name of the class to explain; None for the predicted one.
    neighbours
        How many training examples to show.
    top
        How many classes to list.
    checks
        Whether to test the heat: seconds for each example.
    fill
        What hidden places are filled with in the tests: ``blur`` or ``mean``.
    seed
        Of the random maps and the shuffled weights.

    Examples
    --------
    >>> ExplanationRequest(method="gradcam").target is None
    True
    """

    method: str = "auto"
    target: str | None = None
    neighbours: int = 5
    top: int = 5
    checks: bool = False
    fill: str = "blur"
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise RecipeError for a method that does not exist, or a number that makes no sense."""
        known = ("auto", *names("explainers"))
        if self.method not in known:
            raise RecipeError("explain.unknown_method", method=self.method, known=known)
        if self.fill not in FILLS:
            raise RecipeError("explain.unknown_fill", fill=self.fill, known=FILLS)
        if self.neighbours < 0 or self.top < 1:
            raise RecipeError("explain.wrong_numbers")


class Explainers(Protocol):
    """A module that explains the answers about examples of one modality."""

    def explain_example(
        self,
        subject: ExplainedModel,
        example: Any,  # noqa: ANN401 - as it opens
        name: str,
        wish: ExplanationRequest,
        /,
    ) -> Explanation:
        """Explain the answer about one example.

        Raises
        ------
        UnknownNameError
            When the model has no class of the wished name.
        EncoderError
            When the wished method is not possible with this encoder.
        MissingExtraError
            When it needs a package that is not installed.
        """

    def average_by_class(self, subject: ExplainedModel, labelled: Iterable[tuple[Any, int]], method: str, /) -> Any:  # noqa: ANN401 - by the modality
        """Average the evidence of each class over examples, each explained for the number of its own class."""


def explainers_of(modality: str, task: str) -> Explainers:
    """Load what explains the answers of a task about examples of a modality; raises RecipeError where nothing does."""
    if not load_task(task).explained:
        raise RecipeError("workflows.answers_not_explained", task=task)
    found: Explainers | None = getattr(load_modality(modality), "explainers", None)
    if found is None:
        raise RecipeError("workflows.not_explained")
    return found
