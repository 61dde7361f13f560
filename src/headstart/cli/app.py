"""The command ``headstart``: its verbs in the order people need them."""

import typer

from headstart.cli.command import Verbs
from headstart.cli.console import write_every_script
from headstart.version import __version__


class _Headstart(Verbs):
    names = (
        *("fit", "evaluate", "predict", "embed", "explain", "export", "benchmark", "pretrain", "check", "compare"),
        *("rank", "distance", "report", "serve", "encoders", "doctor", "demo"),
    )


app = typer.Typer(
    cls=_Headstart,
    help="Transfer learning that can be trusted: a folder of labelled pictures becomes a model.",
    epilog="Start with: headstart demo. Then: headstart fit FOLDER, where FOLDER has one folder of pictures per class.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text: drawing boxes would cost more time than all the rest of --help
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headstart {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    write_every_script()
