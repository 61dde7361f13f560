"""The ways to explain a score by the parts of a document: the exact weights of its words, or leaving one part out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.arrays import Singles
from headstart.encoders.term_features import terms_of
from headstart.errors import EncoderError
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.text.parts import MOST_READ, Span, split_parts, without
from headstart.explain.values import Attribution
from headstart.heads.head import Head
from headstart.heads.stacked import StackedHead
from headstart.heads.words import WordsHead

AT_ONCE = 64  # documents that are encoded together


@dataclass(frozen=True, slots=True, eq=False)
class EncodedText:
    """A document, its parts, and its features (1, D) with their terms."""

    document: str
    parts: tuple[Span, ...]
    features: Singles


@dataclass(frozen=True, slots=True)
class TextExplainer:
    """One way to attribute a score to the parts of a document; raises EncoderError where that is not possible."""

    name: str
    title: str
    attribute: Callable[[ExplainedModel, Any, int], Attribution]


def encode_text(subject: ExplainedModel, document: str, read: int = MOST_READ) -> EncodedText:
    """Encode a document and divide it into parts."""
    return EncodedText(document, split_parts(document, read), encode_texts(subject, [document]))


def encode_texts(subject: ExplainedModel, documents: Sequence[str]) -> Singles:
    """Encode N documents with their terms, shape (N, D)."""
    encoder = subject.encoder
    batches = [documents[start : start + AT_ONCE] for start in range(0, len(documents), AT_ONCE)]
    rows = [encoder.encode(encoder.collate([encoder.preprocess(one) for one in batch])) for batch in batches]
    return encoder.complete(np.concatenate(rows), documents)


def compute_attribution(subject: ExplainedModel, seen: EncodedText, target: int, method: str) -> Attribution:
    """Attribute a score to the parts; ``auto`` is the exact way where the head is one of words, else occlusion."""
    if method == "auto":
        method = "words" if isinstance(subject.head, WordsHead) else "occlusion"
    if method not in METHODS:
        raise EncoderError("explain.not_of_texts", method=method, known=["auto", *METHODS])
    return METHODS[method].attribute(subject, seen, target)


def occlude(subject: ExplainedModel, seen: EncodedText, target: int) -> Attribution:
    """Leave out one part after the other; a part has the fall of the score."""
    falls = score_falls(subject.head, encode_texts(subject, occluded(seen)), target)
    return Attribution("occlusion", falls, False, "each part left out once")


def occluded(seen: EncodedText) -> list[str]:
    """Return a document, and the same without each of its T parts."""
    return [seen.document, *(without(seen.document, seen.parts, {number}) for number in range(len(seen.parts)))]


def score_falls(head: Head, features: Singles, target: int) -> Singles:
    """Compute how far the score of a class falls from the first row of features (1 + T, D) to each other: (T,)."""
    scores = head.scores(features)[:, target]
    falls: Singles = (scores[0] - scores[1:]).astype(np.float32)
    return falls


def weigh_words(subject: ExplainedModel, seen: Any, target: int) -> Attribution:  # noqa: ANN401 - of any modality
    """Divide the score of a head of words, or what words add to a stacked one, among the parts.

    What a term adds is divided evenly among its occurrences and their letters; the constant of the class is left out.
    """
    whole, head, scale = subject.head, subject.head, 1.0
    if isinstance(whole, StackedHead):
        head, scale = whole.words, whole.share / whole.temperatures[1]
    if not isinstance(head, WordsHead) or terms_of(seen.features) is None:
        raise EncoderError("explain.no_words", kind=whole.kind)
    row = terms_of(seen.features)
    added = dict(zip(row.indices.tolist(), scale * row.data * head.weight[target][row.indices], strict=True))
    found = [one for one in subject.encoder.terms.locate(seen.document) if one[0] in added]  # type: ignore[attr-defined]
    times = np.bincount([place for place, _, _ in found], minlength=1)
    blank = np.array([letter.isspace() for letter in seen.document])
    letters = np.zeros(len(seen.document))
    for place, start, end in found:
        shown = start + np.flatnonzero(~blank[start:end])
        shown = shown if len(shown) else np.array([start - 1])  # a blank counts for the letter before it
        letters[shown] += added[place] / times[place] / len(shown)
    grid = np.array([letters[start:end].sum() for start, end in seen.parts], dtype=np.float32)
    return Attribution("words", grid, head is whole, "terms of the document")


WORDS = TextExplainer("words", "weights of words", weigh_words)
METHODS = {"words": WORDS, "occlusion": TextExplainer("occlusion", "occlusion", occlude)}
