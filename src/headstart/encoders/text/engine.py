"""The engine of documents: pieces of the same length go through one ONNX graph together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, cast

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.encoders.onnx_engine import finite, open_session
from headstart.encoders.preprocess.text_tokens import TextPreprocessing, Tokens
from headstart.encoders.spec import EncoderFiles, EncoderSpec, LoadedEncoder
from headstart.encoders.text.tokenizer import FILE
from headstart.runtime.findings import Finding

MOST_PIECES = 16  # that go through the graph at a time
MOST_TOKENS = 2048  # of all of these, which bounds the memory


class TextEncoder(LoadedEncoder):
    """A prepared encoder of documents on the CPU; its session is opened by the first call of :meth:`encode`.

    The features of a document have the same bits whatever stands beside it, and with any number of threads: pieces go
    together only where they have the same length, so none is filled up.

    Parameters
    ----------
    spec, files
        What it is, and where it lies; ``files.graph`` and a file ``tokenizer.json`` beside it must be there.
    threads
        Threads within one call.
    notice
        What the user should know about it.
    """

    def __init__(self, spec: EncoderSpec, files: EncoderFiles, threads: int = 1, notice: Finding | None = None) -> None:
        tokenizer = files.beside[FILE]
        assert isinstance(tokenizer, Path), "a tokenizer is a file"
        self.preprocessing = cast(TextPreprocessing, spec.preprocessing).at(tokenizer)
        self.spec, self.files, self.notice = replace(spec, preprocessing=self.preprocessing), files, notice
        self._threads = threads
        self._session: Any = None  # onnxruntime has no type stubs
        self._lock = Lock()

    def collate(self, inputs: list[Tokens]) -> list[Tokens]:
        """Return the documents as they are: they have several lengths."""
        return inputs

    def encode(self, batch: Sequence[Tokens]) -> Singles:
        """Turn documents, each the numbers of its tokens (T,), into features, shape (N, D).

        A document that is longer than a piece is the mean of its pieces by their lengths; each half of the features,
        which comes from one layer, has length 1 again.

        Raises
        ------
        EncoderError
            When the graph cannot be opened, or a feature is not a finite number.
        """
        cut = [self.preprocessing.pieces(tokens) for tokens in batch]
        rows = self._encode_pieces([piece for pieces in cut for piece in pieces])
        features = np.empty((len(cut), self.spec.dimension), np.float32)
        start = 0
        for number, pieces in enumerate(cut):
            own = rows[start : start + len(pieces)]
            start += len(pieces)
            features[number] = own[0] if len(own) == 1 else self._join(own, self.preprocessing.count_tokens(pieces))
        return finite(features, self.spec)

    def _encode_pieces(self, pieces: Sequence[Integers]) -> Singles:
        session = self._session or self._open()
        names = [one.name for one in session.get_inputs()]
        rows = np.empty((len(pieces), self.spec.dimension), np.float32)
        for places in group_by_length([len(piece) for piece in pieces]):
            ids = np.stack([pieces[place] for place in places])
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            (rows[places],) = session.run(None, {name: given[name] for name in names})
        return rows

    def _join(self, rows: Singles, weights: Sequence[int]) -> Singles:
        mean = np.average(rows.astype(np.float64), axis=0, weights=weights)
        parts = mean.reshape(self.preprocessing.layers, -1)
        joined: Singles = (parts / np.linalg.norm(parts, axis=1, keepdims=True)).astype(np.float32).ravel()
        return joined

    def _open(self) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession
        with self._lock:
            if self._session is None:
                self._session = open_session(self.files.graph, self._threads)
            return self._session


def group_by_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group places of the same length, so many that their tokens fit into one run.

    Examples
    --------
    >>> list(group_by_length([3, 5, 3, 3]))
    [[0, 2, 3], [1]]
    >>> [len(places) for places in group_by_length([1024] * 5)]
    [2, 2, 1]
    """
    places: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        places.setdefault(length, []).append(place)
    for length, same in places.items():
        most = max(1, min(MOST_PIECES, MOST_TOKENS // max(length, 1)))
        yield from (same[start : start + most] for start in range(0, len(same), most))
