"""Features whose rows also have terms: a dense matrix that knows how to get a sparse one, row by row."""

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from headstart.arrays import Integers

Terms = Any  # scipy.sparse.csr_array, which has no type stubs: (N, V), float32


class TermFeatures(np.ndarray[Any, np.dtype[np.float32]]):
    """Features (N, D) that carry the weights of V terms for each row, as documents have them.

    Whatever knows nothing of terms sees an ordinary array. Selecting rows selects those of the terms; what else is
    computed of the array is ordinary and carries none. Terms are computed when they are first asked for.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> features = TermFeatures.of(np.zeros((3, 2), np.float32), lambda: csr_array(np.eye(3, dtype=np.float32)))
    >>> terms_of(features[[2, 0]][1:]).toarray().tolist()
    [[1.0, 0.0, 0.0]]
    >>> type(features * 2) is np.ndarray
    True
    """

    _compute: Callable[[], Terms] | None = None  # of all rows of the matrix that this one was selected from
    _rows: Integers | None = None

    @classmethod
    def of(cls, matrix: npt.NDArray[np.float32], compute: Callable[[], Terms]) -> Self:
        """Join features (N, D) and what computes their terms (N, V)."""
        joined, once, lock = matrix.view(cls), cache(compute), Lock()

        def compute_once() -> Terms:
            with lock:  # folds ask for them at the same time
                return once()

        joined._compute, joined._rows = compute_once, np.arange(len(matrix))
        return joined

    def __getitem__(self, rows: Any) -> Any:  # noqa: ANN401 - whatever selects
        """Select rows with their terms; anything else as of an ordinary array."""
        chosen = self.view(np.ndarray)[rows]
        if self._rows is None or isinstance(rows, tuple) or np.ndim(chosen) != 2:
            return chosen
        selected = chosen.view(type(self))
        selected._compute, selected._rows = self._compute, self._rows[rows]
        return selected

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:  # noqa: ANN401
        """Return what is computed of it as an ordinary array, or a number."""
        return np.asarray(array)[()] if return_scalar else np.asarray(array)

    def terms(self, places: Integers | slice = slice(None)) -> Terms:
        """Select the weights of the terms of these rows, or of some of them: (N, V); None where there are none."""
        return None if self._compute is None or self._rows is None else self._compute()[self._rows[places]]


def terms_of(features: npt.NDArray[Any], places: Integers | None = None) -> Terms:
    """Return the terms of features, or of the rows at some places; None where they carry none."""
    if not isinstance(features, TermFeatures):
        return None
    return features.terms() if places is None else features.terms(places)


def have_terms(features: npt.NDArray[Any]) -> bool:
    """Return whether features carry terms, without computing them."""
    return isinstance(features, TermFeatures) and features._rows is not None
