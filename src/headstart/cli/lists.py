"""Options that take several values after one name: ``--encoders A B C``."""

from collections.abc import Collection, Sequence
from typing import Any

from typer.core import TyperCommand, TyperOption


class ListCommand(TyperCommand):
    """A command whose repeatable options may be given once, with all values behind them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's, which typer hides
        """Repeat the option before each of its values, as click wants it."""
        names = {
            name
            for parameter in self.params
            if isinstance(parameter, TyperOption) and parameter.multiple
            for name in parameter.opts
        }
        return super().parse_args(ctx, spread(args, names))


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
