"""Near duplicates: the same example in other bytes.

They must not lie on both sides of a split, and a split is planned before anything is encoded. So they are found from
sketches (:mod:`headstart.audit.similarity`), which the store keeps like features. Feature vectors would propose more
pairs, above all examples that lost more than a tenth of their sides; ``headstart check`` adds those, and gives a table
with all of them as groups. They are not used for the plan: it must not depend on the encoder, nor on what is in the
store already.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from headstart.arrays import Floats, Integers
from headstart.audit.similarity.base import Array, DuplicatePairs, join_pairs, similarity_of
from headstart.data.inspection import Inspection
from headstart.features.neighbours import similar_features, unit_rows
from headstart.runtime.context import RunContext
from headstart.runtime.files import whole_file
from headstart.runtime.findings import Finding
from headstart.runtime.hashing import sha256_of_parts

INCOMPLETE = "audit.incomplete"  # the finding on examples of which a part is missing
# Pairs of feature vectors about as alike as this are looked at: of 25 real copies of flowers and scans that were
# cropped, 24 lie above. Three pairs an example on average, the nearest ones.
FEATURE_COSINE, FEATURE_PAIRS = 0.75, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPairs:
    """Near duplicates with their distances: 1 - cosine of the feature vectors, and bits of the hashes; (P,)."""

    pairs: DuplicatePairs
    distances: Floats
    bits: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What was seen when examples were compared: pairs, and positions of those of which a part is missing."""

    pairs: DuplicatePairs
    incomplete: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DuplicateSets:
    """Sets of positions of near duplicates, two or more in each, and what was found."""

    sets: tuple[tuple[int, ...], ...]
    notices: tuple[Finding, ...] = ()


def add_near_duplicates(inspection: Inspection, context: RunContext) -> Inspection:
    """Add the sets of near duplicates to an inspection; none where the modality has nothing to find them by.

    What was found for the same examples before is read from the cache folder: a second run pays nothing.
    """
    similarity = similarity_of(inspection.dataset.modality)
    if similarity is None:
        return inspection
    identity = sha256_of_parts([similarity.digest().encode(), *inspection.keys])
    file = context.cache_folder / "copies" / f"{identity}.json" if context.keep_features else None
    known = None if file is None else _read_looked(file)
    if known is None:
        sketches = similarity.sketch(inspection, context)
        pairs = similarity.find_pairs(inspection.dataset.examples, sketches)
        known = Looked(pairs, tuple(similarity.find_incomplete(sketches).tolist()))
        if file is not None:
            _write_looked(file, known)
    found = duplicate_sets(known.pairs, len(inspection.dataset))
    cut = inspection.names_of(known.incomplete)
    missing = [Finding(INCOMPLETE, {"count": len(cut), "names": cut})] if cut else []
    return replace(inspection, copies=found.sets, notices=(*inspection.notices, *found.notices, *missing))


def find_measured_pairs(inspection: Inspection, features: Array, context: RunContext, seed: int) -> MeasuredPairs:
    """Find near duplicates among all pairs that feature vectors or sketches propose, and how far apart they are.

    ``features`` (N, D) are NaN where an example was not read.
    """
    similarity = similarity_of(inspection.dataset.modality)
    if similarity is None:
        return MeasuredPairs(join_pairs([]), np.empty(0), np.empty(0, dtype=np.int64))
    sketches = similarity.sketch(inspection, context)
    readable = np.isfinite(sketches).all(axis=tuple(range(1, sketches.ndim)))
    known = np.flatnonzero(np.isfinite(features).all(axis=1) & readable)
    near = similar_features(features[known], FEATURE_COSINE, FEATURE_PAIRS, seed)
    pairs = similarity.find_pairs(inspection.dataset.examples, sketches, known[near.places])
    one, other = (unit_rows(features[side]) for side in pairs.places.T)
    cosines = np.einsum("ij,ij->i", one, other).astype(np.float64)
    return MeasuredPairs(pairs, np.clip(1 - cosines, 0, 2), similarity.hash_distances(sketches, pairs.places))


def duplicate_sets(pairs: DuplicatePairs, count: int) -> DuplicateSets:
    """Join pairs of near duplicates among ``count`` examples to sets, the most similar first, but to none too large.

    A is a copy of B and B of C: then C stays with A, too. But a long chain, as of frames of a film, could end in one
    set of everything, which no split could divide. So no set grows beyond a twentieth of the examples, or ten.

    Examples
    --------
    >>> pairs = DuplicatePairs(np.array([[0, 1], [1, 2], [4, 5]]), np.ones(3, np.float32), np.zeros(3, bool))
    >>> duplicate_sets(pairs, 6).sets
    ((0, 1, 2), (4, 5))
    """
    largest = max(10, count // 20)
    members: dict[int, list[int]] = {}
    apart = 0
    for one, other in pairs.places.tolist():
        first, second = members.setdefault(one, [one]), members.setdefault(other, [other])
        if first is second:
            continue
        if len(first) + len(second) > largest:
            apart += 1
            continue
        first += second
        members |= dict.fromkeys(second, first)
    sets = {id(group): tuple(sorted(group)) for group in members.values() if len(group) > 1}
    notice = Finding("audit.chains", {"most": largest, "links": apart}, "note")
    return DuplicateSets(tuple(sorted(sets.values())), (notice,) if apart else ())


def _read_looked(file: Path) -> Looked | None:
    """Read what :func:`_write_looked` wrote; None when there is nothing, or nothing whole."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        rows = found["pairs"]
        places = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        pairs = DuplicatePairs(
            places, np.array([row[2] for row in rows], np.float32), np.array([row[3] for row in rows], bool)
        )
        return Looked(pairs, tuple(map(int, found["incomplete"])))
    except (OSError, ValueError, TypeError, IndexError, KeyError):
        return None


def _write_looked(file: Path, looked: Looked) -> None:
    pairs = looked.pairs
    rows = zip(pairs.places.tolist(), pairs.similarity.tolist(), pairs.mirrored.tolist(), strict=True)
    listed = [[*places, round(similarity, 4), mirrored] for places, similarity, mirrored in rows]
    text = json.dumps({"pairs": listed, "incomplete": looked.incomplete})
    with suppress(OSError):  # a folder that cannot be written to: the feature store says so
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file, durable=True) as partial:
            partial.write_text(text, encoding="utf-8")
