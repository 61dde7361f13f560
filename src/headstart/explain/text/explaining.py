"""One document, one model, one method: how an explanation is made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headstart.arrays import Floats
from headstart.errors import RecipeError
from headstart.explain.base import ExplanationRequest
from headstart.explain.explained_model import ExplainedModel, class_number
from headstart.explain.neighbours import nearest_examples
from headstart.explain.text.deletion import Deletion, measure_deletion
from headstart.explain.text.methods import compute_attribution, encode_text, encode_texts
from headstart.explain.text.parts import MOST_READ, Span
from headstart.explain.text.randomisation import Dependence, measure_dependence
from headstart.explain.values import Explanation
from headstart.runtime.catalogue import ENGLISH, Texts


@dataclass(frozen=True, slots=True)
class TextChecks:
    """Whether the model follows the evidence, and whether the evidence follows the model; None of a short document."""

    deletion: Deletion
    dependence: Dependence | None

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        return [*self.deletion.lines(texts), *(self.dependence.lines(texts) if self.dependence else ())]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TextExplanation(Explanation):
    """Why a model says what it says about one document: ``found.grid`` has the evidence of each of its parts."""

    document: str
    parts: tuple[Span, ...]
    checks: "TextChecks | None" = None

    @property
    def weights(self) -> list[tuple[str, float]]:
        """The parts in their order, each with its evidence for the class, negative where it speaks against it."""
        said = [self.document[start:end] for start, end in self.parts]
        return list(zip(said, self.found.grid.tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            **Explanation.to_json(self),  # slots leave no super()
            "parts": [{"text": said, "weight": weight} for said, weight in self.weights],
            "deletion": self.checks.deletion.to_json() if self.checks else None,
            "randomisation": self.checks.dependence.to_json() if self.checks and self.checks.dependence else None,
        }


def explain_example(
    subject: ExplainedModel, document: str, name: str, wish: ExplanationRequest, read: int = MOST_READ
) -> TextExplanation:
    """Explain the answer about a document: see :class:`headstart.explain.base.Explainers`.

    ``read`` is about how many characters the encoder may read for it.
    """
    seen = encode_text(subject, document, read)
    # The features keep their terms, which a head of words needs.
    prediction = subject.predictions([name], seen.features, wish.top)[0]
    target = class_number(wish.target if wish.target is not None else prediction.label, subject.classes)
    found, known = compute_attribution(subject, seen, target, wish.method), subject.known

    def probability(documents: Sequence[str]) -> Floats:
        return subject.probabilities(encode_texts(subject, documents))[:, target]

    return TextExplanation(
        prediction=prediction,
        target=subject.classes[target],
        found=found,
        logit=float(subject.head.scores(seen.features)[0, target]),
        document=document,
        parts=seen.parts,
        neighbours=nearest_examples(seen.features[0], known, subject.classes, wish.neighbours) if known else (),
        checks=TextChecks(
            measure_deletion(found.grid, document, seen.parts, probability, wish.seed),
            measure_dependence(subject, seen, target, found, wish.seed),
        )
        if wish.checks
        else None,
    )


def average_by_class(subject: ExplainedModel, labelled: Iterable[tuple[str, int]], method: str) -> Any:  # noqa: ANN401
    """Raise RecipeError: the evidence of documents has no places that could be averaged."""
    raise RecipeError("explain.no_average")
