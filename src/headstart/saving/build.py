"""What is kept of a run: a fitted probe with its plan and its scores becomes a saved model."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from headstart.arrays import Integers, Singles
from headstart.data.example import Dataset
from headstart.data.plan import Plan
from headstart.data.sources import fingerprint
from headstart.encoders.spec import EncoderSpec
from headstart.metrics.comparison import Comparison
from headstart.probing.probe import Probe
from headstart.probing.rows import Sample
from headstart.saving.reference_set import build_references
from headstart.saving.values import Baseline, SavedModel, TrainingRecord
from headstart.settings.recipe import Recipe


def describe(
    planned: Plan, spec: EncoderSpec, probe: Probe, baseline: Baseline | None, fitted: Sample,
    board: Comparison | None, created: datetime,
) -> SavedModel:  # fmt: skip
    """Return what is kept of a model: ``probe`` is its head, ``baseline`` what stands beside it."""
    dataset = planned.dataset
    rule = str(planned.parts.rule)
    record = record_training(dataset, planned.inspection.keys, planned.recipe, rule, len(fitted), board, created)
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


def record_training(  # seven: what was learned from, how, how good it was found to be, and when
    dataset: Dataset,
    keys: Sequence[bytes],
    recipe: Recipe,
    split_rule: str,
    fitted: int,
    board: Comparison | None,
    created: datetime,
) -> TrainingRecord:
    """Return the record of a training on ``fitted`` examples of a dataset; ``board`` is None when none was scored."""
    clean = board and board.without_leaked
    return TrainingRecord(
        data_name=dataset.name,
        data_fingerprint=fingerprint(dataset, keys),
        counts={"fit": fitted, "score": board.evaluation.count if board else 0},
        split_rule=split_rule,
        recipe=recipe.to_json(),
        created=created.isoformat(timespec="seconds"),
        evaluation=board.evaluation.to_json() if board else None,
        leaked=board.leaked if board else 0,
        without_leaked=clean.to_json() if clean else None,
        baselines={name: one.to_json() for name, one in board.baselines.items()} if board else {},
    )


def add_references(
    saved: SavedModel, planned: Plan, features: Singles, fitted: Sample, rows: Integers, cache: Path
) -> SavedModel:
    """Add the features of these ``rows`` of the fitted part; ``features`` has a row for every example of the data."""
    positions = fitted.positions[rows]
    examples = [planned.dataset.examples[position] for position in positions]
    keys = [planned.inspection.keys[position] for position in positions]
    made = build_references(features[positions], fitted.labels[rows], examples, keys, len(fitted), cache)
    return replace(saved, references=made)
