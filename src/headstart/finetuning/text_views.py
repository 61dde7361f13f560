"""Documents as inputs of a training: numbers of tokens, or the states of tokens as they leave the frozen layers.

Rows of a batch are filled up to its longest. Of a document in several pieces each version is another piece, so that
epochs take turns.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch

from headstart.arrays import Integers, Singles
from headstart.data.readers.base import reader_of
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.encoders.text.engine import group_by_length
from headstart.encoders.text.torch_transformer import HIDDEN, TorchTransformer
from headstart.finetuning.batches import Rows
from headstart.finetuning.classifier import TrainableParameters
from headstart.finetuning.inputs import CachedStages, TrainingInputs
from headstart.finetuning.views import Augmentation
from headstart.runtime.context import RunContext
from headstart.runtime.findings import NOTE, Finding

Piece = Integers | Singles
MOST_NUMBERS = 2**28  # of the states of all tokens: 1 GiB


@dataclass(frozen=True, slots=True)
class TokenViews:
    """The pieces of each document, one at least: numbers of tokens (T,), or their states (T, W).

    ``filling`` fills a batch up; among states it is not a number.
    """

    pieces: Sequence[Sequence[Piece]]
    filling: float = HIDDEN

    def __len__(self) -> int:
        """Count the documents."""
        return len(self.pieces)

    @property
    def notices(self) -> tuple[Finding, ...]:
        """Say of how many documents an epoch sees one piece alone."""
        long = sum(len(pieces) > 1 for pieces in self.pieces)
        return (Finding("finetuning.piece_by_piece", {"count": long}, NOTE),) if long else ()

    def lengths(self, view: int) -> Integers:
        """Count the tokens of this version of each document."""
        return np.array([len(self.piece(row, view)) for row in range(len(self.pieces))])

    def piece(self, row: int, view: int) -> Piece:
        """Return the piece of a document that a version shows."""
        pieces = self.pieces[row]
        return pieces[view % len(pieces)]

    def take(self, rows: Rows, view: int) -> Any:  # noqa: ANN401 - an array of what the pieces are
        """Return numbers of tokens, shape (n, T), or their states (n, T, W)."""
        pieces = [self.piece(int(row), view) for row in rows]
        filled = np.full((len(rows), max(map(len, pieces)), *pieces[0].shape[1:]), self.filling, pieces[0].dtype)
        for number, piece in enumerate(pieces):
            filled[number, : len(piece)] = piece
        return filled


def create_views(
    sources: Sequence[str],
    preprocessing: TextPreprocessing,
    augmentation: Augmentation,
    seed: int,
    workers: ThreadPoolExecutor,
) -> TokenViews:
    """Tokenise documents; nothing is varied and no thread is needed."""
    opened = (reader_of(preprocessing.kind).open_example(source) for source in sources)
    return TokenViews([preprocessing.pieces(preprocessing.prepare(document)) for document in opened])


def cache_stages(
    ground: TrainingInputs, moving: TrainableParameters, views: TokenViews, context: RunContext
) -> CachedStages | Finding:
    """Compute the states of all tokens as they enter the first layer that moves, once for each version."""
    network = cast(TorchTransformer, moving.classifier.encoder)
    head, first = moving.classifier.head, len(moving.frozen) - 1  # the first stage is that of the embeddings
    pieces = [own[: moving.plan.views] for own in views.pieces]
    size = sum(len(piece) for own in pieces for piece in own) * network.network.width
    if first < 0 or size > MOST_NUMBERS:
        return Finding("finetuning.states_not_kept", {"size": size * 4 / 2**30}, NOTE)
    states = _states(network, pieces, first)

    def forward(filled: torch.Tensor) -> torch.Tensor:
        mask = ~filled[..., 0].isnan()
        found = network.run(filled.nan_to_num(nan=0.0), mask, first)
        scores: torch.Tensor = head(network.pool(found, mask))
        return scores

    return CachedStages(TokenViews(states, np.nan), forward)


def _states(network: TorchTransformer, pieces: Sequence[Sequence[Piece]], first: int) -> list[list[Singles]]:
    """Compute the states (T, W) of the tokens of each piece of each document as they enter layer ``first``."""
    places = [(row, number) for row, own in enumerate(pieces) for number in range(len(own))]
    found: list[list[Singles]] = [[np.empty(0, np.float32)] * len(own) for own in pieces]
    with torch.no_grad():
        for group in group_by_length([len(pieces[row][number]) for row, number in places]):
            ids = torch.from_numpy(np.stack([pieces[row][number] for row, number in (places[one] for one in group)]))
            states = network.run(network.embed(ids), ids != HIDDEN, 0, first)[-1].numpy()
            for one, own in zip(group, states, strict=True):
                row, number = places[one]
                found[row][number] = own
    return found
