"""What is kept of a run: a fitted probe with its plan and its scores becomes a saved model."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from headstart.arrays import Integers, Singles
from headstart.data.plan import Plan
from headstart.data.sources import fingerprint
from headstart.encoders.spec import EncoderSpec
from headstart.metrics.comparison import Comparison
from headstart.probing.probe import Probe
from headstart.probing.rows import Sample
from headstart.saving.reference_set import build_references
from headstart.saving.values import Baseline, SavedModel, TrainingRecord


def describe(
    planned: Plan, spec: EncoderSpec, probe: Probe, baseline: Baseline, fitted: Sample, board: Comparison,
    created: datetime,
) -> SavedModel:  # fmt: skip
    """Return what is kept of a model: ``probe`` is its head, ``baseline`` what stands beside it."""
    dataset = planned.dataset
    record = TrainingRecord(
        data_name=dataset.name,
        data_fingerprint=fingerprint(dataset, planned.inspection.keys),
        counts={"fit": len(fitted), "score": board.evaluation.count},
        split_rule=str(planned.parts.rule),
        recipe=planned.recipe.to_json(),
        created=created.isoformat(timespec="seconds"),
        evaluation=board.evaluation.to_json(),
        leaked=board.leaked,
        without_leaked=None if board.without_leaked is None else board.without_leaked.to_json(),
        baselines={name: evaluation.to_json() for name, evaluation in board.baselines.items()},
    )
    return SavedModel(
        spec=spec,
        head=probe.head,
        decoding=probe.decoding,
        target=dataset.target,
        fitted_labels=dataset.target.summarise(fitted.labels),
        training=record,
        baseline=baseline,
        notices=tuple(map(str, probe.notices)),
        fitted_keys=frozenset(planned.inspection.keys[position] for position in fitted.positions),
    )


def add_references(
    saved: SavedModel,
    planned: Plan,
    features: Singles,
    fitted: Sample,
    rows: Integers,
    cache: Path,
) -> SavedModel:
    """Add the features of these ``rows`` of the fitted part; ``features`` has a row for every example of the data."""
    positions = fitted.positions[rows]
    examples = [planned.dataset.examples[position] for position in positions]
    keys = [planned.inspection.keys[position] for position in positions]
    made = build_references(features[positions], fitted.labels[rows], examples, keys, len(fitted), cache)
    return replace(saved, references=made)
