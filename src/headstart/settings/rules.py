"""Data and machine become default settings: pure functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headstart.errors import RecipeError
from headstart.modalities.base import DEFAULT, load_modality
from headstart.settings.fields import check_type, last_stages
from headstart.settings.recipe import Recipe
from headstart.settings.sections import TrainingSettings
from headstart.settings.training_defaults import USUAL, TrainingDefaults


def given_settings(recipe: Any) -> Mapping[str, Any]:  # noqa: ANN401 - checked here
    """Return the settings of a recipe, of a mapping of them, or none of None; raises RecipeError for anything else.

    Examples
    --------
    >>> given_settings({"head": "ridge"}), given_settings(None)
    ({'head': 'ridge'}, {})
    """
    if recipe is None or isinstance(recipe, Mapping):
        return recipe or {}
    check_type("recipe", recipe, Recipe)
    return dict(recipe.to_json())


def fold_count(wanted: int, typical_class: int) -> int:
    """Choose the number of folds: as wanted, but no more than a typical class has examples, and at least 2.

    Typical, not smallest: one class with two examples is no reason to learn from half of all the others. Its examples
    are then held out in two of the folds.

    Examples
    --------
    >>> fold_count(5, 60), fold_count(5, 3), fold_count(5, 1)
    (5, 3, 2)
    """
    return max(2, min(wanted, typical_class))


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How weights will move: every choice made, nothing left to a rule.

    Attributes
    ----------
    method
        ``lpft``, ``full``, ``last``, ``gradual``, ``norm``, ``lora`` or ``scratch``.
    stages
        How many of the last stages move; 0 means all.
    from_probe
        Whether the head starts as the probe's; otherwise it starts at random.
    pretrained
        Whether the encoder starts from its pretrained weights.
    epochs, batch_size, rate, layer_decay
        Of the optimiser; ``batch_size`` is what one process takes at a time.
    frozen_statistics
        Whether BatchNorm keeps the statistics it came with in the stages that move, too.
    crop, flip, trivial
        What an augmented view does.
    views
        Versions of each picture that are used in turn, the first one without augmentation; 0: a new one every epoch.
    cached
        Whether the frozen stages are computed once for each view.
    wise
        As in the recipe.
    head_factor
        How much faster the head moves than the encoder.
    regularisation
        Of the head that training starts from; 0: as the probe chose it.
    """

    method: str
    stages: int
    from_probe: bool
    pretrained: bool
    epochs: int
    batch_size: int
    rate: float
    layer_decay: float
    frozen_statistics: bool
    crop: bool
    flip: bool
    trivial: bool
    views: int
    cached: bool
    wise: str
    head_factor: float = 1.0
    regularisation: float = 0.0

    @property
    def name(self) -> str:
        """The method as it is asked for: ``last:2``."""
        return f"last:{self.stages}" if self.stages else self.method


SGD_FACTOR = 30.0  # SGD with momentum 0.9 wants rates about this much larger than Adam's
SIDES = re.compile(r"left|right|clockwise|mirror|左|右|逆时针|顺时针", re.IGNORECASE)


