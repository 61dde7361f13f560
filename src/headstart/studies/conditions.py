"""What is compared: the arms, the examples they share, and how each of them answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.data.example import Example
from headstart.data.few_shots import draw_shots
from headstart.data.plan import Plan
from headstart.data.targets.base import Target
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import LoadedEncoder
from headstart.features.values import Extraction
from headstart.finetuning.inputs import TrainingInputs
from headstart.heads.family import HeadFamily
from headstart.heads.stacked import StackedFamily
from headstart.modalities.base import DEFAULT, load_modality
from headstart.probing.baseline import BaselineRows, baseline_family
from headstart.probing.probe import ZERO_SHOT, fit_probe, zero_shot_probe
from headstart.probing.rows import select_sample
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.settings.rules import epochs_for_steps, training_plan
from headstart.studies.result_cache import Condition, Right
from headstart.tasks.base import load_task

Labels = npt.NDArray[np.int64]
STACKED = StackedFamily.name
Matrix = npt.NDArray[np.float32]

TRAINED = ("scratch", "matched", "lora", "lpft", "full")
PRETRAINED = ("probe", STACKED, "lora", "lpft", "full")
OF_NETWORKS = (*TRAINED, "random")
ALL = 0  # as a number of examples per class


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Examples with labels, strata and groups (n,), and their features by arm, (n, D) each."""

    examples: tuple[Example, ...]
    keys: tuple[bytes, ...]
    labels: npt.NDArray[Any]
    strata: Labels
    groups: Labels
    features: dict[str, Matrix]


@dataclass(frozen=True, slots=True, eq=False)
class ExperimentData:
    """What all arms share."""

    recipe: Recipe
    target: Target
    encoder: LoadedEncoder
    fit: Part
    test: Part
    baseline_arm: str = ""
    baseline_family: type[HeadFamily] | None = None  # of its head, where it has one of its own
    names: Matrix | None = None  # features of the names of the classes


@dataclass(frozen=True, slots=True, eq=False)
class TrainingDraw:
    """What one training is given: its ground, and how long it lasts."""

    spot: Condition
    ground: TrainingInputs
    steps: int


def prepare_experiment(planned: Plan, encoder: LoadedEncoder, walks: Mapping[str, Extraction]) -> ExperimentData:
    """Gather both parts of planned data; ``walks`` are the features by arm. Raises DataError for a single class."""
    dataset, keys = planned.dataset, planned.inspection.keys
    failures = {position for walk in walks.values() for position in walk.failures}
    groups = planned.inspection.together
    parts = []
    for positions in (planned.parts.fit, planned.parts.score):
        sample = select_sample(dataset, positions, groups, failures)
        rows = sample.positions.tolist()
        parts.append(
            Part(
                tuple(dataset.examples[row] for row in rows),
                tuple(keys[row] for row in rows),
                sample.labels,
                sample.strata,
                sample.groups,
                {arm: walk.features[0].matrix[sample.positions] for arm, walk in walks.items()},
            )
        )
    dataset.target.require_part(parts[0].labels)
    baseline = load_modality(dataset.modality).arms[1], baseline_family(dataset.modality)
    return ExperimentData(planned.recipe, dataset.target, encoder, parts[0], parts[1], *baseline)


def rows_of(arena: ExperimentData, spot: Condition) -> Labels:
    """Select the examples that a cell learns from."""
    everyone = np.arange(len(arena.fit.strata))
    if spot.shots == ALL:
        return everyone
    return draw_shots(arena.fit.strata, everyone, spot.shots, arena.recipe.run.seed, spot.draw)


def predict_from_features(arena: ExperimentData, spot: Condition) -> Right:
    """Answer the test part by the best constant, or by a probe that is chosen inside what it learns from."""
    rows, target = rows_of(arena, spot), arena.target
    labels, credit = arena.fit.labels[rows], load_task(target.task).metrics.credit
    if spot.arm == "majority":
        constant = target.constant(target.summarise(labels))
        common: Right = credit(np.tile(constant, (len(arena.test.labels), 1)), arena.test.labels)
        return common
    arm = spot.arm if spot.arm in arena.fit.features else "probe"
    features, groups = arena.fit.features[arm][rows], arena.fit.groups[rows]
    if spot.arm == ZERO_SHOT:
        assert arena.names is not None, "they are encoded where the arm is wanted"
        probe = zero_shot_probe(arena.names, arena.fit.features[arm], arena.target)
    elif spot.arm == arena.baseline_arm and arena.baseline_family is not None:
        probe = BaselineRows(features, arena.baseline_family).fit(labels, arena.target, groups, arena.recipe)
    else:
        recipe = arena.recipe.replace(head=STACKED) if spot.arm == STACKED else arena.recipe
        probe = fit_probe(features, labels, arena.target, groups, recipe)
    found: Right = credit(probe.outputs(arena.test.features[arm]), arena.test.labels)
    return found


