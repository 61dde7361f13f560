"""A score and what stands beside it: the baselines that any model must beat, with and without leaked examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.arrays import Booleans, Floats
from headstart.metrics.paired_tests import PairedDifference, paired_difference
from headstart.metrics.values import Evaluation, Metrics, ScoredPart

Outputs = Floats

PROBE = "probe"  # name of the baseline that a model whose weights were moved is compared with in pairs


@dataclass(frozen=True, slots=True)
class Comparison:
    """An evaluation, those of the baselines, and the same without leaked examples.

    Attributes
    ----------
    evaluation
        Of the model, on the part that is scored.
    baselines
        By name: ``majority``, the best answer that is the same for every example; what can be had
        without a pretrained network; and ``probe``, a head on the frozen encoder, when weights were moved.
    leaked
        How many scored examples have a byte-identical twin, or a member of their group, in the fitted part.
    without_leaked
        The evaluation without those; None when there are none, or when nothing would be left.
    baselines_without_leaked
        The baselines by name on the same examples as ``without_leaked``; empty where that is None.
    over_probe
        The model against the probe, in pairs; None without one.
    """

    evaluation: Evaluation
    baselines: Mapping[str, Evaluation]
    leaked: int = 0
    without_leaked: Evaluation | None = None
    baselines_without_leaked: Mapping[str, Evaluation] = field(default_factory=dict)
    over_probe: PairedDifference | None = None

    @property
    def trusted(self) -> tuple[Evaluation, Mapping[str, Evaluation]]:
        """The model and the baselines on the same examples: without those that leaked, where any are left."""
        if self.without_leaked is None:
            return self.evaluation, self.baselines
        return self.without_leaked, self.baselines_without_leaked

    def to_json(self) -> dict[str, Any]:
        """Return plain data: ``evaluation``, ``baselines``, ``leaked``, and ``moved`` where weights were moved."""
        clean = None if self.without_leaked is None else self.without_leaked.to_json()
        return {
            "evaluation": self.evaluation.to_json(),
            "baselines": _to_json(self.baselines),
            **({} if self.over_probe is None else {"moved": self.over_probe.to_json()}),
            "leaked": {
                "count": self.leaked,
                "evaluation_without": clean,
                "baselines_without": _to_json(self.baselines_without_leaked),
            },
        }


def compare_with_baselines(
    metrics: Metrics,
    part: ScoredPart,
    model: Outputs,
    baselines: Mapping[str, Outputs | None],
    *,
    seed: int = 0,
    resamples: int = 1000,
    evaluation: Evaluation | None = None,
) -> Comparison:
    """Evaluate a model and the baselines on the same examples, with the same resamples.

    Parameters
    ----------
    metrics, part
        How and what is scored.
    model, baselines
        Outputs, such as probabilities, of shape (N, C) of the model, and of each baseline by its name: a None is left
        out, and one row of shape (C,) is the answer to every example.
    seed, resamples
        Of the bootstrap.
    evaluation
        Of the model, when it was evaluated already.

    Examples
    --------
    >>> from headstart.metrics.classification.metrics import METRICS
    >>> part = ScoredPart(np.array([0, 1, 1]), ("a", "b"), None, np.zeros(3, dtype=np.bool_))
    >>> sure = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    >>> found = compare_with_baselines(METRICS, part, sure, {"majority": np.array([0.6, 0.4])})
    >>> found.evaluation.accuracy.value, round(found.baselines["majority"].accuracy.value, 3)
    (1.0, 0.333)
    """

    def scored(outputs: Outputs, rows: Booleans) -> Evaluation:
        groups = None if part.groups is None else part.groups[rows]
        return metrics.evaluate(
            part.labels[rows], outputs[rows], part.classes, groups=groups, seed=seed, resamples=resamples
        )

    answers = {name: np.broadcast_to(one, model.shape) for name, one in baselines.items() if one is not None}
    probe, everything = answers.get(PROBE), np.ones(len(part.labels), dtype=np.bool_)
    credits = [metrics.credit(one, part.labels) for one in (model, probe) if one is not None]
    leaked = int(part.leaked.sum())
    some = 0 < leaked < len(part.labels)
    return Comparison(
        evaluation=evaluation or scored(model, everything),
        baselines={name: scored(one, everything) for name, one in answers.items()},
        leaked=leaked,
        without_leaked=scored(model, ~part.leaked) if some else None,
        baselines_without_leaked={name: scored(one, ~part.leaked) for name, one in answers.items()} if some else {},
        over_probe=None if probe is None else paired_difference(credits[0], credits[1], part.groups, seed, resamples),
    )


def _to_json(evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    return {name: evaluation.to_json() for name, evaluation in evaluations.items()}
