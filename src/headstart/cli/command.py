"""Commands: lists of values behind one option, help in groups, verbs that are loaded when they are called."""

from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from headstart.settings.recipe import section_types

ALL = "headstart.help_all"  # in the context while --help-all is answered


class VerbCommand(TyperCommand):
    """A command whose repeatable options may be given once, with all values behind them, and whose help has groups."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's, which typer hides
        """Repeat the option before each of its values, as click wants it."""
        names = {name for one in self.params if isinstance(one, TyperOption) and one.multiple for name in one.opts}
        return super().parse_args(ctx, spread(args, names))

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - click's, which typer hides
        """Write what most people need first, then the other groups; only their names where all are too many."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in self.get_params(ctx):
            record = one.get_help_record(ctx)
            if record is not None:
                panel = getattr(one, "rich_help_panel", None) or ("Options" if one.opts[0][0] == "-" else "Arguments")
                groups.setdefault(panel, []).append(record)
        about = {name: section.about for name, section in section_types().items() if name in groups}
        collapsed = any(one.name == "help_all" for one in self.params) and not ctx.meta.get(ALL)
        for name in ("Arguments", "Options", *(() if collapsed else about)):
            if name in groups:
                with formatter.section(f"[{name}] {about[name]}" if name in about else name):
                    formatter.write_dl(groups[name])
        if collapsed:
            with formatter.section(f"More, by section of a recipe; {ctx.command_path} --help-all shows all"):
                formatter.write_dl(list(about.items()))


def print_all_options(ctx: typer.Context, wanted: bool) -> None:
    """Answer ``--help-all``."""
    if wanted:
        ctx.meta[ALL] = True
        typer.echo(ctx.get_help())
        raise typer.Exit


def spread(arguments: Sequence[str], names: Collection[str]) -> list[str]:
    """Repeat each of ``names`` before every value that follows it, up to the next option.

    Examples
    --------
    >>> spread(["data", "--encoders", "a", "b", "--json"], {"--encoders"})
    ['data', '--encoders', 'a', '--encoders', 'b', '--json']
    """
    result: list[str] = []
    current, fresh = "", False
    for argument in arguments:
        if argument.startswith("-") and len(argument) > 1:
            current, fresh = (argument, True) if argument in names else ("", False)
            result.append(argument)
        elif current:
            result += [argument] if fresh else [current, argument]
            fresh = False
        else:
            result.append(argument)
    return result


class Verbs(TyperGroup):
    """The verbs, each in a module of its name, which is imported when the verb is called."""

    names: Sequence[str] = ()

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(**attributes)
        self.commands = cast(Any, dict.fromkeys(self.names))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - click's, which typer hides
        """Load a verb; None when there is none of that name."""
        if cmd_name not in self.commands:
            return None
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(cls=VerbCommand)(getattr(import_module(f"headstart.cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(alone)
