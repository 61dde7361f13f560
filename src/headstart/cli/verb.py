"""A function becomes a verb: it gets options for settings of a recipe, a run context, and a way to print its result."""

import inspect
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Protocol, get_args

import typer

from headstart.cli import options
from headstart.cli.console import Steps, explained, print_json, print_lines
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe, all_settings, read_recipe
from headstart.settings.section import Setting

Verb = Callable[..., None]
ONE_SCREEN = 30  # more options are not all shown by --help


class Shown(Protocol):
    """What a workflow returns: plain data, and lines for people."""

    def to_json(self) -> Any: ...  # noqa: ANN401, D102 - any plain data
    def lines(self) -> Iterable[str]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a verb."""

    given: dict[str, Any]  # the settings of a recipe that were given, by key
    context: RunContext  # its clock starts with the call
    steps: Steps  # the progress display
    as_json: bool
    language: str | None

    def recipe(self, file: Path | None = None, **defaults: str) -> Recipe:
        """Read the recipe: what was given beats the file and the defaults of the verb."""
        return read_recipe(file, {**defaults, **self.given}, self.steps.tell)

    def show(self, report: Shown) -> None:
        """Print a result."""
        self.steps.close()
        if self.as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())

    def print_beside(self, lines: Iterable[str]) -> None:
        """Print lines that are no part of the result."""
        self.steps.close()
        print_lines(lines, to_error=self.as_json)


def verb(*names: str, **helps: str) -> Callable[[Verb], Verb]:
    """Give a function the options named, where its parameter ``call`` stands: settings of a recipe and standard ones.

    ``helps`` replaces sentences of the help for this verb alone.
    """
    every = (*names, "debug")
    settings = [name for name in names if name in all_settings()]

    def decorate(function: Verb) -> Verb:
        @wraps(function)
        def command(**values: Any) -> None:  # noqa: ANN401 - what typer has read
            values.pop("help_all", None)
            own = {name: values.pop(name) for name in every}
            given = {key: own[key] for key in settings if own[key] is not None}
            keeps = not own.get("no_cache", True)
            resumes = "resume" in values and ("method" not in names or _moves(**given))
            with explained(own["debug"], keeps=keeps, resumes=resumes) as steps:
                language = own.get("lang")
                context = RunContext(
                    cache=own.get("cache"), keep_features=not own.get("no_cache"), progress=steps, notify=steps.tell,
                    language=language or "en",
                )  # fmt: skip
                function(call=Call(given, context, steps, bool(own.get("json")), language), **values)

        parameters = []
        for one in inspect.signature(function).parameters.values():
            parameters += [_parameter(name, helps.get(name)) for name in every] if one.name == "call" else [one]
        if len(parameters) > ONE_SCREEN:
            parameters.append(_parameter("help_all", None))
        by_name = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
        command.__signature__ = inspect.Signature(by_name)  # type: ignore[attr-defined]
        return command

    return decorate


def _moves(method: str = "probe", preset: str = "fast", **_: object) -> bool:
    return method != "probe" or preset != "fast"


def _parameter(name: str, help: str | None) -> inspect.Parameter:
    settings = all_settings()
    kind, option = get_args(options.STANDARD[name]) if name in options.STANDARD else _option(settings[name])
    if help is not None:
        option = copy(option)
        option.help = help
    default = False if kind is bool else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


def _option(setting: Setting) -> tuple[Any, Any]:
    """Return type and option of a setting; None stands for what was not given."""
    flag = setting.key.replace("_", "-")
    names = (
        {False: (f"--{flag}",), True: (f"--{flag}/--no-{flag}",)}.get(setting.default, ())
        if setting.kind is bool
        else ()
    )
    kind = str if get_args(setting.kind) else setting.kind
    panel = None if setting.common else setting.section
    return kind | None, typer.Option(*names, help=setting.sentence(), rich_help_panel=panel)
