"""The data audit: near copies, labels that are likely wrong, outliers, poor pictures, and what cleaning would change.

Everything is for review: nothing is deleted, and the pictures are shown. Only half of the labels that confident
learning flags are wrong on average (Northcutt et al. 2021), and an outlier may be the most valuable picture of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.audit.duplicates import DuplicateGroups, find_copies
from headstart.audit.label_noise import HeldOut, LabelIssues, find_label_issues, hold_out_all, try_cleaning
from headstart.audit.quality.image import MEASURES
from headstart.audit.similarity.image_hashes import hash_distances, perceptual_hashes
from headstart.data.inspection import Inspection
from headstart.errors import MissingExtraError
from headstart.features.neighbours import isolation, similar_features, unit_rows
from headstart.metrics.intervals import resampled_counts, wilson
from headstart.metrics.robust_outliers import FAR, robust_scores
from headstart.metrics.values import Score
from headstart.runtime.progress import Progress
from headstart.settings.recipe import Recipe

Matrix = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]

# Pairs of feature vectors about as alike as this are looked at: of 25 real copies of flowers and scans that were
# cropped, 24 lie above. Three pairs a picture on average, the nearest ones.
FEATURE_COSINE, FEATURE_PAIRS = 0.75, 3.0
NEIGHBOURS, REFERENCES = 10, 5000  # of the distance that makes an outlier
SMALLEST_GROUP = 5  # pictures: the accuracy of fewer says nothing
# What a poor picture is: beyond a fixed value, and unusual for the set. Scans are all dark, and none of them is faulty.
KINDS = ("blurry", "dark", "bright", "low_information", "odd_shaped")


@dataclass(frozen=True, slots=True, eq=False)
class ScreenedSample:
    """What was read of pictures: feature vectors (N, D), thumbnails (N, 32, 32), measures (N, 6); NaN if not read."""

    features: Matrix
    thumbnails: Matrix
    quality: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class CopyPairs:
    """Near copies with their distances: 1 - cosine of the feature vectors, and bits of the perceptual hashes; (P,)."""

    copies: DuplicateGroups
    distances: npt.NDArray[np.float64]
    bits: Positions


@dataclass(frozen=True, slots=True, eq=False)
class LabelReview:
    """Labels that are likely wrong.

    Attributes
    ----------
    positions
        Of the M examples whose labels were judged.
    issues
        What confident learning says about each of them; None where the package for it is not installed.
    held
        Held-out probabilities (M, C).
    """

    positions: Positions
    issues: LabelIssues | None
    held: HeldOut


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Accuracy on the same held-out pictures that nothing is wrong with, learned with and without the suspect ones.

    ``difference`` has a 95 % interval, drawn over groups in pairs.
    """

    left_out: int
    scored: int
    before: Score
    after: Score
    difference: float
    low: float
    high: float

    def verdict(self) -> str:
        """Say it in a sentence."""
        change = f"{100 * self.difference:+.1f} points [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"
        if self.left_out == 0:
            return "Nothing was suspect enough to be left out."
        suspect = "the one suspect picture" if self.left_out == 1 else f"the {self.left_out:,} suspect pictures"
        if self.low <= 0 <= self.high:
            return f"Leaving {suspect} out changes nothing that could be seen: {change}."
        return f"Leaving {suspect} out {'helps' if self.difference > 0 else 'hurts'}: {change}."


