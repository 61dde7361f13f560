"""Near copies: the same photograph in other bytes, resized, compressed again, brighter, mirrored or slightly cropped.

They must not lie on both sides of a split, and a split is planned before anything is encoded. So they are found from
small grey pictures, which the store keeps like features: pairs whose coarse grey levels agree are proposed, and
:mod:`headstart.audit.similarity.image` says which of them are copies. Feature vectors would propose more pairs, above
all pictures that lost more than a tenth of their sides; ``headstart check`` adds those, and gives a table with all of
them as groups. They are not used for the plan: it must not depend on the encoder, nor on what is in the store
already.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headstart.audit.similarity.image import CONFIRMED, SAME, judge
from headstart.audit.similarity.image_registration import Array, centred, shrink
from headstart.audit.similarity.image_thumbnails import SIDE, Thumbnail
from headstart.data.example import Example
from headstart.data.inspection import Inspection
from headstart.data.readers.image import open_preview
from headstart.features.access import read_features
from headstart.features.neighbours import similar_pairs
from headstart.modalities.base import load_modality
from headstart.runtime.context import RunContext
from headstart.runtime.files import whole_file
from headstart.runtime.hashing import sha256_of_parts

Places = npt.NDArray[np.int64]

REVISION = 1  # of the rules below: what an older one found is not used again
COARSE, COARSE_CORRELATION = 8, 0.88  # pairs whose grey levels on a grid of 8 x 8 correlate by this are looked at
MOST = 2.0  # pairs a picture that are looked at, on average: on data whose pictures are all alike the nearest ones
PLAIN = 3.0  # grey levels a picture must vary by, apart from a slope, before it can be told to be a copy


@dataclass(frozen=True, slots=True, eq=False)
class DuplicateGroups:
    """Pairs of near copies: positions (P, 2), the smaller one first; likeness (P,), up to 1; and which are mirrored."""

    places: Places
    likeness: npt.NDArray[np.float32]
    mirrored: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.places)

    def take(self, rows: npt.NDArray[np.intp]) -> "DuplicateGroups":
        """Keep those of these rows."""
        return DuplicateGroups(self.places[rows], self.likeness[rows], self.mirrored[rows])


def join_copies(parts: Sequence[DuplicateGroups]) -> DuplicateGroups:
    """Put lists of pairs together; of a pair that stands in several the likest stays. Ordered, the likest first."""
    places = np.concatenate([np.empty((0, 2), dtype=np.int64), *(part.places for part in parts)])
    likeness = np.concatenate([np.empty(0, dtype=np.float32), *(part.likeness for part in parts)])
    mirrored = np.concatenate([np.empty(0, dtype=np.bool_), *(part.mirrored for part in parts)])
    order = np.lexsort((places[:, 1], places[:, 0], -likeness))
    first = np.sort(np.unique(places[order], axis=0, return_index=True)[1])
    return DuplicateGroups(places, likeness, mirrored).take(order[first])


def with_copies(checked: Inspection, context: RunContext) -> Inspection:
    """Add the sets of near copies to an audit.

    What was found for the same pictures before is read from the cache folder: a second run pays nothing.
    """
    if load_modality(checked.dataset.modality).similarity is None:
        return checked
    kept = context.cache_folder / "copies" / f"{_identity(checked)}.json" if context.keep_features else None
    known = None if kept is None else _read_known(kept)
    if known is None:
        thumbnails = read_thumbnails(checked, context)
        known = find_copies(checked.dataset.examples, thumbnails)
        if kept is not None:
            _keep(kept, known)
    found = copy_sets(known, len(checked.dataset))
    return replace(checked, copies=found.sets, notices=(*checked.notices, *found.notices))


def read_thumbnails(checked: Inspection, context: RunContext) -> Array:
    """Small grey pictures of all examples, (N, 32, 32), from the store where they are in it; NaN where there is none.

    Of examples with the same bytes only the first has one: these are together anyway. Neither has a picture of less
    than 32 pixels: it shows too little to be told from others of its kind.
    """
    _, first = np.unique(np.array(checked.keys, dtype="V32"), return_index=True)
    large = np.flatnonzero(checked.sizes.min(axis=1, initial=2**31 - 1) >= SIDE)
    wanted = np.intersect1d(first, np.intersect1d(large, checked.usable))
    quiet = replace(
        context, progress=lambda _, done, total, note="": context.progress("looking for copies", done, total)
    )
    walk = read_features(checked.dataset.examples, checked.keys, (Thumbnail(),), quiet, wanted, open_as=open_preview)
    return walk.features[0].matrix.reshape(-1, SIDE, SIDE)


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Pairs (P, 2) that might be copies; ``crowded`` when there were too many to look at all of them."""

    places: Places
    crowded: bool


