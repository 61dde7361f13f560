"""How well one picture fits onto another: the same picture, or a part of it that somebody cut out.

Small grey pictures are compared by the correlation of their grey levels, which neither brightness nor contrast changes,
and by that of their gradients: two pictures of one kind of thing have the same large shapes, and different edges.
"""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.features.neighbours import unit_rows

Array = Singles

COARSE = 16  # side of the pictures at the first look
AT_ONCE = 512  # pairs in one batch: some 20 MB
# Windows of the first look: scale, and number of places along each side. A copy may have lost a fifth of its side.
SCALES = ((1.0, 1), (0.94, 2), (0.88, 3), (0.82, 4))
# How a window is moved at the second look: resized, and shifted. Wider to either side, narrower from either, along.
MOVES = ((1, 0), (1, -1), (-1, 0), (-1, 1), (0, 1), (0, -1))


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Where the part lies in the whole: scale and start along both axes, (P, 2) each, as shares of the side."""

    scale: Array
    start: Array

    def take(self, rows: Integers) -> "Windows":
        """Select those of these pairs."""
        return Windows(self.scale[rows], self.start[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Where each of P pairs fits best, and the correlation of its gradients there, shape (P,)."""

    windows: Windows
    edges: Array


def centre(pictures: Array) -> Array:
    """Subtract the mean from pictures (N, side, side) and scale them to length 1, as rows (N, side²).

    The product of two rows is then the correlation of their grey levels; a plain picture correlates with nothing.
    """
    rows = pictures.reshape(len(pictures), pictures.shape[1] * pictures.shape[2])
    return unit_rows(rows - rows.mean(axis=1, keepdims=True))


def downsample(pictures: Array, side: int) -> Array:
    """Average pictures (N, S, S) over areas to (N, side, side); ``side`` divides S."""
    step = pictures.shape[1] // side
    return np.asarray(pictures.reshape(len(pictures), side, step, side, step).mean(axis=(2, 4)), dtype=np.float32)


def gradients(pictures: Array) -> Array:
    """Compute differences of neighbouring grey levels of pictures (N, side, side), as rows of length 1."""
    down = pictures[:, 1:, :] - pictures[:, :-1, :]
    across = pictures[:, :, 1:] - pictures[:, :, :-1]
    return unit_rows(np.concatenate([part.reshape(len(pictures), -1) for part in (down, across)], axis=1))


def products(one: Array, other: Array) -> Array:
    """Multiply rows pairwise, (P, d) and (P, d) to (P,)."""
    found: Array = np.einsum("pi,pi->p", one, other)
    return found


def search_coarsely(whole: Array, part: Array) -> Fit:
    """Try parts of ``whole`` of several sizes on ``part``, both (P, S, S); ``edges`` are grey correlations here.

    Examples
    --------
    >>> picture = np.random.default_rng(0).uniform(0, 255, (1, 32, 32)).astype(np.float32)
    >>> found = search_coarsely(picture, picture * 0.5 + 90)
    >>> found.windows.scale.tolist(), found.edges.round(3).tolist()
    ([[1.0, 1.0]], [1.0])
    """
    return _join([_look(whole[top : top + AT_ONCE], part[top : top + AT_ONCE]) for top in _steps(len(whole))])


def refine_search(whole: Array, part: Array, windows: Windows, steps: tuple[float, ...]) -> Fit:
    """Move the windows by smaller and smaller steps to where the part fits best; both pictures (P, S, S).

    Examples
    --------
    >>> picture = np.random.default_rng(0).uniform(0, 255, (1, 8, 8)).repeat(4, 1).repeat(4, 2).astype(np.float32)
    >>> whole = Windows(np.ones((1, 2), dtype=np.float32), np.zeros((1, 2), dtype=np.float32))
    >>> refine_search(picture, picture / 2 + 9, whole, (0.1,)).edges.round(3).tolist()
    [1.0]
    """
    found = []
    for top in _steps(len(whole)):
        batch, rows = slice(top, top + AT_ONCE), np.arange(top, min(top + AT_ONCE, len(whole)))
        moved, target = windows.take(rows), centre(part[batch])
        for step in steps:
            moved = _move(whole[batch], target, moved, step)
        cut = _cut(whole[batch], moved)
        found.append(Fit(moved, products(gradients(cut), gradients(part[batch]))))
    return _join(found)


def _steps(count: int) -> range:
    return range(0, count, AT_ONCE)


def _join(parts: list[Fit]) -> Fit:
    nothing = np.empty((0, 2), dtype=np.float32)
    scale = np.concatenate([nothing, *(part.windows.scale for part in parts)])
    start = np.concatenate([nothing, *(part.windows.start for part in parts)])
    return Fit(Windows(scale, start), np.concatenate([nothing[:, 0], *(part.edges for part in parts)]))


def _look(whole: Array, part: Array) -> Fit:
    """Try every window of the first look on one batch."""
    small, target = downsample(whole, COARSE), centre(downsample(part, COARSE))
    count = np.arange(len(whole))
    best = np.full(len(whole), -1.0, dtype=np.float32)
    scale, start = np.ones((len(whole), 2), dtype=np.float32), np.zeros((len(whole), 2), dtype=np.float32)
    for size, places in SCALES:
        starts = np.linspace(0, 1 - size, places, dtype=np.float32)
        weights = _weights(COARSE, np.full(places, size, dtype=np.float32), starts)
        cuts = np.einsum("aij,pjk->paik", weights, small, optimize=True)
        cuts = np.einsum("paik,blk->pabil", cuts, weights, optimize=True)  # all places at once
        rows = centre(cuts.reshape(-1, COARSE, COARSE)).reshape(len(whole), places**2, -1)
        found = np.einsum("pwi,pi->pw", rows, target)
        top = found.argmax(axis=1)
        better = found[count, top] > best
        best[better], scale[better] = found[count, top][better], size
        start[better] = np.stack([starts[top // places], starts[top % places]], axis=1)[better]
    return Fit(Windows(scale, start), best)


def _move(whole: Array, target: Array, windows: Windows, step: float) -> Windows:
    """Resize and shift each window by a step, along one axis after the other, where it fits better."""
    scale, start = windows.scale.copy(), windows.start.copy()
    best = products(centre(_cut(whole, windows)), target)
    for axis in (0, 1):
        for resize, shift in MOVES:
            sizes, starts = scale.copy(), start.copy()
            sizes[:, axis] = np.minimum(scale[:, axis] + resize * step, 1.0)
            starts[:, axis] = np.clip(start[:, axis] + shift * step, 0.0, 1.0 - sizes[:, axis])
            value = products(centre(_cut(whole, Windows(sizes, starts))), target)
            better = value > best
            best[better], scale[better], start[better] = value[better], sizes[better], starts[better]
    return Windows(scale, start)


def _cut(whole: Array, windows: Windows) -> Array:
    """Cut a window out of each picture (P, S, S) and bring it back to the full side."""
    side = whole.shape[1]
    down, across = (_weights(side, windows.scale[:, axis], windows.start[:, axis]) for axis in (0, 1))
    return np.asarray(down @ whole @ across.transpose(0, 2, 1), dtype=np.float32)


def _weights(side: int, scale: Array, start: Array) -> Array:
    """Return linear interpolation along one axis as matrices (P, side, side): row i gives pixel i of the window."""
    pixels = np.arange(side, dtype=np.float32)
    centres = np.clip((pixels + 0.5) * scale[:, None] + start[:, None] * side - 0.5, 0, side - 1)
    weights: Array = np.maximum(0, 1 - np.abs(centres[:, :, None] - pixels), dtype=np.float32)
    return weights
