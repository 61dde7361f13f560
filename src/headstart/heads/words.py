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

        terms, present = require_terms(training.matrix, training.places), training.present
        weight = np.zeros((training.class_count, terms.shape[1]), dtype=np.float32)
        bias = np.full(training.class_count, ABSENT, dtype=np.float32)
        bias[present] = 0.0
        if len(present) > 1:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a step further changes no answer
                slopes, offsets = self.separate(terms, training, setting)
            if len(present) == 2:
                slopes, offsets = np.concatenate([-slopes, slopes]), np.concatenate([-offsets, offsets])
            weight[present], bias[present] = slopes, offsets
        return WordsHead(weight, bias, setting)

    def separate(self, terms: Any, training: TrainingSet, cost: float) -> tuple[Array, Array]:  # noqa: ANN401 - sparse
        """Compute slopes (P, V) and offsets (P,) of the P classes that occur; of two only those of the second."""
        from sklearn.svm import LinearSVC

        machine = LinearSVC(C=cost, dual=True, random_state=0, max_iter=STEPS)
        machine.fit(terms, training.compact_labels, training.weights * len(training))
        return machine.coef_, machine.intercept_


@dataclass(frozen=True, slots=True)
class WordsLogisticFamily(WordsFamily):
    """Logistic regressions, each class against the others, on the terms of documents: only where it is asked for.

    Among the heads that are tried unasked it would cost time and seldom gain: ``benchmarks/README.md`` has the figures.
    """

    name: ClassVar[str] = "words_logistic"
    grid: ClassVar[tuple[float, ...]] = (10.0, 30.0, 100.0)

    def separate(self, terms: Any, training: TrainingSet, cost: float) -> tuple[Array, Array]:  # noqa: ANN401 - sparse
        """Fit one regression for each class; scikit-learn's solver on the dual is the fastest for so many terms."""
        from sklearn.linear_model import LogisticRegression

        classes = range(1, 2) if len(training.present) == 2 else range(len(training.present))
        weights, machines = training.weights * len(training), []
        for number in classes:
            machine = LogisticRegression(C=cost, solver="liblinear", dual=True, random_state=0, max_iter=STEPS)
            machines.append(machine.fit(terms, training.compact_labels == number, weights))
        return np.vstack([one.coef_ for one in machines]), np.concatenate([one.intercept_ for one in machines])


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
