"""Terms of documents: words and pairs of words, or characters, weighted by how rare they are (TF-IDF)."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np

from headstart.encoders.term_features import Terms

MOST_TERMS = 100_000  # the most frequent are kept
MOST_COUNTED = 2_000_000  # what is counted at a time: beyond it, terms seen once so far are forgotten
CHARACTERS = (1, 2, 3)  # lengths of terms where words are not divided by blanks
_WORD = re.compile(r"\w+|[!?]")
# Han, kana, Thai, Lao, Khmer, Burmese: written without blanks between words.
_UNDIVIDED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True)
class TermWeights:
    """A vocabulary with the rarity of each term, fitted to documents without their labels.

    Attributes
    ----------
    by_characters
        Whether terms are 1 to 3 characters, as for Chinese, or words and pairs of words, one-letter words included.
    vocabulary
        The V terms.
    rarity
        Of each, ln((1 + N) / (1 + n)) + 1, where n of N documents have it.

    Notes
    -----
    The weight of a term that occurs k times is (1 + ln k) times its rarity; rows have Euclidean length 1. This is what
    scikit-learn's TfidfVectorizer computes with ``sublinear_tf=True``.

    Examples
    --------
    >>> terms = TermWeights.fit(["a good film", "a bad film!"])
    >>> terms.vocabulary[:4]
    ('a', 'film', 'good', 'a good')
    >>> terms.transform(["good good bad"]).toarray().astype(float).round(2).tolist()[0][:5]
    [0.0, 0.0, 0.86, 0.0, 0.0]
    """

    by_characters: bool
    vocabulary: tuple[str, ...]
    rarity: tuple[float, ...]

    @classmethod
    def fit(cls, documents: Sequence[str]) -> Self:
        """Count the terms of documents; the most frequent are kept."""
        by_characters = _are_undivided(documents)
        counts: Counter[str] = Counter()
        for document in documents:
            counts.update([*dict.fromkeys(_terms(document, by_characters))])  # in the same order at every start
            if len(counts) > MOST_COUNTED:
                counts = Counter({term: count for term, count in counts.items() if count > 1})
        kept = counts.most_common(MOST_TERMS)  # of equals, the first seen
        # Rounded as they are kept, so that a saved model weighs as it did.
        rarity = tuple(round(math.log((1 + len(documents)) / (1 + count)) + 1, 6) for _, count in kept)
        return cls(by_characters, tuple(term for term, _ in kept), rarity)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.vocabulary)}

    def transform(self, documents: Iterable[str]) -> Terms:
        """Compute the weights of the terms of N documents: a sparse matrix (N, V), float32."""
        from scipy.sparse import csr_array  # only where documents have terms

        rarity, places = np.array(self.rarity), self._places
        starts, columns, weights = [0], list[int](), list[float]()
        for document in documents:
            found = Counter(
                place for term in _terms(document, self.by_characters) if (place := places.get(term, -1)) >= 0
            )
            ordered = sorted(found)
            columns += ordered
            weights += [1 + math.log(found[place]) for place in ordered]
            starts.append(len(columns))
        values = np.array(weights) * rarity[columns] if columns else np.empty(0)
        rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        lengths = np.sqrt(np.bincount(rows, values**2, len(starts) - 1))
        values = (values / lengths[rows]).astype(np.float32)
        return csr_array(
            (values, np.array(columns, np.int32), np.array(starts, np.int32)), (len(starts) - 1, len(rarity))
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"by_characters": self.by_characters, "vocabulary": list(self.vocabulary), "rarity": list(self.rarity)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote; raises KeyError when something is missing."""
        return cls(bool(data["by_characters"]), tuple(data["vocabulary"]), tuple(data["rarity"]))


def _are_undivided(documents: Sequence[str]) -> bool:
    """Determine whether most of what documents say is written without blanks between words."""
    sample = documents[:: max(1, len(documents) // 1000)]
    letters = sum(one.isalnum() for document in sample for one in document[:1000])
    return sum(len(_UNDIVIDED.findall(document[:1000])) for document in sample) > 0.3 * letters


def _terms(document: str, by_characters: bool) -> Iterator[str]:
    """Take a document apart into its terms, in small letters."""
    small = document.lower()
    if by_characters:
        text = " ".join(small.split())
        for length in CHARACTERS:
            yield from (text[start : start + length] for start in range(len(text) - length + 1))
        return
    words = _WORD.findall(small)
    yield from words
    yield from (f"{one} {two}" for one, two in pairwise(words))
