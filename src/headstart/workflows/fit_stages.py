"""The stages of a fit that touch more than one folder: what is encoded is split, tuned, scored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.arrays import Floats, Integers, Singles
from headstart.data.plan import Plan
from headstart.encoders.saved import open_saved
from headstart.encoders.spec import LoadedEncoder
from headstart.features.access import read_features
from headstart.features.values import Extraction
from headstart.finetuning.inputs import TrainingInputs
from headstart.metrics.comparison import PROBE, Comparison, compare_with_baselines
from headstart.metrics.values import ScoredPart
from headstart.probing.baseline import BaselineRows, baseline_family
from headstart.probing.cross_validation import predict_in_folds
from headstart.probing.predictor import HeadPredictor
from headstart.probing.probe import Probe
from headstart.probing.rows import Sample, require_some, select_balanced_rows, select_rows_to_encode, select_sample
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.saving.reference_set import MOST_ENCODED, MOST_ROWS
from headstart.saving.values import Baseline
from headstart.settings.recipe import Recipe
from headstart.settings.rules import training_plan
from headstart.tasks.base import load_task
from headstart.uncertainty.evaluate import PolicyScores, Scored
from headstart.uncertainty.ood import nearest_index, to_half_precision
from headstart.uncertainty.policy import AnswerPolicy

if TYPE_CHECKING:
    from headstart.finetuning.fine_tuning import FineTuned


@dataclass(frozen=True, slots=True, eq=False)
class EncodedDataset:
    """Every example's features, its baseline's, (n, D) each, and the two parts: to fit, and to score."""

    features: Singles
    baseline: BaselineRows
    fitted: Sample
    scored: Sample


@dataclass(frozen=True, slots=True, eq=False)
class FittedPredictor:
    """What answers in the end: an encoder, its features (n, D), and a head.

    ``kept`` are the rows of the fitted part to keep as references; ``validation`` those that a training held out;
    ``tuned`` is that training, or None when no weight moved.
    """

    encoder: LoadedEncoder
    features: Singles
    probe: Probe
    kept: Integers
    validation: Integers | None = None
    tuned: "FineTuned | None" = None


def split_encoded(planned: Plan, walk: Extraction) -> EncodedDataset:
    """Split what was encoded into the parts of the plan, without what cannot be read."""
    fitted, scored = (
        select_sample(planned.dataset, positions, planned.inspection.together, walk.failures)
        for positions in (planned.parts.fit, planned.parts.score)
    )
    planned.dataset.target.require_part(fitted.labels)
    require_some(scored)
    features, baseline = (found.matrix for found in walk.features)
    rows = BaselineRows(baseline, baseline_family(planned.dataset.modality))
    return EncodedDataset(features, rows, fitted, scored)


def run_fine_tuning(ground: TrainingInputs, context: RunContext) -> "FineTuned | None":
    """Fine-tune when the recipe asks for it; None otherwise."""
    moves = training_plan(ground.recipe, len(ground.labels), ground.target.names, ground.encoder.spec.modality)
    if moves is None:
        if context.tensorboard or context.profile or context.find_rate:
            context.notify(Finding("finetuning.nothing_to_watch"))
        return None
    from headstart.finetuning.fine_tuning import fine_tune  # loads torch: seconds

    return fine_tune(ground, moves, context)


def select_final_predictor(
    planned: Plan, encoded: EncodedDataset, frozen: FittedPredictor, tuned: "FineTuned | None", context: RunContext
) -> FittedPredictor:
    """Let moved weights answer, where there are any: what has to be scored or kept is encoded by them again."""
    if tuned is None or tuned.encoder is None:
        return replace(frozen, tuned=tuned)
    encoder = open_saved(tuned.encoder.spec, tuned.encoder.files)
    kept = select_rows_to_encode(encoded.fitted.strata, tuned.validation, MOST_ENCODED, planned.recipe.run.seed)
    needed = np.union1d(encoded.scored.positions, encoded.fitted.positions[kept])
    unkept = replace(context, keep_features=False)
    again = read_features(planned.dataset.examples, planned.inspection.keys, (encoder,), unkept, needed)
    probe = replace(frozen.probe, head=tuned.head, decoding=tuned.decoding)
    return FittedPredictor(encoder, again.features[0].matrix, probe, kept, tuned.validation, tuned)


def score(
    planned: Plan,
    encoded: EncodedDataset,
    probes: tuple[Probe, Baseline],
    final: FittedPredictor,
    policy: AnswerPolicy | None,
    context: RunContext,
) -> tuple[Floats, Comparison, PolicyScores | None]:
    """Score the part that nothing was chosen on, or with folds every example out of its fold.

    ``probes`` are the one of the pretrained network and that of the baseline. Returns the
    outputs, how good they are, and whether the policy kept its promises.
    """
    recipe, scored, target = planned.recipe, encoded.scored, planned.dataset.target
    task, (frozen, simple) = load_task(target.task), probes
    seed, resamples = recipe.run.seed, recipe.uncertainty.resamples
    part = ScoredPart(scored.labels, target.names, scored.user_groups, np.isin(scored.positions, planned.parts.leaked))
    outputs = final.probe.outputs(final.features[scored.positions])
    plain, evaluation, promises = simple.outputs(encoded.baseline.matrix[scored.positions]), None, None
    if recipe.split.folds:  # there is no example that the policy has not seen
        held = predict_in_folds(encoded.features, encoded.baseline, scored, target, recipe, context.progress)
        outputs, plain, halves = held.outputs[0], held.simple, held.halves
        part = replace(part, fold_of=held.fold_of[0])
        evaluation = task.metrics.evaluate_folds(part, held.outputs, held.fold_of, seed, resamples)
    else:
        halves = frozen.predict_halves(encoded.features[scored.positions], plain)
        unseen = Scored(scored.labels, outputs, target.names, scored.user_groups, seed, resamples)
        known = nearest_index(to_half_precision(final.features[encoded.fitted.positions[final.kept]]))
        answering: HeadPredictor = task.predictor(final.probe.head, final.probe.decoding, target, policy, known)
        promises = answering.evaluate_policy(final.features[scored.positions], unseen)
    board = compare_with_baselines(
        task.metrics,
        part,
        outputs,
        {
            "majority": target.constant(target.summarise(encoded.fitted.labels)),
            simple.spec.name: plain,
            PROBE: frozen.outputs(encoded.features[scored.positions]) if final.tuned else None,
        },
        seed=seed,
        resamples=resamples,
        evaluation=evaluation,
        halves=add_moved(halves, outputs, final) if final.encoder.spec.name != simple.spec.name else {},
    )
    return outputs, board, promises


def add_moved(halves: Mapping[str, Floats], outputs: Floats, final: FittedPredictor) -> dict[str, Floats]:
    """Put the outputs (N, C) of a network that was moved beside what words and vectors say, where there are any."""
    moved = final.tuned is not None and final.tuned.encoder is not None  # else the probe was kept
    return {**halves, **({"moved": outputs} if halves and moved else {})}


def reference_rows(encoded: EncodedDataset, recipe: Recipe) -> Integers:
    """Select the rows of the fitted part that are kept when all are encoded anyway: as many as may be."""
    return select_balanced_rows(encoded.fitted.strata, MOST_ROWS, recipe.run.seed)


def training_inputs(planned: Plan, encoded: EncodedDataset, encoder: LoadedEncoder, probe: Probe) -> TrainingInputs:
    """Collect what a training is given."""
    positions = encoded.fitted.positions.tolist()
    return TrainingInputs(
        recipe=planned.recipe,
        target=planned.dataset.target,
        encoder=encoder,
        examples=tuple(planned.dataset.examples[position] for position in positions),
        keys=tuple(planned.inspection.keys[position] for position in positions),
        labels=encoded.fitted.labels,
        groups=encoded.fitted.groups,
        features=encoded.features[encoded.fitted.positions],
        probe=probe,
    )