def select_training_inputs(arena: ExperimentData, spot: Condition, steps: int, context: RunContext) -> TrainingDraw:
    """Collect what a training of this cell is given."""
    fit, rows = arena.fit, rows_of(arena, spot)
    labels, groups, features = fit.labels[rows], fit.groups[rows], fit.features["probe"][rows]
    recipe = training_recipe(arena.recipe, spot, len(rows), arena.target.names, arena.encoder.spec.modality)
    ground = TrainingInputs(
        recipe=recipe,
        target=arena.target,
        encoder=_start_of(arena, spot, context),
        examples=tuple(fit.examples[row] for row in rows),
        keys=tuple(fit.keys[row] for row in rows),
        labels=labels,
        groups=groups,
        features=features,
        probe=fit_probe(features, labels, arena.target, groups, recipe.replace(method="probe")),
    )
    return TrainingDraw(spot, ground, steps)


def predict_by_training(
    arena: ExperimentData, lesson: TrainingDraw, rate: float | None, find_rate: Callable[[], float], context: RunContext
) -> tuple[Right, float]:
    """Train a network on a lesson and answer the test part; ``find_rate`` is asked when the rate is not known yet."""
    from headstart.finetuning.short_training import plan_for_steps, train_and_score  # loads torch: seconds

    known = find_rate() if rate is None else rate
    plan = replace(plan_for_steps(lesson.ground, lesson.steps), rate=known)
    scores = train_and_score(lesson.ground, plan, arena.test.examples, context)
    found: Right = load_task(arena.target.task).metrics.credit(scores, arena.test.labels)
    return found, known


def tuned_rate(arena: ExperimentData, spot: Condition, steps: int, context: RunContext) -> float:
    """Choose the learning rate of an arm at a number of examples, on held-out examples of the first draw."""
    from headstart.finetuning.short_training import best_rate, plan_for_steps  # loads torch: seconds

    lesson = select_training_inputs(arena, replace(spot, draw=0), steps, context)
    return best_rate(lesson.ground, plan_for_steps(lesson.ground, steps), context)


def training_recipe(
    recipe: Recipe, spot: Condition, count: int, classes: tuple[str, ...], modality: str = DEFAULT
) -> Recipe:
    """Return the recipe of an arm: every draw has a seed of its own.

    Weights that were shuffled begin as blind as random ones: they get the rate of a training from scratch, and
    BatchNorm learns its statistics anew.

    Examples
    --------
    >>> training_recipe(Recipe(), Condition("matched", 5, 1), 60, ("ant", "bee")).training.lr
    0.002
    """
    method = "full" if spot.arm == "matched" else spot.arm
    own = recipe.replace(method=method, seed=(recipe.run.seed + 7919 * spot.draw) % 2**32)
    if spot.arm != "matched":
        return own
    scratch = training_plan(own.replace(method="scratch"), count, classes, modality)
    assert scratch is not None
    return own.replace(lr=scratch.rate, layer_decay=scratch.layer_decay, batch_norm="trained")


def examples_learned(
    recipe: Recipe, spot: Condition, count: int, classes: tuple[str, ...], steps: int, modality: str = DEFAULT
) -> int:
    """Count the examples that pass by in a training of so many steps on ``count`` of them.

    Examples
    --------
    >>> examples_learned(Recipe(), Condition("full", 5, 0), 60, ("ant", "bee"), 100)
    1500
    """
    plan = training_plan(training_recipe(recipe, spot, count, classes, modality), count, classes, modality)
    assert plan is not None, "the arm moves weights"
    return count * epochs_for_steps(steps, count, plan.batch_size)


def _start_of(arena: ExperimentData, spot: Condition, context: RunContext) -> LoadedEncoder:
    if spot.arm != "matched":
        return arena.encoder
    from headstart.encoders.random_init import shuffled_weights  # loads torch: seconds

    spec, files = arena.encoder.spec, arena.encoder.files
    return OnnxEncoder(spec, shuffled_weights(spec, files, arena.recipe.run.seed, context.cache_folder))
