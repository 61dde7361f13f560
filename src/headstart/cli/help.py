"""Help and usage in the language of the call."""

import re
from collections.abc import Iterable

import click

from headstart.cli.language import translate

_WIDE = "[\u3000-\u303e\u3041-\u9fff\uff01-\uff60]"  # two columns each
_RUN = re.compile(rf"([（《]*{_WIDE}[，。、；：？！）》”\]]*)( *)")  # what a line is not broken within


class HelpFormatter(click.HelpFormatter):
    """Write the help in the language of the call; a Chinese character takes two columns."""

    def write_heading(self, heading: str) -> None:
        """Write the title of a group."""
        self.write(f"{translate(heading)}{translate(':')}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, each translated for itself."""
        super().write_text("\n\n".join(map(_spaced, map(_paragraph, text.split("\n\n")))))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with what is said of each."""
        super().write_dl([(_spaced(name), _spaced(_described(said))) for name, said in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """Return the help, without the spaces that made up for the second columns."""
        return _RUN.sub(lambda run: run[1] + run[2][_wide(run[1]) :], super().getvalue())


def _wide(text: str) -> int:
    return len(re.findall(_WIDE, text))


def _spaced(text: str) -> str:
    """Put a space behind a Chinese character for its second column: there a line may be broken."""
    return _RUN.sub(lambda run: run[1] + " " * _wide(run[1]) + run[2], text)


def _paragraph(text: str) -> str:
    text = " ".join(text.split())
    label, example, command = text.partition("Example: ")
    return text and (translate(text) if label or not example else translate(example) + command)


def _described(said: str) -> str:
    """Translate the help of an option, and what stands in brackets behind it."""
    help, *extras = said.split("  [")
    return "  [".join([translate(help), *("; ".join(map(_extra, one[:-1].split("; "))) + "]" for one in extras)])


def _extra(said: str) -> str:
    name, found, value = said.partition("default: ")
    return translate("default: {default}").format(default=translate(value)) if found else translate(name)
