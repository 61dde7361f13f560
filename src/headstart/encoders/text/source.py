"""The encoders of text by their names: words alone, or a network with the words beside it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from headstart.arrays import Singles
from headstart.data.example import Example
from headstart.encoders.simple.text import TERMS, WORDS, fit_baseline, read_terms, texts_of, with_terms
from headstart.encoders.spec import Device, EncoderFiles, EncoderSpec, LoadedEncoder
from headstart.encoders.text import loading
from headstart.encoders.text.engine import TextEncoder
from headstart.encoders.text.terms import TermWeights
from headstart.errors import RecipeError
from headstart.runtime.findings import NOTE, Finding
from headstart.runtime.progress import Progress

SAMPLE = 300  # documents of which unknown tokens are counted


def require_encoder(name: str, cache: Path, examples: Sequence[Example]) -> str:
    """Return the name in full; raises as :func:`headstart.encoders.text.loading.require_encoder`."""
    return WORDS if name == WORDS else loading.require_encoder(name, cache, examples)


def require_trainable(name: str, method: str) -> None:
    """Raise RecipeError where there are no weights, or none that move."""
    if name == WORDS:
        raise RecipeError("encoders.no_network_of_words", method=method)
    loading.require_trainable(name, method)


def list_names(cache: Path, examples: Sequence[Example]) -> tuple[str, ...]:
    """List the networks of this machine."""
    return loading.list_names(cache, examples)


def load_encoder(
    name: str, *, cache: Path, device: Device, progress: Progress, examples: Sequence[Example]
) -> LoadedEncoder:
    """Load an encoder; the words beside it are those of ``examples``, where there are any."""
    if name == WORDS:
        return fit_baseline(examples)
    network = loading.load_encoder(name, cache=cache, device=device, progress=progress)
    texts = texts_of(examples)
    if not texts:
        return network

    def fit_files() -> EncoderFiles:
        beside = {**network.files.beside, **fit_baseline(examples).files.beside}
        return EncoderFiles(network.files.graph, None, network.files.config, beside)

    return NetworkWithWords(network, fit_files, lambda: (*network.notices, *_notices(network, texts)))


def foresee(name: str, cache: Path, examples: Sequence[Example]) -> tuple[Finding, ...]:
    """Return what the user should know of an encoder and these documents before features are computed."""
    if name == WORDS:
        return ()
    network = loading.load_encoder(name, cache=cache)
    return (*network.notices, *_notices(network, texts_of(examples)))


def encode_names(encoder: LoadedEncoder, names: Sequence[str]) -> Singles:
    """Turn names of classes into features, shape (C, D), as if they were documents."""
    return encoder.encode(encoder.collate([encoder.preprocess(name) for name in names]))


def open_network(spec: EncoderSpec, files: EncoderFiles) -> LoadedEncoder:
    """Open the network of a saved model, with the words that were saved beside it."""
    network = TextEncoder(spec, files)
    return NetworkWithWords(network, lambda: files) if TERMS in files.beside else network


class NetworkWithWords(LoadedEncoder):
    """A network whose features carry the words of the documents, for heads that want both.

    ``files`` fits the words, and ``notices`` counts unknown tokens: both are called when what they give is needed.
    """

    completes: ClassVar[bool] = True

    def __init__(
        self,
        network: TextEncoder,
        files: Callable[[], EncoderFiles],
        notices: Callable[[], tuple[Finding, ...]] = tuple,
    ) -> None:
        self._network, self.spec, self._files, self._notices = network, network.spec, files, notices

    @cached_property
    def files(self) -> EncoderFiles:  # type: ignore[override]  # the protocol calls it an attribute
        """Its files, with the vocabulary beside them."""
        return self._files()

    @cached_property
    def notices(self) -> tuple[Finding, ...]:
        """What the user should know about how it runs."""
        return self._notices()

    @cached_property
    def terms(self) -> TermWeights:
        """The vocabulary; read when it is first needed."""
        return read_terms(self.files)

    def preprocess(self, document: str) -> Any:  # noqa: ANN401 - an input
        """Turn a document into the numbers of its tokens."""
        return self._network.preprocess(document)

    def collate(self, inputs: list[Any]) -> Any:  # noqa: ANN401 - what encode takes
        """Join inputs to a batch."""
        return self._network.collate(inputs)

    def encode(self, batch: Any) -> Singles:  # noqa: ANN401 - of collate
        """Turn a batch of N inputs into features, shape (N, D)."""
        return self._network.encode(batch)

    def complete(self, features: Singles, examples: Sequence[Any]) -> Singles:
        """Let features carry the weights of all terms."""
        return with_terms(features, examples, self)


def _notices(network: TextEncoder, texts: Sequence[str]) -> list[Finding]:
    """Say when an encoder does not know the language, and how many documents it reads in pieces."""
    preprocessing, found = network.preprocessing, list[Finding]()
    sample = texts[:: max(1, len(texts) // SAMPLE)]
    unknown = preprocessing.share_unknown(preprocessing.prepare(text) for text in sample)
    if unknown > preprocessing.MOST_UNKNOWN:
        values = {"name": network.spec.name, "share": unknown, "other": loading.DEFAULT}
        found.append(Finding("encoders.unknown_language", values))
    # A token has one character at least, but for a few signs that stand for several.
    long = sum(
        len(preprocessing.prepare(text)) > preprocessing.piece for text in texts if len(text) > preprocessing.piece
    )
    if long:
        values = {"count": long, "total": len(texts), "limit": preprocessing.piece}
        found.append(Finding("encoders.read_in_pieces", values, NOTE))
    return found
