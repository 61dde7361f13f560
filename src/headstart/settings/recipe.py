"""Recipe: everything a run needs, in sections, frozen, checked on creation, to and from TOML."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack, get_origin

from headstart.errors import RecipeError, warn
from headstart.registry import resolve
from headstart.runtime.findings import Finding
from headstart.settings.keys import all_settings, require_known, section_types
from headstart.settings.keywords import Settings
from headstart.settings.recipe_file import check_places, flatten, read_toml, write_toml
from headstart.settings.section import Section
from headstart.settings.sections import (
    DataSettings,
    EncoderSettings,
    HeadSettings,
    RunSettings,
    SplitSettings,
    TrainingSettings,
    UncertaintySettings,
)

FOR_FIT_ALONE = ("method", "preset", "epochs", "folds", "repeats", "labels", "shots")


@dataclass(frozen=True, slots=True, init=False)
class Recipe:
    """Everything that decides the outcome of a run, in sections; made from keys, which are those of the command line.

    Attributes
    ----------
    data, split, encoder, head, training, uncertainty, run
        The sections that every run has.
    modalities
        The sections of single modalities.

    Raises
    ------
    RecipeError
        When a key does not exist, or a value is of the wrong type, out of its range, or not one of its choices.

    Examples
    --------
    >>> recipe = Recipe(head="ridge", epochs=3)
    >>> recipe.head.name, recipe.training.epochs
    ('ridge', 3)
    >>> Recipe(head="rigde")
    Traceback (most recent call last):
    headstart.errors.RecipeError: The setting head = 'rigde' is not known. It can be auto, logistic, ridge, lda, knn,
    centroid, mlp, words, words_logistic or stacked. Did you mean 'ridge'?
    """

    data: DataSettings
    split: SplitSettings
    encoder: EncoderSettings
    head: HeadSettings
    training: TrainingSettings
    uncertainty: UncertaintySettings
    run: RunSettings
    modalities: tuple[Section, ...]

    def __init__(self, **settings: Unpack[Settings]) -> None:
        given: Mapping[str, object] = {key: _plain(key, value) for key, value in settings.items()}
        require_known(given, Finding("settings.a_recipe"))
        sections = {
            name: section(**{one.name: given[one.key] for one in section.settings() if one.key in given})
            for name, section in section_types().items()
        }
        own = self.__slots__[:-1]
        for name in own:
            object.__setattr__(self, name, sections.pop(name))
        object.__setattr__(self, "modalities", tuple(sections.values()))
        _check_folds(self)
        _check_method(self)
        _check_zero_shot(self)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in order."""
        return (*(getattr(self, name) for name in self.__slots__[:-1]), *self.modalities)

    @property
    def zero_shot(self) -> bool:
        """Whether the names of the classes are all that is learned from."""
        return bool(self.data.labels) or self.split.shots == 0

    def replace(self, **changes: Unpack[Settings]) -> "Recipe":
        """Return a recipe with some settings changed.

        Examples
        --------
        >>> Recipe(head="ridge", seed=3).replace(head="lda") == Recipe(head="lda", seed=3)
        True
        """
        return Recipe(**{**self.to_json(), **changes})

    def to_json(self) -> dict[str, Any]:
        """Return all settings by key."""
        return {one.key: getattr(part, one.name) for part in self.sections for one in part.settings()}

    def changed(self) -> dict[str, Any]:
        """Return the settings that are not as they are by default.

        Examples
        --------
        >>> Recipe(head="ridge", seed=0).changed()
        {'head': 'ridge'}
        """
        usual = all_settings()
        return {key: value for key, value in self.to_json().items() if value != usual[key].default}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: object = Finding("settings.a_recipe")) -> "Recipe":
        """Create a recipe from keys and values; an unknown key is an error that names the nearest one."""
        require_known(values, where)
        return cls(**values)

    @classmethod
    def from_toml(cls, path: str | Path, **changes: Any) -> "Recipe":  # noqa: ANN401 - checked by from_mapping
        """Read a recipe file; keyword arguments win over the file; unknown keys are errors.

        A file without sections, as they were written once, is read with a warning.
        """
        return read_recipe(Path(path), changes)

    def to_toml(self) -> str:
        """Write the recipe as TOML that :meth:`from_toml` reads back.

        Examples
        --------
        >>> Recipe(head="ridge").to_toml().partition("[head]")[2].splitlines()[1]
        'name = "ridge"'
        """
        return write_toml(self.sections)


def _warn(found: Finding) -> None:
    warn((found,), stacklevel=5)  # at the line that calls Recipe.from_toml


def quick_head(given: Mapping[str, Any]) -> str:
    """Return the head that studies fit where none is given: the one of the task.

    Examples
    --------
    >>> quick_head({"seed": 1})
    'ridge'
    """
    head: str = resolve("tasks", given.get("task", all_settings()["task"].default)).quick_head
    return head


def study_recipe(settings: Mapping[str, Any], defaults: Mapping[str, Any], verb: str) -> Recipe:
    """Create the recipe of a study; raises RecipeError for settings that only a model has."""
    for name in FOR_FIT_ALONE:
        if name in settings:
            raise RecipeError("settings.not_for", name=name, verb=verb)
    return Recipe.from_mapping({**defaults, **settings})


def read_recipe(path: Path | None, given: Mapping[str, Any], notify: Callable[[Finding], None] = _warn) -> Recipe:
    """Read the settings of a command line; what is ``given`` beats the file."""
    if path is None:
        return Recipe.from_mapping(given)
    values, where = read_toml(path), Finding("settings.the_recipe", {"path": path})
    check_places(values, where)
    recipe = Recipe.from_mapping(flatten(values) | dict(given), where)
    if any(not isinstance(value, dict) for value in values.values()):
        notify(Finding("settings.flat", {"where": where}))
    return recipe


def _check_folds(recipe: Recipe) -> None:
    split, training = recipe.split, recipe.training
    if split.folds == 0:
        if split.repeats > 1:
            raise RecipeError("settings.repeats_without_folds", repeats=split.repeats)
        return
    if split.shots > 0:
        raise RecipeError("settings.folds_and_shots", folds=split.folds, shots=split.shots)
    name, value = ("method", training.method) if training.method != "probe" else ("preset", training.preset)
    if value not in ("probe", "fast", ""):
        raise RecipeError("settings.folds_and_training", folds=split.folds, name=name, value=value)


def _check_method(recipe: Recipe) -> None:
    training = recipe.training
    if recipe.encoder.precision == "int8" and (training.method != "probe" or training.preset not in ("", "fast")):
        raise RecipeError("settings.int8_and_training")
    if training.wise and training.method in ("full", "scratch"):
        raise RecipeError("settings.wise_without_probe", wise=training.wise, method=training.method)


def _check_zero_shot(recipe: Recipe) -> None:
    if not recipe.zero_shot:
        return
    usual = all_settings()
    for key, value in recipe.changed().items():
        training = usual[key].section == TrainingSettings.section and value not in ("fast", "probe")
        if training or key in ("head", "folds", "balance") or (key == "shots" and value):
            raise RecipeError("settings.zero_shot_and", name=key, value=value)


def _plain(key: str, value: object) -> object:
    if isinstance(value, list) and get_origin(all_settings()[key].kind) is tuple:
        return tuple(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value