def propose(thumbnails: Array, mirrored: bool = False) -> Proposal:
    """Propose pairs of thumbnails (N, 32, 32) that might be copies, by their coarse grey levels."""
    usable = np.flatnonzero(has_content(thumbnails))
    coarse = shrink(thumbnails[usable], COARSE)
    others = centred(coarse[:, :, ::-1]) if mirrored else None
    pairs = similar_pairs(centred(coarse), COARSE_CORRELATION, MOST, others)
    return Proposal(usable[pairs.places], pairs.floor > COARSE_CORRELATION)


def has_content(thumbnails: Array) -> npt.NDArray[np.bool_]:
    """Say of thumbnails (N, S, S) whether they show enough to be told apart: not one colour, nor one even slope.

    Examples
    --------
    >>> slope = np.tile(np.arange(32, dtype=np.float32), (32, 1))
    >>> has_content(np.stack([slope, np.full_like(slope, np.nan), np.where(slope > 9, 255, 0)])).tolist()
    [False, False, True]
    """
    side = thumbnails.shape[1]
    ramp = np.linspace(-1, 1, side, dtype=np.float32) * np.ones((side, 1), dtype=np.float32)
    plane = np.stack([np.ones(side**2, dtype=np.float32), ramp.ravel(), ramp.T.ravel()])
    plane /= np.linalg.norm(plane, axis=1, keepdims=True)
    rows = thumbnails.reshape(len(thumbnails), side**2)
    return np.asarray((rows - (rows @ plane.T) @ plane).std(axis=1) >= PLAIN)  # False for NaN


def find_copies(examples: Sequence[Example], thumbnails: Array, proposed: Places | None = None) -> DuplicateGroups:
    """Find the near copies among examples with these thumbnails (N, 32, 32), also those that are mirrored.

    ``proposed`` are pairs (P, 2) to be looked at beside those that the thumbnails propose. Where pictures are all
    alike, as digits or slices of a scan are, more likeness is asked for
    (:data:`headstart.audit.similarity.image.SAME`), and of mirrored ones, too.
    """
    found = []
    for mirrored in (False, True):
        proposal = propose(thumbnails, mirrored)
        places = proposal.places
        if proposed is not None:
            places = np.unique(np.concatenate([places, proposed]), axis=0)
        likeness = judge(examples, thumbnails, places, mirrored=mirrored)
        rows = np.flatnonzero(likeness >= (SAME if mirrored or proposal.crowded else CONFIRMED))
        found.append(DuplicateGroups(places[rows], likeness[rows], np.full(len(rows), mirrored)))
    return join_copies(found)


@dataclass(frozen=True, slots=True)
class CopySets:
    """Sets of positions of near copies, two or more in each, and sentences for the user."""

    sets: tuple[tuple[int, ...], ...]
    notices: tuple[str, ...] = ()


def copy_sets(copies: DuplicateGroups, count: int) -> CopySets:
    """Join pairs of near copies among ``count`` examples to sets, the likest first, but to none that is too large.

    A is a copy of B and B of C: then C stays with A, too. But a long chain, as of frames of a film, could end in one
    set of everything, which no split could divide. So no set grows beyond a twentieth of the examples, or ten.

    Examples
    --------
    >>> pairs = DuplicateGroups(np.array([[0, 1], [1, 2], [4, 5]]), np.ones(3, np.float32), np.zeros(3, bool))
    >>> copy_sets(pairs, 6).sets
    ((0, 1, 2), (4, 5))
    """
    largest = max(10, count // 20)
    members: dict[int, list[int]] = {}
    apart = 0
    for one, other in copies.places.tolist():
        first, second = members.setdefault(one, [one]), members.setdefault(other, [other])
        if first is second:
            continue
        if len(first) + len(second) > largest:
            apart += 1
            continue
        first += second
        members |= dict.fromkeys(second, first)
    sets = {id(group): tuple(sorted(group)) for group in members.values() if len(group) > 1}
    notice = f"Near copies form chains: no more than {largest} pictures were kept together, {apart:,} links were cut."
    return CopySets(tuple(sorted(sets.values())), (notice,) if apart else ())


def _identity(checked: Inspection) -> str:
    """Digest what decides which pictures are copies: rules, thumbnails, contents in their order."""
    return sha256_of_parts([f"{REVISION} {Thumbnail().spec.digest}".encode(), *checked.keys])


def _read_known(file: Path) -> DuplicateGroups | None:
    """Read what :func:`_keep` wrote; None when there is nothing, or nothing whole."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        places = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        return DuplicateGroups(
            places, np.array([row[2] for row in rows], np.float32), np.array([row[3] for row in rows], bool)
        )
    except (OSError, ValueError, TypeError, IndexError, KeyError):
        return None


def _keep(file: Path, copies: DuplicateGroups) -> None:
    rows = zip(copies.places.tolist(), copies.likeness.tolist(), copies.mirrored.tolist(), strict=True)
    text = json.dumps([[*places, round(likeness, 4), mirrored] for places, likeness, mirrored in rows])
    with suppress(OSError):  # a folder that cannot be written to: the feature store says so
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file, durable=True) as partial:
            partial.write_text(text, encoding="utf-8")
