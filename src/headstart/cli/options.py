"""Options that are no settings of a recipe and that several verbs share, each written once."""

from pathlib import Path
from typing import Annotated

import click

from headstart.cli.command import print_all_options
from headstart.cli.parameters import Argument, option
from headstart.runtime.catalogue import LANGUAGES

Json = Annotated[
    bool, option("--json", help="Print one JSON object on standard output and nothing else there.", group="run")
]
Debug = Annotated[bool, option("--debug", help="Show the traceback of an error.", group="run")]
Cache = Annotated[
    Path | None,
    option(help="Folder for weights and features (default: HEADSTART_CACHE or the user's cache folder).", group="run"),
]
NoCache = Annotated[bool, option("--no-cache", help="Keep no features; encoders are still kept.", group="run")]
HelpAll = Annotated[bool, option("--help-all", callback=print_all_options, help="Show all options, group by group.")]
ModelFolder = Annotated[Path, Argument(metavar="MODEL", help="A model folder, or the run folder it lies in.")]
SomePaths = Annotated[
    list[str] | None,
    Argument(metavar="PATHS", help="Pictures, folders, tables, or patterns such as '*.jpg'; - reads lines of text."),
]
TypedTexts = Annotated[list[str] | None, option("--text", help="A text to answer for; may be given several times.")]
DataSource = Annotated[
    str, Argument(metavar="DATA", help="Folder with one folder per class, or a CSV, TSV, JSONL or Parquet table.")
]
LANGUAGE = click.Option(  # of every verb, and of the program; it is read before all others
    ["--lang"],
    type=click.Choice(LANGUAGES),
    expose_value=False,
    help="Language, also of report.html.  [default: the locale's]",
)
StudyFolder = Annotated[
    Path | None, option("--out", help="Keep the result, and report.html, in this folder: a run's, or a new one.")
]
RunFolder = Annotated[Path | None, option("--out", help="Run folder, used as given.  [default: a new runs/NAME-N]")]
Resume = Annotated[
    bool, option("--resume", help="Go on with an interrupted run: --out, or the newest of this data.", group="training")
]

STANDARD = {  # what a verb names beside settings
    "cache": Cache,
    "no_cache": NoCache,
    "json": Json,
    "debug": Debug,
    "help_all": HelpAll,
}
