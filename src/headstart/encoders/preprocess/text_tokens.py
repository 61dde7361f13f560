"""From a document to the numbers of its tokens, and to the pieces that a network reads: no token is left out."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from headstart.arrays import Integers
from headstart.data.readers.text import clean_document
from headstart.encoders.preprocess.text_vocabulary import open_index
from headstart.errors import EncoderError, MissingExtraError

Tokens = npt.NDArray[np.int32]  # the numbers of tokens, shape (T,)

PIECE = 254  # tokens of a piece, without those that frame it
LIBRARY = "tokenizers"


@dataclass(frozen=True, slots=True)
class TextPreprocessing:
    """How a document becomes the pieces that a network reads, and what is taken of its output.

    Attributes
    ----------
    tokenizer
        SHA-256 of the file ``tokenizer.json``.
    before, after
        Numbers of the tokens that frame every piece.
    unknown
        Number of the token that stands for what the vocabulary lacks; -1 where it lacks nothing.
    piece
        Most tokens of a piece, without those that frame it.
    prefix
        What is put before every document. Nothing for e5 either: "query: " and "passage: " were measured on titles that
        look for their articles (recall at 1 .904 to .916, without them .912), and every prefix has a store of its own.
    pooling, layers
        How the last so many layers become one vector: the unit mean over the tokens of each, joined.
    file
        Where ``tokenizer.json`` lies; it is no part of the value.
    """

    tokenizer: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    unknown: int
    piece: int = PIECE
    prefix: str = ""
    pooling: str = "mean"
    layers: int = 2
    file: Path | None = field(default=None, compare=False, repr=False)
    kind: ClassVar[str] = "text"
    kept: ClassVar[bool] = True
    MOST_UNKNOWN: ClassVar[float] = 0.05  # share of unknown tokens above which the vocabulary lacks the language

    @property
    def shape(self) -> tuple[int, ...]:
        """Documents are of several lengths."""
        return ()

    def at(self, file: Path) -> Self:
        """Return the same with a file ``tokenizer.json`` to read."""
        return replace(self, file=file)

    def prepare(self, document: str) -> Tokens:
        """Return the numbers of all tokens of a document, shape (T,); those that frame a piece are not among them.

        Raises
        ------
        EncoderError
            When the tokenizer is not there or damaged.
        MissingExtraError
            When the library that tokenises is not installed.
        """
        assert self.file is not None, "an encoder says where its tokenizer lies"
        text = clean_document(self.prefix + document)
        index = open_index(self.file, self.tokenizer)
        if index is not None and index.takes(text):
            return np.array(index.encode(text), dtype=np.int32)
        tokenizer = open_tokenizer(self.file, self.tokenizer)
        return np.array(tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.int32)

    def pieces(self, tokens: Tokens) -> list[Integers]:
        """Cut a document into pieces with their frames, each of shape (T,): one at least.

        Examples
        --------
        >>> cut = TextPreprocessing("", before=(101,), after=(102,), unknown=100, piece=3)
        >>> [piece.tolist() for piece in cut.pieces(np.array([5, 6, 7, 8], np.int32))]
        [[101, 5, 6, 7, 102], [101, 8, 102]]
        """
        starts = range(0, max(len(tokens), 1), self.piece)
        cut = (tokens[start : start + self.piece] for start in starts)
        return [np.concatenate([self.before, piece, self.after]).astype(np.int64) for piece in cut]

    def count_tokens(self, pieces: Iterable[Integers]) -> list[int]:
        """Count the tokens of pieces without those of their frames: at least 1 each, so that an empty one has weight.

        Examples
        --------
        >>> TextPreprocessing("", (101,), (102,), 100).count_tokens([np.array([101, 7, 7, 102]), np.array([101, 102])])
        [2, 1]
        """
        frame = len(self.before) + len(self.after)
        return [max(len(piece) - frame, 1) for piece in pieces]

    def share_unknown(self, batch: Iterable[Tokens]) -> float:
        """Compute which share of the tokens of documents stands for what the vocabulary lacks, from 0 to 1.

        Examples
        --------
        >>> cut = TextPreprocessing("", (101,), (102,), unknown=100)
        >>> cut.share_unknown([np.array([100, 7], np.int32), np.array([8, 9], np.int32)])
        0.25
        """
        tokens = np.concatenate([np.zeros(0, np.int32), *batch])
        return float(np.mean(tokens == self.unknown)) if len(tokens) else 0.0

    def versions(self) -> dict[str, str]:
        """Return the version of the library that tokenises."""
        require_library()
        return {LIBRARY: version(LIBRARY)}

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain = asdict(self)
        del plain["file"]
        return {"kind": self.kind, **plain}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote; raises TypeError or KeyError when a field is missing or unknown."""
        return cls(**{**data, "before": tuple(data["before"]), "after": tuple(data["after"]), "file": None})


def require_library() -> None:
    """Raise MissingExtraError when the library that tokenises is not installed."""
    if find_spec(LIBRARY) is None:
        raise MissingExtraError(LIBRARY, "text", "encoders.to_tokenise")


@lru_cache(maxsize=8)
def open_tokenizer(file: Path, sha256: str = "") -> Any:  # noqa: ANN401 - a tokenizers.Tokenizer
    """Open a file ``tokenizer.json``; what special tokens are called is ordinary text in a document.

    ``sha256`` only tells a new file at the same place from the old one: whoever keeps files checks them.

    Raises
    ------
    EncoderError
        When it is not there or damaged.
    MissingExtraError
        When the library is not installed.
    """
    require_library()
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # its exceptions derive from Exception alone
        raise EncoderError("encoders.tokenizer_not_opened", path=file, error=str(error)[:200].rstrip(".")) from error
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
