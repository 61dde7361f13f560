"""A score and what stands beside it: the baselines that any model must beat, with and without leaked examples."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from headstart.arrays import Booleans, Floats
from headstart.metrics.paired_tests import PairedDifference, paired_difference
from headstart.metrics.values import Evaluation, Metrics, Score, ScoredPart

Outputs = Floats

SAME = 0.01  # accuracies that differ by less are as good as one another
PROBE = "probe"  # name of the baseline that a model whose weights were moved is compared with in pairs


@dataclass(frozen=True, slots=True)
class Half:
    """What one part of the features reaches alone: its first score, and the same in pairs over the first part."""

    score: Score
    over_first: PairedDifference | None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"score": asdict(self.score), "over_first": self.over_first and self.over_first.to_json()}


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
    halves
        What parts of the features reach alone, by name, where the model could choose among them; the first is the one
        without a network. On examples that did not leak.
    """

    evaluation: Evaluation
    baselines: Mapping[str, Evaluation]
    leaked: int = 0
    without_leaked: Evaluation | None = None
    baselines_without_leaked: Mapping[str, Evaluation] = field(default_factory=dict)
    over_probe: PairedDifference | None = None
    halves: Mapping[str, Half] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """What the other halves bring over the first: ``helps``, ``hurts``, ``same`` or ``open``; "" without any."""
        gains = [one.over_first.difference for one in self.halves.values() if one.over_first]
        best = max(gains, key=lambda one: (one.low > 0, one.value), default=None)
        if best is None:
            return ""
        if best.low > 0:
            return "helps"
        return "hurts" if best.high < 0 else "same" if best.value <= SAME and best.high <= 5 * SAME else "open"

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
            **({"halves": {name: one.to_json() for name, one in self.halves.items()}} if self.halves else {}),
            **({"pretraining": self.verdict} if self.halves else {}),
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
    halves: Mapping[str, Outputs] = MappingProxyType({}),
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
    halves
        Outputs (N, C) of parts of the features, the one without a network first.

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
        halves=_score_halves(metrics, part, halves, seed, resamples),
    )


def _score_halves(
    metrics: Metrics, part: ScoredPart, halves: Mapping[str, Outputs], seed: int, resamples: int
) -> dict[str, Half]:
    rows = ~part.leaked if 0 < part.leaked.sum() < len(part.labels) else np.ones(len(part.labels), dtype=np.bool_)
    labels, groups = part.labels[rows], None if part.groups is None else part.groups[rows]
    found, first = dict[str, Half](), None
    for name, outputs in halves.items():
        credit = metrics.credit(outputs[rows], labels)
        if part.fold_of is not None and metrics.evaluate_folds:
            own = metrics.evaluate_folds(part, outputs[None], part.fold_of[None], seed, resamples)
        else:
            own = metrics.evaluate(labels, outputs[rows], part.classes, groups=groups, seed=seed, resamples=resamples)
        over = None if first is None else paired_difference(credit, first, groups, seed, resamples, part.fold_of)
        found[name] = Half(getattr(own, metrics.name), over)
        first = credit if first is None else first
    return found


def _to_json(evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    return {name: evaluation.to_json() for name, evaluation in evaluations.items()}