def training_plan(recipe: Recipe, count: int, classes: Sequence[str], modality: str = DEFAULT) -> TrainingPlan | None:
    """Choose how weights move for ``count`` examples to learn from; None when they stay where they are.

    Examples
    --------
    >>> plan = training_plan(Recipe(method="last:1"), 719, ["rose", "tulip"])
    >>> plan.epochs, plan.batch_size, plan.rate, plan.cached
    (8, 32, 0.0003, True)
    >>> training_plan(Recipe(preset="fast"), 719, ["rose", "tulip"]) is None
    True
    """
    usually: TrainingDefaults = getattr(load_modality(modality), "training", USUAL)
    wanted = _method_of(recipe, usually)
    if wanted == "probe":
        return None
    method = "last" if last_stages(wanted) else wanted
    defaults, training, chosen = usually.methods[method], recipe.training, recipe.to_json()
    from_probe = method not in usually.fresh
    at_probe = from_probe and not usually.regularisation
    least = max(2, count if method == "contrastive" else count // 4)  # pairs are of a batch; else four steps an epoch
    batch = training.batch_size or min(MOST_PAIRED if method == "contrastive" else usually.batch, least)
    usual = defaults.steps * batch * training.accumulate / max(1, count)
    crop = usually.varied and chosen["augment"] != "none"
    several = crop or not usually.varied
    kept = training.prefix_cache and method in usually.cached
    views = training.views or (usually.cached_views if kept and several else 0)
    return TrainingPlan(
        method=method,
        stages=last_stages(wanted),
        from_probe=from_probe,
        pretrained=method != "scratch",
        epochs=training.epochs or round(min(max(usual, defaults.fewest), defaults.most)),
        batch_size=batch,
        rate=training.lr or defaults.rate * (SGD_FACTOR if training.optimizer == "sgd" else 1.0),
        layer_decay=training.layer_decay or defaults.layer_decay,
        frozen_statistics=training.batch_norm == "frozen" or (training.batch_norm == "auto" and method != "scratch"),
        crop=crop,
        flip=crop and chosen["flip"] != "none" and (chosen["flip"] == "horizontal" or flips_make_sense(classes)),
        trivial=chosen["augment"] == "trivial",
        views=views if several else 1,
        cached=kept and (views > 0 or not several),
        wise=training.wise or ("auto" if at_probe and training.preset in ("balanced", "best") else ""),
        head_factor=usually.head_factor,
        regularisation=usually.regularisation,
    )


def epochs_for_steps(steps: int, count: int, batch_size: int) -> int:
    """Compute how many epochs make about so many steps; at least one.

    Examples
    --------
    >>> epochs_for_steps(100, 719, 32), epochs_for_steps(100, 10_000, 32)
    (4, 1)
    """
    return max(1, round(steps / max(1, -(-count // batch_size))))


def _method_of(recipe: Recipe, usually: TrainingDefaults = USUAL) -> str:
    if recipe.training.method != "probe":
        return recipe.training.method
    return usually.presets.get(recipe.training.preset, "probe")


def flips_make_sense(classes: Sequence[str]) -> bool:
    """Return whether a mirrored picture is still of its class, as far as the names tell.

    Classes that are about sides are not, and neither are letters and digits.

    Examples
    --------
    >>> flips_make_sense(["ant", "bee"]), flips_make_sense(["turn left", "go"]), flips_make_sense(["3", "7"])
    (True, False, False)
    """
    signs = all(len(name) == 1 and name.isascii() for name in classes)
    return not signs and not any(SIDES.search(name) for name in classes)


MOST_PAIRED = 128  # examples of a batch in which pairs are looked for
FEWEST_SHOTS, MOST_SHOTS = 2, 32  # examples of a class for which pairs are worth it


def require_pairs(counts: Sequence[int]) -> None:
    """Raise RecipeError where a class has too few examples to learn from pairs of them, or more than that is meant for.

    Examples
    --------
    >>> require_pairs([2, 32])
    """
    if min(counts) < FEWEST_SHOTS or max(counts) > MOST_SHOTS:
        values = {"least": FEWEST_SHOTS, "most": MOST_SHOTS, "low": min(counts), "high": max(counts)}
        raise RecipeError("settings.contrastive_is_for_few", **values)


def examples_at_once(plan: TrainingPlan, on_cpu: bool) -> int:
    """Choose how many pictures of a batch go through the network at a time.

    On a CPU bites of 16 need half the memory of 32 and are as fast, or faster where memory comes fresh from the system
    each time (see :mod:`headstart.runtime.malloc`). The gradient of a batch is the sum of its bites, so nothing else
    changes, unless BatchNorm learns from each bite: then batches stay whole, and so do cached activations, which are
    small.

    Examples
    --------
    >>> whole = training_plan(Recipe(method="lpft"), 719, ["rose", "tulip"])
    >>> examples_at_once(whole, on_cpu=True), examples_at_once(whole, on_cpu=False)
    (16, 32)
    """
    if not on_cpu or plan.cached or not plan.frozen_statistics or plan.method == "contrastive":
        return plan.batch_size
    return min(plan.batch_size, 16)


def affordable_epochs(limit: float, fixed: float, per_epoch: float, wanted: int) -> int:
    """Choose how many epochs fit into ``limit`` seconds when ``fixed`` go elsewhere; at least 1, at most ``wanted``.

    A twentieth of the time is kept back: machines seldom keep the pace of their first steps.

    Examples
    --------
    >>> affordable_epochs(600, fixed=60, per_epoch=50, wanted=20), affordable_epochs(10, 60, 50, 20)
    (10, 1)
    """
    return max(1, min(wanted, int((0.95 * limit - fixed) / max(per_epoch, 1e-9))))


def timed_steps(steps: int) -> int:
    """Choose how many steps are timed before a training of so many: a tenth of them, from one to four.

    Examples
    --------
    >>> timed_steps(8), timed_steps(25), timed_steps(1000)
    (1, 2, 4)
    """
    return min(4, max(1, steps // 10))


def idle_settings(recipe: Recipe) -> tuple[str, ...]:
    """List the settings that were chosen and have no effect, because no weight moves.

    Examples
    --------
    >>> idle_settings(Recipe(epochs=3, lr=0.001)), idle_settings(Recipe(method="lpft", epochs=3))
    (('epochs', 'lr'), ())
    """
    if _method_of(recipe) != "probe":
        return ()
    idle = {one.key for one in TrainingSettings.settings() if one.name not in ("method", "preset")}
    idle |= {one.key for section in recipe.modalities for one in section.settings() if one.key not in section.reading}
    return tuple(key for key in recipe.changed() if key in idle)
