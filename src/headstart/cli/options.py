"""Options that are no settings of a recipe and that several verbs share, each written once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.command import print_all_options


class Language(StrEnum):
    """The languages of a report."""

    EN = "en"
    ZH = "zh"


Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON object on standard output and nothing else there.", rich_help_panel="run"
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel="run")]
Cache = Annotated[
    Path | None,
    typer.Option(
        help="Folder for weights and features (default: HEADSTART_CACHE or the user's cache folder).",
        rich_help_panel="run",
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Keep no features; encoders are still kept.", rich_help_panel="run")
]
HelpAll = Annotated[
    bool,
    typer.Option("--help-all", is_eager=True, callback=print_all_options, help="Show all options, group by group."),
]
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder, or the run folder it lies in.")]
Paths = Annotated[list[str], typer.Argument(metavar="PATHS", help="Pictures, folders, or patterns such as '*.jpg'.")]
DataSource = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder with one folder per class, or a CSV, TSV, JSONL or Parquet table.")
]
PageLanguage = Annotated[
    Language | None, typer.Option("--lang", help="Language of report.html: en or zh.  [default: en]")
]
StudyFolder = Annotated[
    Path | None, typer.Option("--out", help="Keep the result, and report.html, in this folder: a run's, or a new one.")
]
RunFolder = Annotated[
    Path | None, typer.Option("--out", help="Run folder, used as given.  [default: a new runs/NAME-N]")
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with an interrupted run: --out, or the newest of this data.",
        rich_help_panel="training",
    ),
]

STANDARD = {  # what a verb names beside settings
    "cache": Cache,
    "no_cache": NoCache,
    "lang": PageLanguage,
    "json": Json,
    "debug": Debug,
    "help_all": HelpAll,
}
