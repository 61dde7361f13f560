"""The values the saving stage takes and hands on: SavedModel, what it was made from, and the folder it lies in."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Booleans, Floats
from headstart.data.targets.base import Target
from headstart.encoders.spec import EncoderFiles, EncoderSpec
from headstart.heads.head import Decoding, Head, Matrix
from headstart.probing.predictor import HeadPredictor
from headstart.runtime.environment import package_versions
from headstart.runtime.findings import Finding
from headstart.saving.reference_set import References
from headstart.tasks.base import load_task
from headstart.uncertainty.ood import NearestIndex, nearest_index
from headstart.uncertainty.policy import AnswerPolicy


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What a model was made from, and how good it was found to be: plain values.

    Attributes
    ----------
    data_name, data_fingerprint
        Name and digest of the dataset.
    counts
        How many examples were used for what: ``{"fit": 719, "score": 240}``.
    split_rule
        One sentence: how the examples to score were set apart.
    recipe
        The settings of the run.
    created
        When, in ISO 8601.
    evaluation
        :meth:`headstart.metrics.values.Evaluation.to_json` on the examples set apart, or None when there were none.
    leaked
        How many of the examples set apart, or copies of them, also lie in the fitted part.
    without_leaked
        As ``evaluation``, without those; None when none leaked, or all.
    baselines
        The same of each baseline on the same examples, by name.
    versions
        Versions of Headstart and of the packages that can change a result.
    """

    data_name: str
    data_fingerprint: str
    counts: dict[str, int]
    split_rule: str
    recipe: dict[str, Any]
    created: str
    evaluation: dict[str, Any] | None = None
    leaked: int = 0
    without_leaked: dict[str, Any] | None = None
    baselines: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, str | None] = field(default_factory=package_versions)

    @property
    def trusted(self) -> dict[str, Any] | None:
        """The scores to believe: without the examples that leaked, where there are such scores."""
        return self.without_leaked or self.evaluation

    def to_json(self) -> dict[str, Any]:
        """Plain data; ``TrainingRecord(**data)`` reads it back."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The simple model that stands beside the real one, so that other examples can be scored by both."""

    spec: EncoderSpec
    head: Head
    decoding: Decoding

    def outputs(self, features: Matrix) -> Floats:
        """Compute outputs, such as probabilities (N, C), for features of shape (N, D)."""
        return self.decoding.decode(self.head.scores(features))


@dataclass(frozen=True, slots=True)
class SavedModel:
    """All of a model that is kept, apart from the files of its encoder.

    Attributes
    ----------
    decoding
        Turns scores into outputs, such as probabilities.
    target
        What is predicted: the names of the classes, in the order of the head's scores.
    fitted_labels
        What is known of the labels the head was fitted on, from which the constant baseline follows.
    notices
        What a user of the model should know: one sentence each.
    findings
        What was found while it was fitted; none for a model of an older Headstart.
    fitted_keys
        SHA-256 of each example the head was fitted on, so that scoring one of them again is noticed.
    references
        Features of the training examples; None for a model of an older Headstart.
    policy
        What it learned about when not to answer; None for a model of an older Headstart.
    policy_scores
        Whether the policy kept its promises on the examples set apart, as plain data:
        :meth:`headstart.uncertainty.evaluate.PolicyScores.to_json`.
    """

    spec: EncoderSpec
    head: Head
    decoding: Decoding
    target: Target
    fitted_labels: Mapping[str, Any]
    training: TrainingRecord
    baseline: Baseline | None = None
    notices: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fitted_keys: frozenset[bytes] = frozenset()
    references: References | None = None
    policy: AnswerPolicy | None = None
    policy_scores: dict[str, Any] | None = None

    def was_fitted(self, keys: Sequence[bytes]) -> Booleans:
        """Return of each example, by the SHA-256 of its bytes, whether the head was fitted on it."""
        return np.array([key in self.fitted_keys for key in keys], dtype=np.bool_)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the head's scores."""
        return self.target.names

    @property
    def predictor(self) -> HeadPredictor:
        """What answers for features: the head with the policy."""
        needed = self.policy is not None and self.policy.novelty == "neighbours"
        index = _index_of(self.references) if needed and self.references is not None else None
        predictor: HeadPredictor = load_task(self.target.task).predictor(
            self.head, self.decoding, self.target, self.policy, index
        )
        return predictor


@lru_cache(maxsize=2)  # once for each model: a server asks again and again
def _index_of(references: References) -> NearestIndex:
    return nearest_index(references.features)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A saved model that was opened.

    Attributes
    ----------
    folder
        Where it lies.
    files
        What an encoder engine opens. Where there is a graph, ``weights`` carry the fitted classifier as well: they are
        for saving the model again.
    """

    folder: Path
    model: SavedModel
    files: EncoderFiles
