"""Near duplicates of pictures: the same photograph resized, compressed again, brighter, mirrored or slightly cropped.

Sketches are small grey pictures: pairs whose coarse grey levels agree are proposed, and
:mod:`headstart.audit.similarity.image_matching` says which of them are copies.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headstart.arrays import Booleans, Integers
from headstart.audit.similarity import image_hashes
from headstart.audit.similarity.base import DuplicatePairs, Places, join_pairs
from headstart.audit.similarity.image_matching import CONFIRMED, SAME, compute_similarity
from headstart.audit.similarity.image_registration import Array, centre, downsample
from headstart.audit.similarity.image_thumbnails import SIDE, Thumbnail
from headstart.data.example import Example
from headstart.data.inspection import Inspection
from headstart.data.readers.image import open_preview
from headstart.features.access import read_features
from headstart.features.neighbours import similar_pairs
from headstart.runtime.context import RunContext

REVISION = 1  # of the rules below: what an older one found is not used again
COARSE, COARSE_CORRELATION = 8, 0.88  # pairs whose grey levels on a grid of 8 x 8 correlate by this are looked at
MOST = 2.0  # pairs a picture that are looked at, on average: on data whose pictures are all alike the nearest ones
FILLED = 128  # the grey level where JPEG data ends before the picture does
PLAIN = 3.0  # grey levels a picture must vary by, apart from a slope, before it can be told to be a copy


def digest() -> str:
    """Return what decides which pictures are duplicates: rules and thumbnails."""
    return f"{REVISION} {Thumbnail().spec.digest}"


def sketch(inspection: Inspection, context: RunContext) -> Array:
    """Read small grey pictures of all examples, (N, 32, 32), from the store where they are; NaN where there is none.

    Of examples with the same bytes only the first has one: these are together anyway. Neither has a picture of less
    than 32 pixels: it shows too little to be told from others of its kind.
    """
    _, first = np.unique(np.array(inspection.keys, dtype="V32"), return_index=True)
    large = np.flatnonzero(inspection.sizes.min(axis=1, initial=2**31 - 1) >= SIDE)
    wanted = np.intersect1d(first, np.intersect1d(large, inspection.usable))
    quiet = replace(
        context, progress=lambda _, done, total, note="": context.progress("looking for copies", done, total)
    )
    examples, keys = inspection.dataset.examples, inspection.keys
    walk = read_features(examples, keys, (Thumbnail(),), quiet, wanted, open_as=open_preview)
    return walk.features[0].matrix.reshape(-1, SIDE, SIDE)


def propose_pairs(thumbnails: Array, mirrored: bool = False) -> tuple[Places, bool]:
    """Propose pairs (P, 2) of thumbnails (N, 32, 32) that might be copies, by their coarse grey levels.

    The second value says whether there were too many to look at all of them.
    """
    usable = np.flatnonzero(has_content(thumbnails))
    coarse = downsample(thumbnails[usable], COARSE)
    others = centre(coarse[:, :, ::-1]) if mirrored else None
    pairs = similar_pairs(centre(coarse), COARSE_CORRELATION, MOST, others)
    return usable[pairs.places], pairs.floor > COARSE_CORRELATION


def has_content(thumbnails: Array) -> Booleans:
    """Return of thumbnails (N, S, S) whether they show enough to be told apart: not one colour, nor one even slope.

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


def find_pairs(examples: Sequence[Example], sketches: Array, proposed: Places | None = None) -> DuplicatePairs:
    """Find the near duplicates among examples with these thumbnails (N, 32, 32), also those that are mirrored.

    ``proposed`` are pairs (P, 2) to be looked at beside those that the thumbnails propose. Where pictures are all
    alike, as digits or slices of a scan are, more similarity is asked for
    (:data:`headstart.audit.similarity.image_matching.SAME`), and of mirrored ones, too.
    """
    found = []
    for mirrored in (False, True):
        places, crowded = propose_pairs(sketches, mirrored)
        if proposed is not None:
            places = np.unique(np.concatenate([places, proposed]), axis=0)
        similarity = compute_similarity(examples, sketches, places, mirrored=mirrored)
        rows = np.flatnonzero(similarity >= (SAME if mirrored or crowded else CONFIRMED))
        found.append(DuplicatePairs(places[rows], similarity[rows], np.full(len(rows), mirrored)))
    return join_pairs(found)


def find_incomplete(sketches: Array) -> Places:
    """Find the pictures one side of which is plain grey, as a decoder fills what is missing of a file.

    A side is a row or a column of a thumbnail (N, 32, 32): a picture may have been turned.

    Examples
    --------
    >>> whole = np.tile(np.arange(32, dtype=np.float32), (32, 1))
    >>> cut = np.where(np.arange(32)[:, None] < 20, whole, 128)
    >>> find_incomplete(np.stack([whole, cut, np.full_like(whole, 128)])).tolist()
    [1]
    """
    sides = (sketches[:, -1], sketches[:, 0], sketches[:, :, -1], sketches[:, :, 0])
    plain = np.stack([(side == FILLED).all(axis=1) for side in sides])
    return np.flatnonzero(plain.sum(axis=0) == 1)


def hash_distances(sketches: Array, places: Places) -> Integers:
    """Count the bits in which the perceptual hashes of pairs (P, 2) differ, shape (P,)."""
    one, other = (image_hashes.perceptual_hashes(sketches[side]) for side in places.T)
    return image_hashes.hash_distances(one, other)
