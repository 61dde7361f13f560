"""Scoring a fitted model on labelled pictures: ``headstart evaluate``, as a row of named stages."""

import time
from typing import Protocol

import numpy as np
import numpy.typing as npt

from headstart.data.audit import audit, refuse_unreadable
from headstart.data.labels import split_to_score, with_classes_of
from headstart.data.sources import list_examples, read_dataset
from headstart.encoders.spec import Encoder, simple_encoders
from headstart.errors import ExampleError, RecipeError
from headstart.metrics.values import ScoredPart
from headstart.probing.rows import require_some, select_sample
from headstart.reporting.report import ScoreReport
from headstart.runtime.context import RunContext
from headstart.saving.values import SavedModel
from headstart.settings.recipe import Recipe
from headstart.uncertainty.comparison import make_scoreboard
from headstart.uncertainty.evaluate import OodSet, PolicyScores, Scored, score_guard
from headstart.workflows.embed import Data, read_usable
from headstart.workflows.predict import encode


class Fitted(Protocol):
    """What is scored: an encoder with all that was fitted on its features."""

    @property
    def encoder(self) -> Encoder:
        """Pictures become features."""
        ...

    @property
    def saved(self) -> SavedModel:
        """Features become answers."""
        ...


def score(
    model: Fitted, data: Data, recipe: Recipe, context: RunContext, unfamiliar: Data | None = None
) -> ScoreReport:
    """Score a model on labelled pictures it was not fitted to, with the baselines it was saved with.

    Of ``recipe`` count the groups, strict, seed and resamples. ``unfamiliar`` are pictures of another kind, without
    labels, that the guard should tell from those.
    """
    clock = time.perf_counter()
    dataset = read_dataset(
        data,
        group_by=recipe.split.group_by,
        group_pattern=recipe.split.group_pattern,
        task=model.saved.target.task,
    )
    checked = audit(dataset, progress=context.progress)
    if recipe.data.strict:
        refuse_unreadable(checked)
    classes, simple = model.saved.classes, model.saved.baseline
    dataset = with_classes_of(dataset, classes)
    split = split_to_score(dataset, checked.usable)
    baseline = (simple_encoders(simple.spec.modality).open_simple(simple.spec),) if simple else ()
    walk = read_usable(checked, (model.encoder, *baseline), context, split.positions, recipe.data.strict)
    features = walk.features[0].matrix
    scored = select_sample(dataset, split.positions, checked.together, walk.failures)
    require_some(scored)
    known = model.saved.was_fitted([checked.keys[position] for position in scored.positions])
    probabilities = model.saved.outputs(features[scored.positions])
    unseen = Scored(
        scored.labels, probabilities, classes, scored.user_groups, recipe.run.seed, recipe.uncertainty.resamples
    )
    strange = None if unfamiliar is None else _strange(model, unfamiliar, context)
    board = make_scoreboard(
        ScoredPart(scored.labels, classes, scored.user_groups, known),
        probabilities,
        simple.outputs(walk.features[-1].matrix[scored.positions]) if simple else None,
        model.saved.fitted_labels["counts"],
        seed=recipe.run.seed,
        resamples=recipe.uncertainty.resamples,
        simple_name=simple.spec.name if simple else "",
        guard=_guard_scores(model.saved, features[scored.positions], unseen, strange),
    )
    return ScoreReport(checked, split.rule, walk, board, time.perf_counter() - clock)


def _guard_scores(
    saved: SavedModel, features: npt.NDArray[np.float32], scored: Scored, strange: OodSet | None
) -> PolicyScores | None:
    verdicts = saved.verdicts(features, scored.probabilities)
    if saved.guard is None or verdicts is None:
        return None
    return score_guard(saved.guard, verdicts, scored, strange)


def _strange(model: Fitted, unlike: Data, context: RunContext) -> OodSet:
    """Measure how unlike the training pictures others are; those that cannot be read are left out."""
    if model.saved.guard is None or model.saved.guard.strangeness is None:
        raise RecipeError("workflows.no_novelty")
    examples = list_examples(unlike, model.encoder.spec.modality)
    walk = encode(model.encoder, examples, context, strict=False)
    good = [index for index in range(len(examples)) if index not in walk.failures]
    if not good:
        raise ExampleError("data.none_readable_of", name=unlike)
    return OodSet(str(unlike), model.saved.novelty(walk.features[0].matrix[good]))
