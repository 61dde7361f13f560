"""The command ``headstart``: its verbs in the order people need them."""

import click

from headstart.cli import options
from headstart.cli.command import Verbs
from headstart.cli.console import write_every_script
from headstart.version import __version__

app = Verbs(
    (
        *("fit", "evaluate", "predict", "embed", "explain", "export", "benchmark", "pretrain", "check", "compare"),
        *("rank", "distance", "search", "report", "serve", "encoders", "doctor", "demo"),
    ),
    name="headstart",
    params=[options.LANGUAGE],
    help="Transfer learning that can be trusted: labelled pictures or texts become a model.",
    epilog="Start with: headstart demo. Then: headstart fit DATA, a folder with one folder per class, or a table.",
    callback=write_every_script,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app = click.version_option(__version__, message="headstart %(version)s", help="Print the version and stop.")(app)
