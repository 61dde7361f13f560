"""Terms of documents: words and pairs of words, or characters, weighted by how rare they are (TF-IDF)."""

import math
import re
from array import array
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
UNDIVIDED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"


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

        rarity = np.array(self.rarity)
        starts, columns, values = array("i", [0]), array("i"), array("f")
        for document in documents:
            found = Counter(self.places_in(document))
            ordered = sorted(found)
            weights = np.array([1 + math.log(found[place]) for place in ordered]) * rarity[ordered]
            columns.extend(ordered)
            values.frombytes((weights / np.sqrt(weights @ weights)).astype(np.float32).tobytes())
            starts.append(len(columns))
        return csr_array((np.array(values), np.array(columns), np.array(starts)), (len(starts) - 1, len(rarity)))

    def places_in(self, document: str) -> Iterator[int]:
        """Find the places in the vocabulary of the terms of a document, as often as they occur.

        Examples
        --------
        >>> terms = TermWeights.fit(["a film"])
        >>> list(terms.places_in("A film, a song"))
        [0, 1, 0, 2]
        """
        for term in _terms(document, self.by_characters):
            if (place := self._places.get(term, -1)) >= 0:
                yield place

    def locate(self, document: str) -> Iterator[tuple[int, int, int]]:
        """Find every occurrence of a term in a document: its place in the vocabulary, and where it starts and ends.

        Examples
        --------
        >>> terms = TermWeights.fit(["A good film"])
        >>> [(terms.vocabulary[place], start, end) for place, start, end in terms.locate("So good! A film")]
        [('good', 3, 7), ('a', 9, 10), ('film', 11, 15)]
        """
        small = document.lower()
        origin = [place for place, letter in enumerate(document) for _ in letter.lower()]
        if self.by_characters:
            letters = [found for found in re.finditer(r"\s+|\S", small) if found[0].strip() or 0 < found.start()]
            letters = letters[:-1] if letters and not letters[-1][0].strip() else letters
            shown = [(found[0] if found[0].strip() else " ", found.start(), found.end()) for found in letters]
            runs = [shown[start : start + length] for length in CHARACTERS for start in range(len(shown) - length + 1)]
            found_terms = (("".join(letter for letter, _, _ in run), run[0][1], run[-1][2]) for run in runs)
        else:
            words = [(found[0], found.start(), found.end()) for found in _WORD.finditer(small)]
            pairs = ((f"{one[0]} {two[0]}", one[1], two[2]) for one, two in pairwise(words))
            found_terms = (one for group in (words, pairs) for one in group)
        for term, start, end in found_terms:
            if term in self._places:
                yield self._places[term], origin[start], origin[end - 1] + 1

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
    return sum(len(re.findall(UNDIVIDED, document[:1000])) for document in sample) > 0.3 * letters


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
