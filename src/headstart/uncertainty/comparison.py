"""A score and what stands beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.metrics.evaluation import evaluate
from headstart.metrics.paired_tests import PairedDifference, paired_difference
from headstart.metrics.values import Evaluation, ScoredPart
from headstart.uncertainty.evaluate import PolicyScores

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An evaluation, the two baselines that any model must beat, and the score without leaked pictures.

    Attributes
    ----------
    evaluation
        Of the model, on the part that is scored.
    majority
        Of always answering with the most frequent class of the fitted part.
    simple
        Of the simple baseline of the modality: what can be had without a pretrained network. None when a model was
        saved without it.
    probe
        Of a head on the frozen encoder, when weights were moved: what fine-tuning must beat.
    moved
        The model against that probe, in pairs.
    guard
        Whether the guard kept its promises; None when the model has none.
    leaked
        How many scored pictures have a byte-identical twin, or a member of their group, in the fitted part.
    without_leaked
        The evaluation without those; None when there are none, or when nothing would be left.
    baselines_without_leaked
        The baselines by name on the same pictures as ``without_leaked``; empty where that is None.
    simple_name
        What the simple baseline is called.
    """

    evaluation: Evaluation
    majority: Evaluation
    simple: Evaluation | None
    leaked: int = 0
    without_leaked: Evaluation | None = None
    probe: Evaluation | None = None
    guard: PolicyScores | None = None
    moved: PairedDifference | None = None
    baselines_without_leaked: Mapping[str, Evaluation] = field(default_factory=dict)
    simple_name: str = "simple"

    @property
    def baselines(self) -> dict[str, Evaluation]:
        """The baselines by name."""
        simple = {} if self.simple is None else {self.simple_name: self.simple}
        probe = {} if self.probe is None else {"probe": self.probe}
        return {"majority": self.majority, **simple, **probe}

    @property
    def trusted(self) -> tuple[Evaluation, Mapping[str, Evaluation]]:
        """The model and the baselines on the same pictures: without those that leaked, where any are left."""
        if self.without_leaked is None:
            return self.evaluation, self.baselines
        return self.without_leaked, self.baselines_without_leaked

    def to_json(self) -> dict[str, Any]:
        """Plain data: ``evaluation``, ``baselines``, ``moved`` where weights were moved, ``guard`` and ``leaked``."""
        clean = None if self.without_leaked is None else self.without_leaked.to_json()
        beside = {name: evaluation.to_json() for name, evaluation in self.baselines_without_leaked.items()}
        return {
            "evaluation": self.evaluation.to_json(),
            "baselines": {name: evaluation.to_json() for name, evaluation in self.baselines.items()},
            **({} if self.moved is None else {"moved": self.moved.to_json()}),
            "guard": None if self.guard is None else self.guard.to_json(),
            "leaked": {"count": self.leaked, "evaluation_without": clean, "baselines_without": beside},
        }


def make_scoreboard(
    part: ScoredPart,
    model: Probabilities,
    simple: Probabilities | None,
    class_counts: Sequence[int],
    *,
    seed: int = 0,
    resamples: int = 1000,
    probe: Probabilities | None = None,
    guard: PolicyScores | None = None,
    evaluation: Evaluation | None = None,
    simple_name: str = "simple",
) -> Comparison:
    """Score a model and the baselines on the same examples, with the same resamples.

    Parameters
    ----------
    part
        What is scored.
    model, simple, probe
        Probabilities of shape (N, C) of the model, of the simple baseline, called ``simple_name``, and, when weights
        were moved, of the probe.
    class_counts
        Examples of each class in the fitted part: the majority baseline answers with these frequencies.
    seed, resamples
        Of the bootstrap.
    evaluation
        Of the model, when it was scored already.

    Examples
    --------
    >>> part = ScoredPart(np.array([0, 1, 1]), ("a", "b"), None, np.zeros(3, dtype=np.bool_))
    >>> sure = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    >>> board = make_scoreboard(part, sure, None, [5, 4])
    >>> board.evaluation.accuracy.value, round(board.majority.accuracy.value, 3)
    (1.0, 0.333)
    """

    def scored(probabilities: Probabilities, keep: npt.NDArray[np.bool_]) -> Evaluation:
        groups = None if part.groups is None else part.groups[keep]
        return evaluate(
            part.labels[keep], probabilities[keep], part.classes, groups=groups, seed=seed, resamples=resamples
        )

    right = None if probe is None else [one.argmax(axis=1) == part.labels for one in (model, probe)]
    everything = np.ones(len(part.labels), dtype=np.bool_)
    prior = np.tile(np.asarray(class_counts, dtype=np.float64) / sum(class_counts), (len(part.labels), 1))
    leaked = int(part.leaked.sum())
    some = 0 < leaked < len(part.labels)
    beside = {"majority": prior, simple_name: simple, "probe": probe} if some else {}
    return Comparison(
        evaluation=evaluation or scored(model, everything),
        majority=scored(prior, everything),
        simple=None if simple is None else scored(simple, everything),
        simple_name=simple_name,
        leaked=leaked,
        without_leaked=scored(model, ~part.leaked) if some else None,
        probe=None if probe is None else scored(probe, everything),
        guard=guard,
        moved=None if right is None else paired_difference(right[0], right[1], part.groups, seed, resamples),
        baselines_without_leaked={
            name: scored(answers, ~part.leaked) for name, answers in beside.items() if answers is not None
        },
    )