@dataclass(frozen=True, slots=True)
class GroupScore:
    """How often held-out pictures of a class or group were recognised."""

    kind: str
    name: str
    count: int
    accuracy: Score


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What an audit found; positions are those of ``checked.dataset``.

    Attributes
    ----------
    checked
        The audit of the files.
    pairs
        Near copies.
    labels
        None where labels could not be judged; ``notices`` say why.
    outliers, isolation
        Positions, the farthest first, and the distance of every example (N,), NaN where unknown.
    poor
        Positions by kind (:data:`KINDS`), the worst first.
    groups
        The worst classes and groups, the worst first.
    cleaning
        None where it could not be tried.
    """

    checked: Inspection
    pairs: CopyPairs
    labels: LabelReview | None
    outliers: Positions
    isolation: npt.NDArray[np.float64]
    poor: dict[str, Positions]
    groups: tuple[GroupScore, ...]
    cleaning: Cleaning | None
    notices: tuple[str, ...]

    @property
    def labels_judged(self) -> bool:
        """Whether label errors were looked for."""
        return self.labels is not None and self.labels.issues is not None

    @property
    def label_errors(self) -> Positions:
        """Positions of the likely label errors, the likeliest first; none where they were not looked for."""
        if self.labels is None or self.labels.issues is None:
            return np.empty(0, dtype=np.int64)
        rows = np.flatnonzero(self.labels.issues.flagged)
        return self.labels.positions[rows[np.argsort(self.labels.issues.quality[rows], kind="stable")]]


def check_copies(checked: Inspection, seen: ScreenedSample, recipe: Recipe) -> CopyPairs:
    """Find near copies among all pairs that feature vectors or thumbnails propose."""
    known = np.flatnonzero(np.isfinite(seen.features).all(axis=1) & np.isfinite(seen.thumbnails).all(axis=(1, 2)))
    near = similar_features(seen.features[known], FEATURE_COSINE, FEATURE_PAIRS, recipe.run.seed)
    copies = find_copies(checked.dataset.examples, seen.thumbnails, known[near.places])
    one, other = copies.places.T
    rows = [unit_rows(seen.features[side]) for side in (one, other)]
    hashes = [perceptual_hashes(seen.thumbnails[side]) for side in (one, other)]
    cosines = np.einsum("ij,ij->i", rows[0], rows[1]).astype(np.float64)
    return CopyPairs(copies, np.clip(1 - cosines, 0, 2), hash_distances(hashes[0], hashes[1]))


def kept_notices(pairs: CopyPairs, together: Positions) -> tuple[str, ...]:
    """Say so when a split would divide some of the pairs; ``together`` (N,) are the sets that a split keeps."""
    one, other = pairs.copies.places.T
    kept = int(np.count_nonzero(together[one] == together[other]))
    if kept == len(one):
        return ()
    return (
        f"A split keeps {kept:,} of the {len(one):,} pairs of near copies together by itself; the others were found by "
        "their features. --export writes a table with all of them as groups: fit cleaned.csv --group-by group.",
    )


def check_labels(
    checked: Inspection, seen: ScreenedSample, together: Positions, recipe: Recipe, progress: Progress
) -> tuple[LabelReview | None, tuple[str, ...]]:
    """Judge every label by a head that was fitted to other pictures; with sentences about what could not be done."""
    labels = checked.dataset.labels
    rows = np.flatnonzero(np.isfinite(seen.features).all(axis=1) & (labels >= 0))
    if len(np.unique(labels[rows])) < 2:
        return None, ("Labels were not checked: fewer than two classes have readable pictures.",)
    held = hold_out_all(seen.features[rows], labels[rows], checked.dataset.target, together[rows], recipe, progress)
    if held is None:
        return None, ("Labels were not checked: there are too few pictures to hold any out.",)
    try:
        issues = find_label_issues(labels[rows], held.probabilities)
    except MissingExtraError as error:
        return LabelReview(rows, None, held), (f"Label errors were not looked for. {error}",)
    return LabelReview(rows, issues, held), ()


def find_outliers(seen: ScreenedSample, seed: int) -> tuple[Positions, npt.NDArray[np.float64]]:
    """Find pictures unlike all others: far from their nearest neighbours, by the features; farthest first."""
    known = np.flatnonzero(np.isfinite(seen.features).all(axis=1))
    distances = np.full(len(seen.features), np.nan)
    if len(known) > NEIGHBOURS:
        distances[known] = isolation(seen.features[known], NEIGHBOURS, REFERENCES, seed)
    far = np.flatnonzero(robust_scores(distances) > FAR)
    return far[np.argsort(-distances[far], kind="stable")], distances


def find_poor(quality: Matrix) -> dict[str, Positions]:
    """Find pictures that are poor by a fixed limit and unusual for the set, by kind, the worst first; (N, 6) measures.

    Limits: the 95th percentile of the grey levels below 64, or the 5th above 192; less than 4 bits of information;
    sharpness below 0.1, which is a blur of about a hundredth of the longer side; a shape twice as long as usual.
    """
    column = dict(zip(MEASURES, quality.astype(np.float64).T, strict=True))
    sharp = np.log2(np.maximum(column["sharpness"], 1e-3))
    shape = np.abs(column["shape"] - _middle(column["shape"]))
    badness = {  # the larger, the worse; and whether it is beyond the limit
        "blurry": (-sharp, (column["sharpness"] < 0.1) & (column["information"] >= 4)),
        "dark": (-column["bright_end"], column["bright_end"] < 64),
        "bright": (column["dark_end"], column["dark_end"] > 192),
        "low_information": (-column["information"], column["information"] < 4),
        "odd_shaped": (shape, shape >= 1),
    }
    found = {}
    for kind in KINDS:
        values, beyond = badness[kind]
        rows = np.flatnonzero(beyond & ((robust_scores(values) > FAR) | _rare(beyond)))
        found[kind] = rows[np.argsort(-values[rows], kind="stable")]
    return found


def _rare(beyond: npt.NDArray[np.bool_]) -> bool:
    """Whether so few are beyond the limit that they are unusual whatever the others are."""
    return bool(beyond.mean() <= 0.05) if len(beyond) else False


def _middle(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0


def score_groups(checked: Inspection, review: LabelReview | None) -> tuple[GroupScore, ...]:
    """Say how often held-out pictures of each class and each of the user's groups were recognised, the worst first."""
    if review is None:
        return ()
    dataset = checked.dataset
    right = review.held.probabilities.argmax(axis=1) == dataset.labels[review.positions]
    members: dict[tuple[str, str], list[int]] = {}
    for row, position in enumerate(review.positions.tolist()):
        example = dataset.examples[position]
        members.setdefault(("class", str(example.label)), []).append(row)
        if example.group is not None:
            members.setdefault(("group", example.group), []).append(row)
    scores = [
        GroupScore(kind, name, len(rows), wilson(float(right[rows].sum()), len(rows)))
        for (kind, name), rows in members.items()
        if len(rows) >= SMALLEST_GROUP
    ]
    return tuple(sorted(scores, key=lambda one: (one.accuracy.value, one.accuracy.high, one.kind, one.name)))


