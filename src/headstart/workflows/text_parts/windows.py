"""A text as the windows that a network reads, and what is known of its tokens put together again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.encoders.text.token_graphs import cut_windows, locate_tokens, most_central


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of one text.

    Attributes
    ----------
    ids
        Numbers of the tokens of each window, with its frame (T,).
    cuts
        The tokens of the text in each, as (start, end).
    first
        Where the tokens of the text begin in every window.
    places
        Where each token of the text stands in it, as (start, end).
    """

    ids: tuple[Integers, ...]
    cuts: tuple[tuple[int, int], ...]
    first: int
    places: tuple[tuple[int, int], ...]

    def join(self, rows: Sequence[Singles]) -> Singles:
        """Join what is known of the tokens of windows to that of the text (T, K), each from where most is around it."""
        chosen = most_central(self.cuts, len(self.places))
        joined = np.empty((len(self.places), rows[0].shape[1]), np.float32)
        for number, ((start, end), own) in enumerate(zip(self.cuts, rows, strict=True)):
            wanted = np.arange(start, end)[chosen[start:end] == number]
            joined[wanted] = own[self.first + wanted - start]
        return joined

    def tokens_of(self, start: int, end: int) -> Integers:
        """Return the tokens that stand in a part of the text; none where it holds none."""
        return np.array([place for place, (left, right) in enumerate(self.places) if right > start and left < end], int)


def make_windows(preprocessing: TextPreprocessing, text: str, before: Integers | None = None) -> Windows:
    """Cut a text into windows; ``before`` are tokens that stand in each before it, as those of a question do."""
    ids, places = locate_tokens(preprocessing, text)
    front, back = np.array(preprocessing.before, np.int64), np.array(preprocessing.after, np.int64)
    if before is not None:
        front = np.concatenate([front, before, back])
    size = preprocessing.piece - (0 if before is None else len(before) + len(back))
    cuts = cut_windows(len(ids), size)
    framed = tuple(np.concatenate([front, ids[start:end], back]) for start, end in cuts)
    return Windows(framed, tuple(cuts), len(front), tuple(places))
