"""Recipe: everything a run needs, in sections, frozen, checked on creation, to and from TOML."""

import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Unpack

from headstart.errors import RecipeError
from headstart.registry import TABLES, resolve
from headstart.settings.fields import hint, listed
from headstart.settings.keywords import Settings
from headstart.settings.section import Section, Setting
from headstart.settings.sections import (
    DataSettings,
    EncoderSettings,
    HeadSettings,
    RunSettings,
    SplitSettings,
    TrainingSettings,
    UncertaintySettings,
)


@cache
def section_types() -> dict[str, type[Section]]:
    """Return the sections of a recipe by name: those of every run, then those of one modality each."""
    every = (DataSettings, SplitSettings, EncoderSettings, HeadSettings, TrainingSettings, UncertaintySettings)
    own = (getattr(resolve("modalities", name), "settings", None) for name in TABLES["modalities"])
    return {one.section: one for one in (*every, RunSettings, *filter(None, own))}


@cache
def all_settings() -> dict[str, Setting]:
    """Return every setting by its key, section by section."""
    return {one.key: one for section in section_types().values() for one in section.settings()}


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
    centroid or mlp. Did you mean 'ridge'?
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
        given: Mapping[str, object] = settings
        _require_known(given, "The recipe")
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

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in order."""
        return (*(getattr(self, name) for name in self.__slots__[:-1]), *self.modalities)

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
    def from_mapping(cls, values: Mapping[str, Any], where: str = "The recipe") -> "Recipe":
        """Make a recipe from keys and values; an unknown key is an error that names the nearest one."""
        _require_known(values, where)
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
        return "\n".join(
            "".join([f"[{part.section}]\n", *(f"{one.name} = {_toml(getattr(part, one.name))}\n" for one in own)])
            for part, own in ((part, part.settings()) for part in self.sections)
        )


def _warn(sentence: str) -> None:
    warnings.warn(sentence, UserWarning, stacklevel=4)


def read_recipe(path: Path | None, given: Mapping[str, Any], notify: Callable[[str], None] = _warn) -> Recipe:
    """Read the settings of a command line; what is ``given`` beats the file."""
    if path is None:
        return Recipe.from_mapping(given, "The command line")
    values, where = _read_toml(path), f"The recipe '{path}'"
    _check_places(values, where)
    recipe = Recipe.from_mapping(flatten(values) | dict(given), where)
    if any(not isinstance(value, dict) for value in values.values()):
        notify(f"{where} has settings outside of sections, as older versions wrote them; they are read all the same.")
    return recipe


def flatten(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the sections of a recipe file into settings by key; what stands outside of sections is one already.

    Examples
    --------
    >>> flatten({"head": {"name": "ridge", "hidden": 64}, "run": {"seed": 3}}) == flatten(
    ...     {"head": "ridge", "hidden": 64, "seed": 3}
    ... )
    True
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        own = value if isinstance(value, dict) else {"name": value}
        flat |= {name if key == "name" else key: one for key, one in own.items()}
    return flat


def require_modality(keys: Iterable[str], modality: str) -> None:
    """Raise RecipeError when one of these settings is for another kind of examples than the data has.

    Examples
    --------
    >>> require_modality(["seed", "flip"], "image")
    >>> require_modality(["seed", "flip"], "text")
    Traceback (most recent call last):
    headstart.errors.RecipeError: The setting flip is for pictures. The data is of another kind: text. Leave it out.
    """
    for name, section in section_types().items():
        for one in section.settings() if section.examples and name != modality else ():
            if one.key in keys:
                raise RecipeError(
                    f"The setting {one.key} is for {section.examples}.",
                    f"The data is of another kind: {modality}.",
                    "Leave it out.",
                )


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib  # only where a file is read: it compiles patterns

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark first
    except FileNotFoundError:
        raise RecipeError(
            f"The recipe '{path}' does not exist.", remedy="Check the path; a run leaves its own as recipe.toml."
        ) from None
    except OSError as error:
        raise RecipeError(
            f"The recipe '{path}' cannot be read.", f"{error.strerror}.", "Check the path and its rights."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"The recipe '{path}' is not TOML.", f"{error}.", 'Write lines such as: head = "ridge"'
        ) from error


def _require_known(values: Iterable[str], where: str) -> None:
    known = list(all_settings())
    for key in values:
        if key not in known:
            raise RecipeError(f"{where} has an unknown key '{key}'.", listed("The keys are", known), hint(key, known))


def _check_places(values: Mapping[str, Any], where: str) -> None:
    """Refuse sections that do not exist, and keys that do not stand in their section."""
    known = section_types()
    for name, value in values.items():
        if not isinstance(value, dict):
            continue
        if name not in known:
            raise RecipeError(
                f"{where} has an unknown section [{name}].",
                listed("The sections are", list(known)),
                hint(name, [*known]),
            )
        own = [one.name for one in known[name].settings()]
        for key in value:
            if key not in own:
                raise RecipeError(
                    f"{where} has an unknown key '{key}' in [{name}].", listed("Its keys are", own), _place(key, own)
                )


def _place(key: str, own: list[str]) -> str:
    """Name the section that a key belongs to, or the key of its section that was probably meant."""
    for name, section in section_types().items():
        for one in section.settings():
            if key == one.key:
                return f"Write {one.name} in [{name}]."
    return hint(key, own)


def _check_folds(recipe: Recipe) -> None:
    split, training = recipe.split, recipe.training
    if split.folds == 0:
        if split.repeats > 1:
            raise RecipeError(
                f"The setting repeats = {split.repeats} goes with folds.",
                "It is how often they are drawn.",
                "Set folds = 5.",
            )
        return
    name, value = ("method", training.method) if training.method != "probe" else ("preset", training.preset)
    if value not in ("probe", "fast", ""):
        raise RecipeError(
            f"The setting folds = {split.folds} does not go with {name} = {value!r}.",
            "It would train the network once for every fold, and once more for the model.",
            "Use folds with method = 'probe'; headstart compare trains networks several times, and says how long.",
        )


def _check_method(recipe: Recipe) -> None:
    training = recipe.training
    if recipe.encoder.precision == "int8" and (training.method != "probe" or training.preset not in ("", "fast")):
        raise RecipeError(
            "The setting precision = 'int8' goes with method = 'probe' alone.",
            "A network in whole numbers cannot be trained.",
            "Move the weights in fp32, and export the model with --int8.",
        )
    if training.wise and training.method in ("full", "scratch"):
        raise RecipeError(
            f"The setting wise = {training.wise!r} does not go with method = {training.method!r}.",
            "Its head begins at random, so no way leads from the probe to it.",
            "Use method = 'lpft', which begins at the probe.",
        )


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
