"""The head on the tokens of an encoder that stays as it is: scored beside moved weights, and their start."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.arrays import Booleans, Integers, Singles
from headstart.encoders.text.token_graphs import TokenEncoder
from headstart.heads.linear import LinearHead
from headstart.probing.tokens import fit_token_head
from headstart.workflows.text_parts.base import PartTask
from headstart.workflows.text_parts.windows import Windows

OTHERS = 20  # tokens of a window that stand for all those at which no answer begins or ends


@dataclass(frozen=True, slots=True, eq=False)
class KnownTokens:
    """States (N, D) of tokens, their labels (N, L), and the number of the example of each (N,).

    L is 1, or 2 for the two ends of an answer: whether the token is one.
    """

    states: Singles
    labels: Integers
    examples: Integers

    def fit(self, held: Booleans, classes: int, seed: int) -> LinearHead:
        """Fit a head to the tokens of the examples that are not held out; one row of weights for each end."""
        rows = ~held[self.examples]
        known = self.states[rows], self.examples[rows]
        if self.labels.shape[1] == 1:
            return fit_token_head(known[0], self.labels[rows, 0], known[1], classes, seed)
        ends = [fit_token_head(known[0], labels, known[1], 2, seed) for labels in self.labels[rows].T]
        # How much likelier an end than none; the softmax over the tokens of a window needs no bias.
        return LinearHead(np.stack([one.weight[1] - one.weight[0] for one in ends]), np.zeros(2, np.float32))


def read_tokens(
    parts: PartTask,
    encoder: TokenEncoder,
    examples: Sequence[Any],
    cut: Sequence[Windows],
    labels: Sequence[str],
    seed: int,
) -> KnownTokens:  # six: what is read, by what, and for what
    """Compute the states of the tokens of examples that have labels; of those without an end a few stand for all."""
    draw = np.random.default_rng(seed)
    states, found, numbers = list[Any](), list[Any](), list[Any]()
    for number, (example, windows) in enumerate(zip(examples, cut, strict=True)):
        rows, targets = encoder.run(windows.ids), parts.targets(example, windows, labels)
        if parts.ends:
            own, known = _ends(windows, rows, targets, draw)
        else:
            joined = windows.join([one[:, None].astype(np.float32) for one in targets]).astype(int)
            labelled = joined[:, 0] >= 0
            own, known = windows.join(rows)[labelled], joined[labelled]
        states.append(own)
        found.append(known)
        numbers.append(np.full(len(own), number))
    return KnownTokens(np.concatenate(states), np.concatenate(found), np.concatenate(numbers))


def _ends(
    windows: Windows, rows: Sequence[Singles], targets: Sequence[Integers], draw: np.random.Generator
) -> tuple[Singles, Integers]:
    states, labels = [], []
    for (start, end), own, ends in zip(windows.cuts, rows, targets, strict=True):
        allowed = np.r_[0, windows.first : windows.first + end - start]
        chosen = np.union1d(ends, draw.choice(allowed, min(OTHERS, len(allowed)), replace=False))
        states.append(own[chosen])
        labels.append((chosen[:, None] == ends[None]).astype(int))
    return np.concatenate(states), np.concatenate(labels)
