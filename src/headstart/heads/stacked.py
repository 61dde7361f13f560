"""Words and vectors together: the log-probabilities of two heads, added with a weight that held-out examples choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from headstart.heads.cv_scoring import CvScorer, select_best
from headstart.heads.family import HeadFamily, load_family, load_head
from headstart.heads.head import Array, Arrays, Head, Matrix, Node
from headstart.heads.model_selection import Candidate, select_candidate
from headstart.heads.training_set import TrainingSet
from headstart.heads.words import WordsFamily
from headstart.settings.recipe import Recipe

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # of the words


@dataclass(frozen=True, slots=True, eq=False)
class StackedHead(Head):
    """Scores ``(1 - share) * vectors / temperature + share * words / temperature``.

    Attributes
    ----------
    vectors, words
        The two heads.
    share
        How much the words count, from 0 to 1.
    temperatures
        Of both heads, which bring their scores to one scale.
    """

    vectors: Head
    words: Head
    share: float
    temperatures: tuple[float, float]
    kind: ClassVar[str] = "stacked"
    needs_terms: ClassVar[bool] = True

    @property
    def holds_examples(self) -> bool:  # type: ignore[override]
        """Whether features of single training examples are in its arrays."""
        return self.vectors.holds_examples

    def scores(self, features: Matrix) -> Array:
        """Compute scores of shape (N, C)."""
        vectors, words = self.vectors.scores(features), self.words.scores(features)
        return mix(vectors, words, self.share, self.temperatures)

    def whole_graph(self) -> Node | None:
        """Return the scores as operations on features and on the weights of terms; None where one part has none."""
        vectors, words = self.vectors.whole_graph(), self.words.whole_graph()
        if vectors is None or words is None:
            return None
        weighed = Node("Mul", (vectors, (1 - self.share) / self.temperatures[0]))
        return Node("Add", (weighed, Node("Mul", (words, self.share / self.temperatures[1]))))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of both heads."""
        parts = {"vectors": self.vectors, "words": self.words}
        return {f"{name}.{key}": one for name, part in parts.items() for key, one in part.arrays().items()}

    def settings(self) -> dict[str, Any]:
        """Return the settings of both heads and how they are mixed."""
        parts = {"vectors": self.vectors, "words": self.words}
        described = {name: {"kind": part.kind, "settings": part.settings()} for name, part in parts.items()}
        return {"share": self.share, "temperatures": list(self.temperatures), **described}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        """Create the head again; raises KeyError when an array or a setting is missing."""
        vectors, words = (
            load_head(settings[name]["kind"], _below(arrays, name), settings[name]["settings"])
            for name in ("vectors", "words")
        )
        first, second = settings["temperatures"]
        return cls(vectors, words, settings["share"], (first, second))


@dataclass(frozen=True, slots=True)
class StackedFamily(HeadFamily):
    """Two families, each at the setting that was chosen for it alone, mixed by a share of the words.

    Attributes
    ----------
    families, settings, temperatures
        Of the vectors and of the words: the family, its setting, and the temperature of its held-out scores.
    """

    name: ClassVar[str] = "stacked"
    head: ClassVar[type[Head]] = StackedHead
    grid: ClassVar[tuple[float, ...]] = SHARES
    parts: ClassVar[tuple[str, ...]] = ("logistic", "words")  # what is fitted first
    needs_terms: ClassVar[bool] = True
    families: tuple[HeadFamily, HeadFamily]
    settings: tuple[Any, Any]
    temperatures: tuple[float, float]

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> Self:
        """Take both families at the middle of their grids, as where nothing can be held out to choose by."""
        vectors, words = (load_family(part, recipe) for part in cls.parts)
        settings = vectors.grid[len(vectors.grid) // 2], words.grid[len(words.grid) // 2]
        return cls((vectors, words), settings, (1.0, 1.0))

    def fit(self, training: TrainingSet, setting: float) -> StackedHead:
        """Fit both heads; ``setting`` is the share of the words."""
        vectors, words = (one.fit(training, own) for one, own in zip(self.families, self.settings, strict=True))
        return StackedHead(vectors, words, setting, self.temperatures)


def stack(
    families: Sequence[HeadFamily], candidates: Sequence[Candidate], scorer: CvScorer
) -> tuple[StackedFamily, Candidate] | None:
    """Mix the words with the best of the other candidates, by the share with the smallest held-out loss.

    Nothing is fitted for it: held-out scores of both are there. None where there are no words, or nothing else.
    """
    by_name = {family.name: family for family in families}
    words = next((one for one in candidates if one.name == WordsFamily.name), None)
    others = [one for one in candidates if one.name != WordsFamily.name]
    if words is None or not others:
        return None
    vectors = select_candidate(others, scorer)
    temperatures = _temperature(vectors), _temperature(words)
    mixed = [mix(vectors.scores, words.scores, share, temperatures).astype(np.float32) for share in SHARES]
    cv_scores = [scorer.evaluate(scores) for scores in mixed]
    best = select_best(cv_scores)
    families_of_both = by_name[vectors.name], by_name[words.name]
    family = StackedFamily(families_of_both, (vectors.setting, words.setting), temperatures)
    return family, Candidate(family.name, SHARES[best], mixed[best], cv_scores[best])


def mix(vectors: Matrix, words: Matrix, share: float, temperatures: tuple[float, float]) -> Array:
    """Add two scores (N, C) on one scale: the logarithm of the geometric mean of their probabilities.

    Examples
    --------
    >>> mix(np.array([[2.0, 0.0]]), np.array([[0.0, 8.0]]), 0.5, (1.0, 4.0)).tolist()
    [[1.0, 1.0]]
    """
    return (1 - share) * vectors.astype(np.float64) / temperatures[0] + share * words / temperatures[1]


def _temperature(candidate: Candidate) -> float:
    return float(getattr(candidate.cv_score.decoding, "temperature", 1.0))


def _below(arrays: Arrays, name: str) -> dict[str, npt.NDArray[Any]]:
    return {key.removeprefix(f"{name}."): one for key, one in arrays.items() if key.startswith(f"{name}.")}
