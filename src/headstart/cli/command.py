"""Commands: lists of values behind one option, help in groups, verbs that are loaded when they are called."""

from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any

import click

from headstart.cli.language import SPEECH, read_language, translate
from headstart.cli.parameters import GroupedOption
from headstart.registry import nearest
from headstart.settings.keys import section_types

OF_PEERS = {  # what other programs call our verbs
    **dict.fromkeys(("train", "finetune", "fine-tune", "learn"), "fit"),
    **dict.fromkeys(("test", "eval", "val", "validate", "score"), "evaluate"),
    **dict.fromkeys(("infer", "inference", "classify", "detect", "label"), "predict"),
    **dict.fromkeys(("extract", "encode", "features"), "embed"),
    **dict.fromkeys(("convert", "deploy"), "export"),
    **dict.fromkeys(("audit", "clean", "lint"), "check"),
    **dict.fromkeys(("models", "list"), "encoders"),
}
ALL = "headstart.help_all"  # in the context while --help-all is answered


class SpokenContext(click.Context):
    """A call whose help is in its language."""

    def make_formatter(self) -> click.HelpFormatter:
        """Make what writes help and usage."""
        from headstart.cli.help import HelpFormatter  # only here: most calls ask for no help

        return HelpFormatter(width=self.terminal_width, max_width=self.max_content_width)


class VerbCommand(click.Command):
    """A command whose repeatable options may be given once, with all values behind them, and whose help has groups."""

    context_class = SpokenContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its values, as click wants it."""
        names = {name for one in self.params if isinstance(one, click.Option) and one.multiple for name in one.opts}
        return super().parse_args(ctx, spread(args, names))

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, which is translated as a whole."""
        first = (self.help or "").partition("\n")[0]
        return super().get_short_help_str(limit) if SPEECH.texts.language == "en" else first

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what most people need first, then the other groups; only their names where all are too many."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in self.get_params(ctx):
            record = one.get_help_record(ctx)
            if record is not None:
                group = one.group if isinstance(one, GroupedOption) else None
                panel = group or ("Options" if one.opts[0][0] == "-" else "Arguments")
                groups.setdefault(panel, []).append(record)
        about = {name: section.about for name, section in section_types().items() if name in groups}
        collapsed = any(one.name == "help_all" for one in self.params) and not ctx.meta.get(ALL)
        for name in ("Arguments", "Options", *(() if collapsed else about)):
            if name in groups:
                with formatter.section(f"[{name}] {translate(about[name])}" if name in about else name):
                    formatter.write_dl(groups[name])
        if collapsed:
            more = translate("More, by section of a recipe; {command} --help-all shows all")
            with formatter.section(more.format(command=ctx.command_path)):
                formatter.write_dl(list(about.items()))


def print_all_options(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Answer ``--help-all``."""
    if wanted:
        ctx.meta[ALL] = True
        click.echo(ctx.get_help())
        raise click.exceptions.Exit


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


class Verbs(click.Group):
    """The verbs, each in a module of its name, which is imported when the verb is called."""

    context_class = SpokenContext

    def __init__(self, names: Sequence[str], **attributes: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(**attributes)
        self.names = names

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's
    ) -> click.Context:
        """Find out the language first of all: click's own errors speak it, too."""
        read_language(args)
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order people need them."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a verb; None when there is none of that name."""
        if cmd_name not in self.names:
            return None
        command: click.Command = getattr(import_module(f"headstart.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that is called; an unknown one gets the nearest name."""
        if args[0] in self.names or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        near = OF_PEERS.get(args[0].casefold()) or nearest(args[0], self.names)
        hint = " " + translate("Did you mean {possibility}?").format(possibility=repr(near)) if near else ""
        ctx.fail(translate("No such command {name!r}.").format(name=args[0]) + hint)
