"""A linear support vector machine on the words of documents: the honest baseline of text, and a partner of networks."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.encoders.term_features import terms_of
from headstart.errors import RecipeError
from headstart.heads.family import HeadFamily
from headstart.heads.head import TERMS, Array, Head, Matrix, Node
from headstart.heads.linear import ABSENT, linear_layer
from headstart.heads.training_set import TrainingSet

STEPS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class WordsHead(Head):
    """Scores ``terms @ weight.T + bias``.

    Attributes
    ----------
    weight, bias
        Shapes (C, V) and (C,), float32, of V terms.
    cost
        How much a training example on the wrong side costs: C of the support vector machine.
    """

    weight: Singles
    bias: Singles
    cost: float
    kind: ClassVar[str] = "words"
    needs_terms: ClassVar[bool] = True

    def scores(self, features: Matrix) -> Array:
        """Compute scores of shape (N, C) from the terms that features carry."""
        return np.asarray(require_terms(features) @ self.weight.T + self.bias, dtype=np.float64)

    def whole_graph(self) -> Node:
        """Return the scores as operations on the weights of terms."""
        return linear_layer(TERMS, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class WordsFamily(HeadFamily):
    """Support vector machines, each class against the others, on the terms of documents (scikit-learn's LinearSVC)."""

    name: ClassVar[str] = "words"
    head: ClassVar[type[Head]] = WordsHead
    grid: ClassVar[tuple[float, ...]] = (0.3, 1.0, 3.0)
    needs_terms: ClassVar[bool] = True

    def fit(self, training: TrainingSet, setting: float) -> WordsHead:
        """Fit the head for one cost."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        terms, present = require_terms(training.matrix, training.places), training.present
        weight = np.zeros((training.class_count, terms.shape[1]), dtype=np.float32)
        bias = np.full(training.class_count, ABSENT, dtype=np.float32)
        bias[present] = 0.0
        if len(present) > 1:
            machine = LinearSVC(C=setting, dual=True, random_state=0, max_iter=STEPS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a step further changes no answer
                machine.fit(terms, training.compact_labels, training.weights * len(training))
            slopes, offsets = machine.coef_, machine.intercept_
            if len(present) == 2:
                slopes, offsets = np.concatenate([-slopes, slopes]), np.concatenate([-offsets, offsets])
            weight[present], bias[present] = slopes, offsets
        return WordsHead(weight, bias, setting)


def heaviest_terms(
    head: Head, vocabulary: Sequence[str], classes: Sequence[str], count: int = 8
) -> dict[str, list[tuple[str, float]]]:
    """List the terms with the largest weights for each class, the largest first; nothing of another kind of head."""
    if not isinstance(head, WordsHead):
        return {}
    best = {label: np.argsort(-head.weight[row], kind="stable")[:count] for row, label in enumerate(classes)}
    return {
        label: [(vocabulary[place], round(float(head.weight[row, place]), 3)) for place in best[label].tolist()]
        for row, label in enumerate(classes)
        if head.weight[row].any()
    }


def require_terms(features: Matrix, places: Integers | None = None) -> Any:  # noqa: ANN401 - a sparse matrix
    """Return the terms of features, or of the rows at some places; raises RecipeError when they carry none."""
    terms = terms_of(features, places)
    if terms is None:
        raise RecipeError("heads.no_terms")
    return terms
