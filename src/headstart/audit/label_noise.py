"""Labels that are likely wrong, by confident learning."""

from dataclasses import dataclass

import numpy as np

from headstart.arrays import Booleans, Floats, Integers, Singles
from headstart.data.example import Dataset
from headstart.data.targets.base import Target
from headstart.errors import MissingExtraError
from headstart.probing.probe import fit_probe
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress, silent
from headstart.settings.recipe import Recipe

Labels = Integers
Matrix = Singles
Probabilities = Floats


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutPredictions:
    """Predictions of heads that were not fitted to the example.

    Attributes
    ----------
    probabilities
        Shape (N, C).
    head, setting
        Name and hyper-parameter of the head that was fitted in each fold.
    """

    probabilities: Probabilities
    head: str
    setting: object


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """Suspect labels: ``flagged`` (N,), and how well each label fits, ``quality`` (N,), low where it does not."""

    flagged: Booleans
    quality: Probabilities


@dataclass(frozen=True, slots=True, eq=False)
class LabelReview:
    """Labels that were compared with held-out predictions.

    Attributes
    ----------
    positions
        Of the M examples whose labels were reviewed.
    issues
        What confident learning finds about each of them; None where the package for it is not installed.
    held
        Held-out probabilities (M, C).
    """

    positions: Integers
    issues: LabelIssues | None
    held: HeldOutPredictions

    @property
    def suspect(self) -> Labels:
        """Positions of the likely label errors, the likeliest first; none where they were not looked for."""
        if self.issues is None:
            return np.empty(0, dtype=np.int64)
        rows = np.flatnonzero(self.issues.flagged)
        return self.positions[rows[np.argsort(self.issues.quality[rows], kind="stable")]]


def review_labels(
    dataset: Dataset, features: Matrix, groups: Labels, recipe: Recipe, progress: Progress
) -> tuple[LabelReview | None, tuple[Finding, ...]]:
    """Compare every label with the prediction of a head that was fitted to other groups.

    Returns what could not be done, too. ``features`` (N, D) are NaN where an example was not read.
    """
    labels = dataset.labels
    rows = np.flatnonzero(np.isfinite(features).all(axis=1) & (labels >= 0))
    if len(np.unique(labels[rows])) < 2:
        return None, (Finding("audit.labels_classes"),)
    held = predict_held_out(features[rows], labels[rows], dataset.target, groups[rows], recipe, progress)
    if held is None:
        return None, (Finding("audit.labels_few"),)
    try:
        issues = find_label_issues(labels[rows], held.probabilities)
    except MissingExtraError as error:
        return LabelReview(rows, None, held), (Finding("audit.labels_package", {"error": error}),)
    return LabelReview(rows, issues, held), ()


def predict_held_out(
    features: Matrix, labels: Labels, target: Target, groups: Labels, recipe: Recipe, progress: Progress = silent
) -> HeldOutPredictions | None:
    """Predict every example by a head that was fitted to other groups; None when there are too few to hold any out.

    Probabilities are calibrated on the same held-out scores.
    """
    probe = fit_probe(features, labels, target, groups, recipe, progress)
    chosen = next((one for one in probe.candidates if one.name == probe.name), None)
    if chosen is None:
        return None
    scores = np.nan_to_num(chosen.scores.astype(np.float64), nan=0.0)
    return HeldOutPredictions(probe.decoding.decode(scores), probe.name, probe.setting)


def find_label_issues(labels: Labels, probabilities: Probabilities) -> LabelIssues:
    """Find labels that are likely wrong by confident learning (Northcutt et al. 2021), from held-out probabilities.

    Raises
    ------
    MissingExtraError
        When cleanlab is not installed.

    Examples
    --------
    >>> labels = np.array([0] * 9 + [1] * 10)
    >>> probabilities = np.where(np.arange(19)[:, None] < 10, [[0.9, 0.1]], [[0.1, 0.9]])
    >>> np.flatnonzero(find_label_issues(labels, probabilities).flagged).tolist()
    [9]
    """
    try:
        from cleanlab import filter as confident  # here, and not at start: it loads pandas
        from cleanlab.rank import get_label_quality_scores
    except ImportError:
        raise MissingExtraError("cleanlab", "check", "audit.to_find_labels") from None
    present, compact = np.unique(labels, return_inverse=True)
    known = probabilities[:, present]
    known = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-12)
    if len(present) < 2:
        return LabelIssues(np.zeros(len(labels), dtype=np.bool_), np.ones(len(labels)))
    flagged = confident.find_label_issues(compact, known, n_jobs=1)
    quality = get_label_quality_scores(compact, known, method="normalized_margin")
    return LabelIssues(np.asarray(flagged, dtype=np.bool_), np.asarray(quality, dtype=np.float64))
