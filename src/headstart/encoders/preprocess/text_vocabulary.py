"""A large vocabulary of which only those pieces are read that occur in a document.

To read all quarter of a million pieces of a tokenizer like e5's takes the library a second, most of the time of one
answer. But how SentencePiece's kind Unigram divides a document depends only on the pieces that occur in it, and on the
lowest score of all, from which that of unknown signs is made: with these alone it finds the same tokens.
"""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

INDEX = "tokenizer.index.npz"  # beside tokenizer.json
LARGE = 50_000  # pieces from which on there is one
FEW = 16  # documents, after which all pieces are read
SHORT = 1_000  # characters of a document that is not too long for it


def write_index(source: dict[str, Any], path: Path, large: int = LARGE) -> bool:
    """Write the index of a tokenizer as ``tokenizer.json`` describes it; False for one that needs none or has none."""
    model = source["model"]
    if model.get("type") != "Unigram" or model.get("byte_fallback") or source.get("added_tokens"):
        return False
    if len(model["vocab"]) < large:
        return False
    numbers = {piece: number for number, (piece, _) in enumerate(model["vocab"])}  # of two the last one counts
    encoded = sorted((piece.encode(), number) for piece, number in numbers.items())
    rest = {**source, "post_processor": None, "model": {**model, "vocab": []}}
    np.savez(
        path,
        blob=np.frombuffer(b"".join(piece for piece, _ in encoded), np.uint8),
        ends=np.cumsum([len(piece) for piece, _ in encoded], dtype=np.int32),
        numbers=np.array([number for _, number in encoded], np.int32),
        scores=np.array([model["vocab"][number][1] for _, number in encoded], np.float64),
        rest=np.frombuffer(json.dumps(rest).encode(), np.uint8),
    )
    return True


class PieceIndex(Sequence[bytes]):
    """The pieces of a vocabulary in the order of their bytes; a few documents are divided by what they hold of it."""

    def __init__(self, arrays: dict[str, Any], rest: dict[str, Any]) -> None:
        self._blob, self._ends = arrays["blob"].tobytes(), memoryview(arrays["ends"])
        self._numbers, self._scores, self._rest = arrays["numbers"], arrays["scores"], rest
        self._unknown = int(np.flatnonzero(self._numbers == rest["model"]["unk_id"])[0])
        self._lowest = int(np.argmin(self._scores))
        self._longest = int(np.diff(arrays["ends"], prepend=0).max())
        self._plain = self._open([])
        self._taken = 0

    def __len__(self) -> int:
        """Count the pieces."""
        return len(self._ends)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - a number; the bytes of a piece
        """Return a piece."""
        return self._blob[self._ends[place - 1] if place else 0 : self._ends[place]]

    def takes(self, document: str) -> bool:
        """Return whether this is the faster way for a document: for the first few, which are short."""
        self._taken += 1
        return self._taken <= FEW and len(document) <= SHORT

    def encode(self, document: str) -> list[int]:
        """Return the numbers of the tokens of a document, as the whole vocabulary gives them."""
        normalizer, splitter = self._plain.normalizer, self._plain.pre_tokenizer
        text = normalizer.normalize_str(document) if normalizer else document
        words = {word for word, _ in splitter.pre_tokenize_str(text)} if splitter else {text}
        places = sorted({self._lowest, *(place for word in words for place in self._inside(word))} - {self._unknown})
        found = self._open(places).encode(document, add_special_tokens=False).ids
        numbers = [self._numbers[place] for place in (self._unknown, *places)]
        return [int(numbers[one]) for one in found]

    def _inside(self, word: str) -> Iterator[int]:
        """Find the pieces that occur in a word."""
        data = word.encode()
        for start in range(len(data)):
            place = 0
            for end in range(start + 1, min(len(data), start + self._longest) + 1):
                part = data[start:end]
                place = bisect_left(self, part, place)
                if place == len(self) or not self[place].startswith(part):
                    break  # and none begins with more
                if self[place] == part:
                    yield place

    def _open(self, places: Sequence[int]) -> Any:  # noqa: ANN401 - a tokenizers.Tokenizer
        from tokenizers import Tokenizer

        vocabulary = [[self[place].decode(), float(self._scores[place])] for place in (self._unknown, *places)]
        model = {**self._rest["model"], "unk_id": 0, "vocab": vocabulary}
        return Tokenizer.from_str(json.dumps({**self._rest, "model": model}))


@lru_cache(maxsize=8)
def open_index(tokenizer: Path, sha256: str) -> PieceIndex | None:
    """Open the index beside a file ``tokenizer.json``; None where there is none that can be read.

    ``sha256`` tells a new file at the same place from the old one.
    """
    try:
        with np.load(tokenizer.with_name(INDEX), allow_pickle=False) as found:
            arrays = dict(found)
        return PieceIndex(arrays, json.loads(arrays["rest"].tobytes()))
    except (OSError, ValueError, KeyError, IndexError):
        return None
