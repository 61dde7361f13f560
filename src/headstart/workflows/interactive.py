"""Learning from a few examples that were shown one by one: the road of ``fit`` without its files.

Nothing is set apart: there are too few examples. Every one is scored by a model that was chosen, fitted and calibrated
without it, without its near copies and without the other examples of its series.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.audit.duplicates import duplicate_sets
from headstart.audit.similarity.base import similarity_of
from headstart.data.example import Dataset, Example, known_label
from headstart.data.readers.base import reader_of
from headstart.data.splits import merge_groups
from headstart.data.targets.classes import Classes
from headstart.encoders.spec import Encoder, EncoderFiles, simple_encoders
from headstart.metrics.classification.folds import evaluate_folds
from headstart.metrics.classification.metrics import METRICS
from headstart.metrics.comparison import Comparison, compare_with_baselines
from headstart.metrics.values import Score, ScoredPart
from headstart.probing.baseline import BaselineRows, baseline_family
from headstart.probing.cross_validation import OutOfFold, predict_in_folds
from headstart.probing.probe import Probe, fit_probe
from headstart.probing.rows import Sample, select_sample
from headstart.runtime.catalogue import ENGLISH
from headstart.saving.build import record_training
from headstart.saving.bundle import save_bundle
from headstart.saving.reference_set import build_references
from headstart.saving.values import Baseline, SavedModel
from headstart.serving.interactive import ShownExamples
from headstart.serving.predictor import TOP, plain
from headstart.settings.recipe import Recipe
from headstart.settings.rules import fold_count
from headstart.uncertainty.calibrate import fit_policy

MOST_FOLDS = 5
NAME = "taught"
RULE = (
    "Cross-validated in {count} folds: each picture was scored by a model fitted to the other folds; near copies "
    "and pictures of one series were not divided. The model itself was fitted to all pictures."
)
NO_RULE = "Nothing was scored: some class has pictures of one series only."


@dataclass(frozen=True, slots=True, eq=False)
class SessionModel:
    """A model that was learnt from what was shown, and a report on it."""

    files: EncoderFiles
    saved: SavedModel
    report: dict[str, Any]

    def answer(self, features: Singles) -> Sequence[dict[str, Any]]:
        """Predict what is on examples, given their features (N, D)."""
        return [plain(one) for one in self.saved.predictor.predict([""] * len(features), features, TOP)]

    def save(self, folder: Path) -> None:
        """Write the model into a new folder, as :meth:`headstart.workflows.model.Model.save` does."""
        save_bundle(folder, self.saved, self.files)


def teach(encoder: Encoder, files: EncoderFiles, shown: ShownExamples, created: datetime, cache: Path) -> SessionModel:
    """Learn from what was shown; raises DataError with fewer than two classes.

    The head is chosen among all by cross-validation, inside each fold anew where folds score it.
    """
    clock = time.perf_counter()
    modality = encoder.spec.modality
    dataset, target = _dataset_of(shown, modality), Classes(shown.classes)
    target.require_part(shown.labels)
    similarity = similarity_of(modality)
    assert similarity is not None, "a modality that can be taught has one"
    copies = duplicate_sets(similarity.find_pairs(dataset.examples, shown.sketches), len(dataset)).sets
    groups = merge_groups(shown.keys, shown.series, copies)
    sample = select_sample(dataset, np.arange(len(dataset)), groups, ())
    scorable = _spread(sample, len(shown.classes))
    folds = fold_count(MOST_FOLDS, int(np.median(scorable))) if scorable.min() > 1 else 0
    recipe = Recipe(encoder=encoder.spec.name, folds=folds)
    probe = fit_probe(shown.features, shown.labels, target, groups, recipe)
    beside = simple_encoders(modality).fit_baseline(dataset.examples)
    beside = encoder if encoder.spec.name == beside.spec.name else beside  # one vocabulary has room in a model
    rows = _baseline_rows(dataset, beside) if shown.baseline is None else shown.baseline
    baseline = BaselineRows(rows, baseline_family(modality))
    simple = baseline.fit(shown.labels, target, groups, recipe)
    held = predict_in_folds(shown.features, baseline, sample, target, recipe) if folds else None
    board = _score(shown, sample, held, recipe, beside.spec.name) if held else None
    reword = ENGLISH.for_modality(modality).reword
    rule = reword(RULE.format(count=folds) if board else NO_RULE)
    saved = SavedModel(
        spec=encoder.spec,
        head=probe.head,
        decoding=probe.decoding,
        target=target,
        fitted_labels=target.summarise(shown.labels),
        training=record_training(dataset, shown.keys, recipe, rule, len(dataset), board, created),
        baseline=Baseline(beside.spec, simple.head, simple.decoding),
        notices=tuple(map(str, probe.notices)),
        fitted_keys=frozenset(shown.keys),
        policy=fit_policy(recipe, probe, shown.features, sample, np.arange(len(dataset))),
        references=build_references(
            shown.features, shown.labels, dataset.examples, shown.keys, len(dataset), cache
        ),
    )  # fmt: skip
    own: EncoderFiles = getattr(beside, "files", EncoderFiles())
    files = replace(files, beside={**files.beside, **own.beside})
    return SessionModel(files, saved, _report(shown, probe, scorable, held, board, time.perf_counter() - clock))


def _dataset_of(shown: ShownExamples, modality: str) -> Dataset:
    rows = zip(shown.previews, shown.names, shown.labels.tolist(), shown.series, strict=True)
    examples = tuple(
        Example(file, name, known_label(shown.classes[label]), group=series) for file, name, label, series in rows
    )
    return Dataset(NAME, examples, modality=modality)


def _baseline_rows(dataset: Dataset, beside: Encoder) -> Singles:
    """Compute the features of a baseline that was fitted to what was shown, shape (N, H)."""
    open_example = reader_of(dataset.modality).open_example
    opened = [open_example(one.source, one.name) for one in dataset.examples]
    return beside.complete(beside.encode(beside.collate([beside.preprocess(one) for one in opened])), opened)


def _spread(sample: Sample, class_count: int) -> Integers:
    """Count the groups of each class, shape (C,): what can be held out of it."""
    pairs = np.unique(np.stack([sample.labels, sample.groups], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=class_count)


def _score(shown: ShownExamples, sample: Sample, held: OutOfFold, recipe: Recipe, simple_name: str) -> Comparison:
    nothing = np.zeros(len(sample), dtype=np.bool_)
    part = ScoredPart(sample.labels, shown.classes, sample.groups, nothing)
    evaluation = evaluate_folds(part, held.outputs, held.fold_of, recipe.run.seed, recipe.uncertainty.resamples)
    target = Classes(shown.classes)
    return compare_with_baselines(
        METRICS,
        part,
        held.outputs[0],
        {"majority": target.constant(target.summarise(sample.labels)), simple_name: held.simple},
        seed=recipe.run.seed,
        resamples=recipe.uncertainty.resamples,
        evaluation=evaluation,
    )


def _report(
    shown: ShownExamples,
    probe: Probe,
    scorable: Integers,
    held: OutOfFold | None,
    board: Comparison | None,
    seconds: float,
) -> dict[str, Any]:
    counts = np.bincount(shown.labels, minlength=len(shown.classes)).tolist()
    classes = [
        {"name": name, "pictures": counts[number], "groups": int(scorable[number]), "recall": None}
        for number, name in enumerate(shown.classes)
    ]
    found: dict[str, Any] = {
        "pictures": len(shown.labels), "groups": int(scorable.sum()), "head": probe.name, "seconds": round(seconds, 2),
        "classes": classes, "accuracy": None, "colours": None, "right": None, "mistakes": [],
    }  # fmt: skip
    if held is None or board is None:
        return found
    for row, per_class in zip(classes, board.evaluation.per_class, strict=True):
        row["recall"] = _interval(per_class.recall)
    answers = held.outputs[0].argmax(axis=1)
    wrong = np.flatnonzero(answers != shown.labels).tolist()
    return found | {
        "accuracy": _interval(board.evaluation.accuracy),
        "colours": _interval(next(one for name, one in board.baselines.items() if name != "majority").accuracy),
        "right": len(shown.labels) - len(wrong),
        "mistakes": [{"position": place, "taken_for": shown.classes[answers[place]]} for place in wrong],
    }


def _interval(score: Score) -> dict[str, float]:
    return {"value": score.value, "low": score.low, "high": score.high}
