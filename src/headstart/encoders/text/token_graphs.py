"""What a transformer knows of each token of a document: its graph, and long documents by windows that overlap."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.encoders.onnx_engine import open_session
from headstart.encoders.preprocess.text_tokens import TextPreprocessing, open_tokenizer
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.encoders.text.engine import group_by_length
from headstart.encoders.text.transformer import Transformer
from headstart.errors import EncoderError


class TokenEncoder:
    """A graph of :func:`headstart.encoders.text.transformer_graph.write_token_graph` that is run on windows."""

    def __init__(self, graph: Path, threads: int = 1) -> None:
        self._graph, self._threads = graph, threads
        self._session: Any = None  # onnxruntime has no type stubs

    def run(self, windows: Sequence[Integers]) -> list[Singles]:
        """Return what the graph says of the tokens of windows, each (T,): rows (T, K) for each."""
        if self._session is None:
            self._session = open_session(self._graph, self._threads)
        names = [one.name for one in self._session.get_inputs()]
        found: list[Singles] = [np.zeros((0, 0), np.float32)] * len(windows)
        for places in group_by_length([len(window) for window in windows]):
            ids = np.stack([windows[place] for place in places])
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            (rows,) = self._session.run(None, {name: given[name] for name in names})
            for place, own in zip(places, np.split(rows, len(places)), strict=True):
                found[place] = own
        return found


def require_token_states(spec: EncoderSpec, files: EncoderFiles) -> Transformer:
    """Return the network of an encoder whose tokens can be looked at; raises EncoderError for any other."""
    try:
        return Transformer(**files.config)
    except TypeError:
        raise EncoderError("encoders.no_token_states", name=spec.name) from None


def locate_tokens(preprocessing: TextPreprocessing, text: str) -> tuple[Integers, list[tuple[int, int]]]:
    """Return the numbers of the tokens of a document (T,), and where each stands in it, without those of a frame."""
    assert preprocessing.file is not None, "an encoder says where its tokenizer lies"
    found = open_tokenizer(preprocessing.file, preprocessing.tokenizer).encode(text, add_special_tokens=False)
    return np.array(found.ids, np.int64), list(found.offsets)


def cut_windows(count: int, size: int) -> list[tuple[int, int]]:
    """Cut ``count`` tokens into windows of at most ``size`` that overlap by half, so that each has words around it.

    Examples
    --------
    >>> cut_windows(10, 4), cut_windows(3, 4), cut_windows(0, 4)
    ([(0, 4), (2, 6), (4, 8), (6, 10)], [(0, 3)], [(0, 0)])
    """
    step = max(1, size // 2)
    starts = range(0, max(1, count - size + step), step)
    return [(start, min(start + size, count)) for start in starts]


def most_central(windows: Sequence[tuple[int, int]], count: int) -> Integers:
    """Return for each token (T,) the number of the window in which it has most tokens on its shorter side.

    Examples
    --------
    >>> most_central([(0, 4), (2, 6)], 6).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    places = np.arange(count)
    sides = [
        np.where((places >= start) & (places < end), np.minimum(places - start, end - 1 - places), -1)
        for start, end in windows
    ]
    # The ends of the document have nothing beyond them to miss.
    sides[0] = np.where(places < windows[0][1], np.where(places * 2 < windows[0][1], count, sides[0]), -1)
    start, end = windows[-1]
    sides[-1] = np.where((places >= start) & ((places - start) * 2 >= end - start), count, sides[-1])
    best: Integers = np.argmax(sides, axis=0)
    return best
