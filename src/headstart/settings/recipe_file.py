"""The file of a recipe: TOML, one table for each section."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headstart.errors import RecipeError
from headstart.registry import nearest
from headstart.runtime.findings import Finding, did_you_mean
from headstart.settings.keys import section_types
from headstart.settings.section import Section


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file of TOML; raises RecipeError where there is none, or it is something else."""
    import tomllib  # only where a file is read: it compiles patterns

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark first
    except FileNotFoundError:
        raise RecipeError("settings.recipe_missing", path=path) from None
    except OSError as error:
        raise RecipeError("settings.recipe_not_read", path=path, error=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError("settings.recipe_not_toml", path=path, error=error) from error


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


def check_places(values: Mapping[str, Any], where: object) -> None:
    """Refuse sections that do not exist, and keys that do not stand in their section."""
    known = section_types()
    for name, value in values.items():
        if not isinstance(value, dict):
            continue
        if name not in known:
            raise RecipeError(
                "settings.unknown_section",
                where=where,
                name=name,
                known=list(known),
                hint=did_you_mean(nearest(name, known)),
            )
        own = [one.name for one in known[name].settings()]
        for key in value:
            if key not in own:
                raise RecipeError(
                    "settings.unknown_key_in_section", where=where, key=key, name=name, known=own, hint=_place(key, own)
                )


def _place(key: str, own: list[str]) -> Finding | str:
    """Name the section that a key belongs to, or the key of its section that was probably meant."""
    for name, section in section_types().items():
        for one in section.settings():
            if key == one.key:
                return Finding("settings.write_in", {"name": one.name, "section": name})
    return did_you_mean(nearest(key, own))


def write_toml(sections: Iterable[Section]) -> str:
    """Write sections as TOML, one after the other, with all their settings."""
    return "\n".join(
        "".join(
            [f"[{part.section}]\n", *(f"{one.name} = {_value(getattr(part, one.name))}\n" for one in part.settings())]
        )
        for part in sections
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
