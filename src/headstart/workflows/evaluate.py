"""Scoring a fitted model on labelled examples: ``headstart evaluate``, as a row of named stages."""

import os
import time
from dataclasses import replace
from typing import Protocol

from headstart.data.inspection_report import inspection_findings
from headstart.data.labels import match_target, split_to_score, with_target
from headstart.data.sources import list_examples
from headstart.encoders.spec import Encoder, EncoderFiles, simple_encoders
from headstart.errors import ExampleError, RecipeError, led_by
from headstart.metrics.comparison import compare_with_baselines
from headstart.metrics.values import ScoredPart
from headstart.probing.rows import require_some, select_sample
from headstart.reporting.report import ScoreReport
from headstart.runtime.context import RunContext
from headstart.saving.values import SavedModel
from headstart.settings.recipe import Recipe
from headstart.tasks.base import load_task
from headstart.uncertainty.evaluate import OodSet, Scored
from headstart.workflows.embed import Data, read_inspected, read_usable
from headstart.workflows.predict import encode


class Fitted(Protocol):
    """What is scored: an encoder with all that was fitted on its features."""

    @property
    def encoder(self) -> Encoder:
        """Examples become features."""
        ...

    @property
    def saved(self) -> SavedModel:
        """Features become answers."""
        ...

    @property
    def files(self) -> EncoderFiles:
        """The files of the encoder."""
        ...


def score(
    model: Fitted, data: Data, recipe: Recipe, context: RunContext, unfamiliar: Data | None = None
) -> ScoreReport:
    """Score a model on labelled examples it was not fitted to, with the baselines it was saved with.

    Of ``recipe`` count the groups, strict, seed and resamples. ``unfamiliar`` are examples of another kind, without
    labels, that the policy should tell from those.
    """
    clock = time.perf_counter()
    if unfamiliar is not None and (model.saved.policy is None or model.saved.policy.novelties is None):
        raise RecipeError("workflows.no_novelty")
    checked = read_inspected(data, recipe, context, model.saved.target.task)
    checked = replace(checked, dataset=match_target(checked.dataset, model.saved.target))
    classes, simple = model.saved.classes, model.saved.baseline
    with led_by(lambda: inspection_findings(checked)):
        dataset = with_target(checked.dataset, model.saved.target)
    split = split_to_score(dataset, checked.usable)
    baseline = (simple_encoders(simple.spec.modality).open_simple(simple.spec, model.files),) if simple else ()
    walk = read_usable(checked, (model.encoder, *baseline), context, split.positions, recipe.data.strict)
    features = walk.features[0].matrix
    scored = select_sample(dataset, split.positions, checked.together, walk.failures)
    require_some(scored)
    known = model.saved.was_fitted([checked.keys[position] for position in scored.positions])
    outputs = model.saved.predictor.outputs(features[scored.positions])
    unseen = Scored(scored.labels, outputs, classes, scored.user_groups, recipe.run.seed, recipe.uncertainty.resamples)
    strange = None if unfamiliar is None else _measure_novelty(model, unfamiliar, context)
    board = compare_with_baselines(
        load_task(dataset.target.task).metrics,
        ScoredPart(scored.labels, classes, scored.user_groups, known),
        outputs,
        {
            "majority": model.saved.target.constant(
                model.saved.target.summarise(scored.labels)  # what learned from no example knows of no majority
                if model.saved.training.counts.get("fit") == 0
                else model.saved.fitted_labels
            ),
            **({simple.spec.name: simple.outputs(walk.features[-1].matrix[scored.positions])} if simple else {}),
        },
        seed=recipe.run.seed,
        resamples=recipe.uncertainty.resamples,
    )
    promises = model.saved.predictor.evaluate_policy(features[scored.positions], unseen, strange)
    return ScoreReport(checked, split.rule, walk, board, time.perf_counter() - clock, promises)


def _measure_novelty(model: Fitted, unlike: Data, context: RunContext) -> OodSet:
    """Measure how unlike the training examples others are; those that cannot be read are left out."""
    examples = list_examples(unlike, model.encoder.spec.modality)
    name = str(unlike) if isinstance(unlike, (str, os.PathLike)) else "data"
    walk = encode(model.encoder, examples, context, strict=False)
    good = [index for index in range(len(examples)) if index not in walk.failures]
    if not good:
        raise ExampleError("data.none_readable_of", name=name)
    return OodSet(name, model.saved.predictor.novelty(walk.features[0].matrix[good]))
