"""What a parameter of a verb's function says about itself, and the parameter of click that is made from it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from inspect import Parameter
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import click


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its names (by default made from the parameter's), its help, its bounds and its group in the help."""

    names: tuple[str, ...] = ()
    help: str = ""
    min: int | None = None
    max: int | None = None
    group: str | None = None
    metavar: str | None = None
    envvar: str | None = None
    callback: Callable[[click.Context, click.Parameter, Any], Any] | None = None  # answered before all others


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: what stands for it in the usage, and its help."""

    metavar: str
    help: str


def option(*names: str, **attributes: Any) -> Option:  # noqa: ANN401 - the fields of Option
    """Describe an option; see :class:`Option`."""
    return Option(names, **attributes)


class HelpedArgument(click.Argument):
    """An argument that stands in the help."""

    def __init__(self, *attributes: Any, help: str, **more: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*attributes, **more)
        self.sentence = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return what stands for it, and its help."""
        return self.make_metavar(ctx), self.sentence + ("  [required]" if self.required else "")


class Member(click.Choice[str]):
    """One of the values of an enumeration; click's own choice would show the names of its members."""

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__([one.value for one in kind])
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StrEnum:  # noqa: ANN401
        """Return the member with this value."""
        return self.kind(super().convert(value, param, ctx))


class HomePath(click.Path):
    """A path in which ``~`` stands for the user's folder, as no shell writes it behind ``--out=``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401
        """Return the path."""
        return Path(os.fsdecode(super().convert(value, param, ctx))).expanduser()


class GroupedOption(click.Option):
    """An option with a group in the help."""

    group: str | None = None


def click_parameter(parameter: Parameter, kind: Any, about: Option | Argument) -> click.Parameter:  # noqa: ANN401 - a type
    """Make the parameter of click for one of a function.

    ``kind`` is bool, int, float, str, Path, a StrEnum or a list of these; ``| None`` adds nothing.
    """
    kind = _without_none(kind)
    several = get_origin(kind) is list
    inner = get_args(kind)[0] if several else kind
    default = parameter.default
    usual = {"required": True} if default is Parameter.empty else {"required": False, "default": default}
    if isinstance(about, Argument):
        nargs = -1 if several else 1
        return HelpedArgument(
            [parameter.name], type=_click_type(inner), nargs=nargs, metavar=about.metavar, help=about.help, **usual
        )
    names = about.names or ("--" + parameter.name.replace("_", "-"),)
    made = GroupedOption(
        [*names, parameter.name], type=None if inner is bool else _click_type(inner, about), **usual,
        is_flag=inner is bool, multiple=several, help=about.help, metavar=about.metavar, envvar=about.envvar,
        show_default=default not in (None, False, "", (), Parameter.empty), show_envvar=about.envvar is not None,
        is_eager=about.callback is not None, expose_value=about.callback is None, callback=about.callback,
    )  # fmt: skip
    made.group = about.group
    return made


def _without_none(kind: Any) -> Any:  # noqa: ANN401 - a type
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    return kind


def _click_type(kind: Any, about: Option = Option()) -> click.ParamType[Any]:  # noqa: ANN401 - a type; a frozen value
    if kind is Path:
        return HomePath(path_type=Path)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Member(kind)
    if (about.min, about.max) == (None, None):
        made: click.ParamType[Any] = click.types.convert_type(kind)
        return made
    return click.FloatRange(about.min, about.max) if kind is float else click.IntRange(about.min, about.max)
