"""Every section of a recipe by its name, and every setting by its key."""

from collections.abc import Iterable
from functools import cache

from headstart.errors import RecipeError
from headstart.registry import TABLES, nearest, resolve
from headstart.runtime.findings import did_you_mean
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


def require_known(values: Iterable[str], where: object) -> None:
    """Raise RecipeError for a key that no setting has; it names the nearest one."""
    known = list(all_settings())
    for key in values:
        if key not in known:
            raise RecipeError(
                "settings.unknown_key", where=where, key=key, known=known, hint=did_you_mean(nearest(key, known))
            )


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
                raise RecipeError("settings.other_modality", key=one.key, examples=section.examples, modality=modality)