def measure_cleaning(
    seen: ScreenedSample,
    review: LabelReview,
    labels: Positions,
    together: Positions,
    suspect: Sequence[int],
    recipe: Recipe,
) -> Cleaning:
    """Measure what leaving suspect examples out of the training changes, on held-out examples that are not suspect."""
    rows = review.positions
    left_out = np.isin(rows, np.array(suspect, dtype=np.int64))
    found = try_cleaning(seen.features[rows], labels[rows], together[rows], left_out, review.held, recipe)
    before, after = found.before[~left_out], found.after[~left_out]
    units = np.unique(together[rows][~left_out], return_inverse=True)[1]
    count = int(units.max()) + 1
    gains = np.bincount(units, after.astype(np.float64) - before, minlength=count)
    sizes = np.bincount(units, minlength=count).astype(np.float64)
    draws = np.concatenate(
        [
            gains @ drawn / (sizes @ drawn)
            for drawn in resampled_counts(count, recipe.uncertainty.resamples, count, recipe.run.seed)
        ]
    )
    low, high = np.quantile(draws, [0.025, 0.975])
    return Cleaning(
        left_out=int(left_out.sum()),
        scored=len(before),
        before=wilson(float(before.sum()), len(before)),
        after=wilson(float(after.sum()), len(after)),
        difference=float(after.mean() - before.mean()),
        low=float(low),
        high=float(high),
    )
