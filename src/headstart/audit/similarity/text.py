"""Near duplicates of documents: the same text with other signs, other capitals, a word changed or a line added.

Two documents are compared by their runs of five letters. The sketch of a document is a MinHash of these (Broder 1997):
documents whose sketches agree in some band are proposed (Indyk and Motwani 1998), which misses one of ten million
pairs that share four fifths, and the runs themselves say which are copies. No network is asked, and memory and time
grow with the number of documents, not with that of pairs.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.audit.similarity.base import Array, DuplicatePairs, Places
from headstart.audit.similarity.text_shingles import SHINGLE, Shingles, jaccard, shingles_of
from headstart.data.example import Example
from headstart.data.inspection import Inspection
from headstart.data.readers.text import open_example
from headstart.errors import ExampleError
from headstart.runtime.context import RunContext

REVISION = 1  # of the rules below: what an older one found is not used again
CONFIRMED = 0.8  # of all runs of letters of two documents: copies share more
BANDS, ROWS = 40, 5  # 1 - 0.8 ** 5 to the power of 40: what is missed of pairs that share four fifths
LIKELY = 0.65  # share of agreeing numbers of two sketches, below which nothing is read: five deviations from CONFIRMED
NEXT = 12  # others of the same band a document is compared with: a set of thousands of copies is joined as a chain
AT_ONCE = 8192  # pairs of sketches compared in one go: 13 MB
READ_AT_ONCE = 1 << 18  # runs of letters in memory at a time

_RANDOM = np.random.default_rng(0)
_FACTORS = _RANDOM.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _RANDOM.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
_MIX, _KEPT = np.uint64(0x9E3779B97F4A7C15), np.uint64(40)  # the upper 24 bits, which a float32 holds exactly


def digest() -> str:
    """Return what decides which documents are duplicates."""
    return f"text {REVISION} {SHINGLE} {CONFIRMED} {BANDS} {ROWS} {LIKELY} {NEXT}"


def sketch(inspection: Inspection, context: RunContext) -> Array:
    """Compute sketches of all documents, (N, 200); NaN where one cannot be read, or stands there a second time.

    The share of numbers in which two sketches agree is about that of the runs of letters that the documents share.
    """
    sketches = np.full((len(inspection.dataset), BANDS * ROWS), np.nan, dtype=np.float32)
    _, first = np.unique(np.array(inspection.keys, dtype="V32"), return_index=True)
    wanted = np.intersect1d(first, inspection.usable).tolist()
    waiting: list[tuple[int, Shingles]] = []
    count = 0
    for done, place in enumerate(wanted):
        own = _read(inspection.dataset.examples[place])
        if len(own):
            waiting.append((place, own))
            count += len(own)
        if count > READ_AT_ONCE:
            _fill(sketches, waiting)
            waiting, count = [], 0
            context.progress("looking for copies", done + 1, len(wanted))
    _fill(sketches, waiting)
    return sketches


def sketch_document(document: str) -> Array:
    """Compute the sketch of one document, shape (200,); NaN where it is too short to have one."""
    sketches = np.full((1, BANDS * ROWS), np.nan, dtype=np.float32)
    own = shingles_of(document)
    _fill(sketches, [(0, own)] if len(own) else [])
    return np.asarray(sketches[0])


def find_pairs(examples: Sequence[Example], sketches: Array, proposed: Places | None = None) -> DuplicatePairs:
    """Find the near duplicates among documents with these sketches (N, 200), the likest first.

    ``proposed`` are pairs (P, 2) to be compared beside those that the sketches propose.
    """
    places = propose_pairs(sketches)
    if proposed is not None:
        likely = [_likely(sketches, part) for part in _parts(np.sort(proposed, axis=1))]
        places = np.unique(np.concatenate([places, *likely]), axis=0)
    similarity = compute_similarity(examples, places)
    rows = np.flatnonzero(similarity > CONFIRMED)
    rows = rows[np.argsort(-similarity[rows], kind="stable")]
    return DuplicatePairs(places[rows], similarity[rows], np.zeros(len(rows), dtype=np.bool_))


def propose_pairs(sketches: Array) -> Places:
    """Propose pairs (P, 2), sorted, whose sketches agree in a band, and in two thirds of all numbers.

    Examples
    --------
    >>> rows = np.arange(600, dtype=np.float32).reshape(3, 200)
    >>> rows[2, :150] = rows[0, :150]
    >>> propose_pairs(rows).tolist()
    [[0, 2]]
    """
    known = np.flatnonzero(np.isfinite(sketches).all(axis=1))
    found = np.empty((0, 2), dtype=np.int64)
    hashes = [_hash_band(sketches[known, start : start + ROWS]) for start in range(0, BANDS * ROWS, ROWS)]
    for own, other in zip(hashes, [*hashes[1:], hashes[0]], strict=True):
        order = np.lexsort((other, own))  # in a large set those stand together that agree in another band, too
        sets, members = own[order], known[order]
        for gap in range(1, NEXT + 1):
            rows = np.flatnonzero(sets[gap:] == sets[:-gap])
            if not len(rows):
                break
            pairs = np.sort(np.stack([members[rows], members[rows + gap]], axis=1), axis=1)
            found = np.unique(np.concatenate([found, *(_likely(sketches, part) for part in _parts(pairs))]), axis=0)
    return found


def compute_similarity(examples: Sequence[Example], places: Places) -> Singles:
    """Compute which share of the runs of letters of both the documents of pairs (P, 2) have in common, shape (P,)."""
    similarity = np.zeros(len(places), dtype=np.float32)
    rows = zip(places[:, 0].tolist(), places[:, 1].tolist(), range(len(places)), strict=True)
    for one, pairs in groupby(rows, itemgetter(0)):  # two documents in memory at a time
        own = _read(examples[one])
        for _, other, row in pairs:
            similarity[row] = jaccard(own, _read(examples[other]))
    return similarity


def find_incomplete(sketches: Array) -> Places:
    """Return no positions: of a document nobody can tell that a part is missing."""
    return np.empty(0, dtype=np.int64)


def hash_distances(sketches: Array, places: Places) -> Integers:
    """Count the numbers, of 200, in which the sketches of pairs (P, 2) differ, shape (P,)."""
    one, other = sketches[places[:, 0]], sketches[places[:, 1]]
    return np.asarray(np.count_nonzero(one != other, axis=1), dtype=np.int64)


def _read(example: Example) -> Shingles:
    try:
        return shingles_of(open_example(example.source, example.name))
    except ExampleError:  # it has gone since it was inspected
        return shingles_of("")


def _fill(sketches: Array, waiting: Sequence[tuple[int, Shingles]]) -> None:
    """Write the sketches of documents into their rows."""
    if not waiting:
        return
    places, own = [place for place, _ in waiting], [one for _, one in waiting]
    starts = np.cumsum([0, *(len(one) for one in own[:-1])])
    joined = np.concatenate(own)
    for column, (factor, offset) in enumerate(zip(_FACTORS, _OFFSETS, strict=True)):
        smallest = np.minimum.reduceat(joined * factor + offset, starts)
        sketches[places, column] = (smallest * _MIX) >> _KEPT


def _hash_band(band: Array) -> Integers:
    """Hash rows of whole numbers below 2^24 to one number each."""
    values = np.zeros(len(band), dtype=np.uint64)
    for column in band.T:
        values = (values ^ column.astype(np.uint64)) * _MIX
        values ^= values >> np.uint64(29)
    return values.view(np.int64)


def _parts(pairs: Places) -> Iterator[Places]:
    return (pairs[start : start + AT_ONCE] for start in range(0, len(pairs), AT_ONCE))


def _likely(sketches: Array, pairs: Places) -> Places:
    """Select the pairs whose sketches agree in enough numbers."""
    agreeing = (sketches[pairs[:, 0]] == sketches[pairs[:, 1]]).mean(axis=1)
    return np.asarray(pairs[agreeing >= LIKELY])
