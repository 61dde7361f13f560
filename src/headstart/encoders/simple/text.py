"""An encoder without any network: which words, or characters, a document has. Every network has to beat it."""

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, ClassVar
from zlib import crc32

import numpy as np

from headstart.arrays import Singles
from headstart.data.example import Example
from headstart.data.readers.text import open_example
from headstart.encoders.preprocess.text import PlainText
from headstart.encoders.spec import Encoder, EncoderFiles, EncoderSpec, LoadedEncoder, describe_simple
from headstart.encoders.term_features import TermFeatures
from headstart.encoders.text.terms import TermWeights
from headstart.errors import EncoderError, ExampleError
from headstart.runtime.hashing import sha256_of_json

WORDS = "words"
TERMS = "terms.json"  # the vocabulary, in the folder of a model
HASHED = 512  # numbers that the weights of all terms are added up in, for what needs a dense vector


def fit_baseline(examples: Sequence[Example]) -> "WordsEncoder":
    """Fit the vocabulary to examples, without their labels."""
    terms = fit_terms(texts_of(examples))
    data = terms.to_json()
    spec = describe_simple(WORDS, WORDS, HASHED, PlainText(sha256_of_json(data)))
    return WordsEncoder(spec, EncoderFiles(beside={TERMS: json.dumps(data, ensure_ascii=False).encode()}))


def open_simple(spec: EncoderSpec, files: EncoderFiles) -> "WordsEncoder":
    """Open the encoder of words that was saved with a model."""
    return WordsEncoder(spec, files)


@lru_cache(maxsize=2)  # the baseline and a network with words beside it have the same
def fit_terms(documents: tuple[str, ...]) -> TermWeights:
    """Fit a vocabulary to documents; raises EncoderError when there are none."""
    if not documents:
        raise EncoderError("encoders.no_documents")
    return TermWeights.fit(documents)


def read_terms(files: EncoderFiles) -> TermWeights:
    """Read the vocabulary among the files of an encoder; raises EncoderError when it is not there or damaged."""
    try:
        return TermWeights.from_json(json.loads(files.read(TERMS)))
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise EncoderError("encoders.no_vocabulary", file=TERMS, error=error) from error


class WordsEncoder(LoadedEncoder):
    """The weights of the words of a document, and 512 sums of them as its dense features.

    Which sum a term belongs to, and with which sign, is a hash of the term: inner products are kept in the mean
    (Weinberger et al. 2009).
    """

    completes: ClassVar[bool] = True

    def __init__(self, spec: EncoderSpec, files: EncoderFiles) -> None:
        self.spec, self.files = spec, files

    @cached_property
    def terms(self) -> TermWeights:
        """The vocabulary; read when it is first needed."""
        return read_terms(self.files)

    def collate(self, inputs: list[Any]) -> list[Any]:
        """Return the documents as they are."""
        return inputs

    def encode(self, batch: list[str]) -> Singles:
        """Turn N documents into features, shape (N, 512)."""
        places, signs = self._hashes
        weights = self.terms.transform(batch)
        features = np.zeros((len(batch), HASHED), dtype=np.float32)
        rows = np.repeat(np.arange(len(batch)), np.diff(weights.indptr))
        np.add.at(features, (rows, places[weights.indices]), weights.data * signs[weights.indices])
        return features

    def complete(self, features: Singles, examples: Sequence[Any]) -> Singles:
        """Let features carry the weights of all terms."""
        return with_terms(features, examples, self)

    @cached_property
    def _hashes(self) -> tuple[Any, Singles]:
        hashes = np.array([crc32(term.encode()) for term in self.terms.vocabulary], dtype=np.int64)
        return hashes % HASHED, np.where(hashes & HASHED, 1, -1).astype(np.float32)


def with_terms(features: Singles, documents: Sequence[str | None], encoder: Encoder) -> Singles:
    """Let features (N, D) of N documents carry the weights of their terms, by an encoder that has ``terms``."""
    said = [document or "" for document in documents]
    return TermFeatures.of(features, lambda: encoder.terms.transform(said))  # type: ignore[attr-defined]


def texts_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """Open the documents of examples; those that cannot be read are left out, as they are of the training."""
    texts = []
    for example in examples:
        with suppress(ExampleError):
            texts.append(open_example(example.source, example.name))
    return tuple(texts)
