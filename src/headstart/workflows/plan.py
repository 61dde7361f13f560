"""What is read, checked and divided before anything is computed, and how long the rest will take."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from headstart.audit.duplicates import add_near_duplicates
from headstart.data.cv_split import parts_in_folds
from headstart.data.demo_data import fruit_folder
from headstart.data.demo_texts import news_folder, reviews_table
from headstart.data.example import Dataset
from headstart.data.few_shots import parts_of_names, parts_of_shots
from headstart.data.inspection import Inspection, inspect_dataset
from headstart.data.inspection_report import inspection_findings, refuse_unreadable, require_learnable
from headstart.data.named_classes import name_classes
from headstart.data.plan import Plan
from headstart.data.readers.base import set_reading
from headstart.data.sources import read_dataset
from headstart.data.splits import Parts, choose_parts
from headstart.data.targets.base import Target
from headstart.encoders.spec import find_adaptation
from headstart.errors import MissingExtraError, RecipeError, led_by
from headstart.features.access import seconds_per_example, stored_share
from headstart.finetuning.ranks import process_number
from headstart.modalities.base import load_modality
from headstart.probing.probe import families_for
from headstart.reporting.estimate import Estimate
from headstart.runtime.context import RunContext
from headstart.runtime.files import require_free
from headstart.runtime.findings import Finding
from headstart.settings.keys import require_modality
from headstart.settings.recipe import Recipe
from headstart.settings.rules import require_pairs, training_plan
from headstart.tasks.base import load_task
from headstart.workflows.embed import Data, read_as
from headstart.workflows.load_encoder import (
    foresee,
    planned_baseline,
    planned_encoder,
    require_encoder,
    require_names,
    require_trainable,
)


def plan_fit(data: Data, recipe: Recipe, context: RunContext, *, out: Path | None = None) -> Plan:
    """Read, check and divide data; no feature is computed yet, but near copies are found, which must not be divided.

    What would fail later for sure fails first: an encoder that is not here, a folder for the run that is not free.
    """
    if out is not None and process_number() == 0:
        require_free(out)
    return plan_dataset(read_as(data, recipe, recipe.data.task), recipe, context)


def plan_dataset(dataset: Dataset, recipe: Recipe, context: RunContext) -> Plan:
    """Check and divide a dataset that was read as a recipe says: see :func:`plan_fit`."""
    if recipe.zero_shot:
        require_names(dataset.modality)
        dataset = name_classes(dataset, recipe.data.labels)
    require_modality(recipe.changed(), dataset.modality)
    set_reading(recipe, dataset.modality)
    recipe = recipe.replace(encoder=require_encoder(recipe.encoder.name, dataset, context))
    recipe, notices = _possible_here(recipe, dataset.modality)
    notices += context.findings
    moves = training_plan(recipe, 1, (), dataset.modality)
    require_possible(recipe, dataset.target, dataset.modality)
    if moves is not None:
        require_trainable(recipe.encoder.name, dataset.modality, [moves.method])
    checked = inspect_dataset(dataset, progress=context.progress)
    if recipe.data.strict:
        refuse_unreadable(checked)
    require_learnable(checked, unlabelled=recipe.zero_shot)
    if recipe.split.keep_duplicates_together:
        checked = add_near_duplicates(checked, context)
    parts = divide(checked, recipe)
    if moves is not None and moves.method == "contrastive":
        require_pairs(np.unique(dataset.strata[parts.fit], return_counts=True)[1].tolist())
    seen = [dataset.examples[index] for index in parts.seen]
    adapted = find_adaptation(recipe, dataset.modality, seen)
    checked = replace(checked, notices=tuple(one for one in checked.notices if one.code not in adapted.settled))
    known = foresee(recipe.encoder.name, dataset, seen, context)
    return Plan(recipe, dataset, checked, parts, (*notices, *known, *adapted.findings), adapted.changes)


def divide(checked: Inspection, recipe: Recipe) -> Parts:
    """Divide data into folds, or into a part to fit and a part to score; raises DataError with what led to it."""
    dataset, split = checked.dataset, recipe.split
    of_data = dataset, checked.together, checked.usable
    with led_by(lambda: inspection_findings(checked)):
        if recipe.zero_shot:
            return parts_of_names(*of_data)
        if split.folds:
            parts = parts_in_folds(dataset, checked.usable, split.folds, split.repeats)
        elif split.shots > 0:
            parts = parts_of_shots(*of_data, split.shots, recipe.run.seed)
        else:
            parts = choose_parts(*of_data, seed=recipe.run.seed, test_fraction=split.test_fraction)
        dataset.target.require_part(dataset.labels[parts.fit])
    return parts


def _possible_here(recipe: Recipe, modality: str) -> tuple[Recipe, tuple[Finding, ...]]:
    """Leave out the moving of weights where a preset wants it and torch is not installed, and say so.

    Raises
    ------
    MissingExtraError
        When the method itself moves weights.
    """
    moves = training_plan(recipe, 1, (), modality)
    if moves is None:
        return recipe, ()
    missing = [package for package in ("torch", "timm") if find_spec(package) is None]
    if not missing:
        return recipe, ()
    if recipe.training.method != "probe":
        raise MissingExtraError(missing[0], "train", "workflows.to_move_weights", method=recipe.training.method)
    left_out = Finding("workflows.weights_left_out", {"preset": recipe.training.preset, "package": missing[0]})
    return recipe.replace(preset="fast"), (left_out,)


def require_possible(recipe: Recipe, target: Target, modality: str) -> None:
    """Refuse settings that make no sense for a task or a kind of examples; raises RecipeError."""
    task, moves = load_task(target.task), training_plan(recipe, 1, (), modality)
    families_for(recipe, target, getattr(load_modality(modality), "terms", False))
    for name, value, possible in (
        ("method", None if moves is None else moves.method, moves is None or task.loss),  # the loss loads torch
        ("method", moves is not None and moves.method == "contrastive" and moves.method, target.names),
        ("folds", recipe.split.folds, task.metrics.evaluate_folds),
        ("balance", recipe.head.balance, task.metrics.balanced != task.metrics.name),
    ):
        if value and not possible:
            raise RecipeError("workflows.not_for_task", name=name, value=value, task=target.task)


def lay_out_texts(context: RunContext) -> Path:
    """Lay out texts that a package carries, in the language of the context; raises as :func:`news_folder`."""
    return (reviews_table if context.language == "zh" else news_folder)(context.cache_folder)


def plan_demo(recipe: Recipe, context: RunContext, data: Path | None = None, *, out: Path | None = None) -> Plan:
    """Plan a run on demonstration texts, or on the fruit photographs that a package carries."""
    name = "demo-text" if data else "demo"
    data = data or fruit_folder(context.cache_folder, context.progress)
    return plan_fit(read_dataset(data, name=name), recipe, context, out=out)


def estimate_time(planned: Plan, context: RunContext) -> Estimate:
    """Estimate how long a run will take, from a few examples timed on this machine."""
    usable = planned.inspection.usable
    examples = [planned.dataset.examples[index] for index in usable]
    keys = [planned.inspection.keys[index] for index in usable]
    encoder = planned_encoder(planned, context)
    baseline = planned_baseline(planned)
    stored = round(stored_share(keys, encoder, context) * len(keys))
    pace = seconds_per_example(examples, keys, (encoder, baseline), context)
    moves = training_plan(planned.recipe, len(planned.parts.fit), planned.dataset.classes, encoder.spec.modality)
    return Estimate(encoder.spec.name, len(keys), stored, pace * (len(keys) - stored), moves, encoder.spec.modality)
