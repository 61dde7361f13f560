"""A function becomes a verb: it gets options for settings of a recipe, a run context, and a way to print its result."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, get_args, get_origin

import click

from headstart.cli import options
from headstart.cli.command import VerbCommand
from headstart.cli.console import Steps, explained, print_json, print_lines
from headstart.cli.language import SPEECH
from headstart.cli.parameters import Option, click_parameter, option
from headstart.runtime.catalogue import Language, Texts
from headstart.runtime.context import RunContext
from headstart.settings.fields import choices_of
from headstart.settings.keys import all_settings
from headstart.settings.recipe import Recipe, read_recipe
from headstart.settings.section import Setting

Verb = Callable[..., None]
ONE_SCREEN = 30  # more options are not all shown by --help


class Shown(Protocol):
    """What a workflow returns: plain data, and lines for people."""

    def to_json(self) -> Any: ...  # noqa: ANN401, D102 - any plain data
    def lines(self, texts: Texts, /) -> Iterable[str]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a verb."""

    given: dict[str, Any]  # the settings of a recipe that were given, by key
    context: RunContext  # its clock starts with the call
    steps: Steps  # the progress display
    as_json: bool

    @property
    def texts(self) -> Texts:
        """What the call speaks."""
        return SPEECH.texts

    def page_language(self, folder: Path | None) -> Language:
        """Return the language for the page of a folder: that of ``--lang``, of the page that is there, or its own."""
        from headstart.workflows.report import page_language  # only where a page is written

        return SPEECH.texts.language if SPEECH.chosen else page_language(folder, SPEECH.texts.language)

    def recipe(self, file: Path | None = None, **defaults: str) -> Recipe:
        """Read the recipe: what was given beats the file and the defaults of the verb."""
        return read_recipe(file, {**defaults, **self.given}, self.steps.notify)

    def show(self, report: Shown) -> None:
        """Print a result."""
        self.steps.close()
        if self.as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines(self.texts))

    def print_beside(self, lines: Iterable[object]) -> None:
        """Print lines that are no part of the result."""
        self.steps.close()
        print_lines(lines, to_error=self.as_json)


def verb(*names: str, **helps: str) -> Callable[[Verb], VerbCommand]:
    """Give a function the options named, where its parameter ``call`` stands: settings of a recipe and standard ones.

    ``helps`` replaces sentences of the help for this verb alone.
    """
    every = (*names, "debug")
    settings = [name for name in names if name in all_settings()]

    def decorate(function: Verb) -> VerbCommand:
        @wraps(function)
        def command(**values: Any) -> None:  # noqa: ANN401 - what click has read
            own = {name: values.pop(name) for name in every}
            given = {
                key: own[key] for key in settings if own[key] not in (None, ())
            }  # (): an option that may be repeated
            keeps = not own.get("no_cache", True)
            resumes = "resume" in values and ("method" not in names or _moves(**given))
            with explained(own["debug"], keeps=keeps, resumes=resumes) as steps:
                context = RunContext(
                    cache=own.get("cache"), keep_features=not own.get("no_cache"), progress=steps, notify=steps.notify,
                    language=SPEECH.texts.language,
                )  # fmt: skip
                function(call=Call(given, context, steps, bool(own.get("json"))), **values)

        parameters: list[click.Parameter] = []
        for one in inspect.signature(function).parameters.values():
            if one.name == "call":
                parameters += [*(_standard(name, helps.get(name)) for name in every), options.LANGUAGE]
            else:
                kind, about = get_args(one.annotation)
                parameters.append(click_parameter(one, kind, about))
        if len(parameters) >= ONE_SCREEN:
            parameters.append(_standard("help_all", None))
        return VerbCommand(function.__name__, params=parameters, callback=command, help=function.__doc__)

    return decorate


def _moves(method: str = "probe", preset: str = "fast", **_: object) -> bool:
    return method != "probe" or preset != "fast"


def _standard(name: str, help: str | None) -> click.Parameter:
    kind, about = get_args(options.STANDARD[name]) if name in options.STANDARD else _option(all_settings()[name])
    about = about if help is None else replace(about, help=help)
    one = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False if kind is bool else None)
    return click_parameter(one, kind, about)


def _option(setting: Setting) -> tuple[Any, Option]:
    """Return type and option of a setting; None stands for what was not given."""
    flag = setting.key.replace("_", "-")
    names = () if setting.kind is not bool else (f"--{flag}/--no-{flag}",) if setting.default else (f"--{flag}",)
    kind = str if choices_of(setting.kind) else list[str] if get_origin(setting.kind) is tuple else setting.kind
    group = None if setting.common else setting.section
    return kind | None, option(*names, help=setting.sentence(), group=group)
