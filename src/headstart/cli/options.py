"""Options that several verbs share, each written once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Language(StrEnum):
    """The languages of a report."""

    EN = "en"
    ZH = "zh"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else there.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder for weights and features (default: HEADSTART_CACHE or the user's cache folder)."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Keep no features; encoders are still kept.")]
EncoderName = Annotated[
    str | None,
    typer.Option("--encoder", help="Pretrained network: see 'headstart encoders'.  [default: efficientnet_lite0]"),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu or cuda.  [default: auto]")]
Strict = Annotated[
    bool | None, typer.Option("--strict", help="Refuse data with unreadable pictures instead of leaving them out.")
]
GroupBy = Annotated[
    str | None, typer.Option(help="Column whose values (patient, video, site) stay on one side of a split.")
]
GroupPattern = Annotated[str | None, typer.Option(help="The same, read from the path by a regular expression.")]
Coverage = Annotated[
    float | None, typer.Option(help="How often the set of classes shall hold the true one.  [default: 0.9]")
]
Abstain = Annotated[
    float | None,
    typer.Option(help="Give only answers of which this share is right, as far as can be promised.  [default: all]"),
]
FalseAlarms = Annotated[
    float | None, typer.Option(help="Share of known pictures that may be taken for unlike ones.  [default: 0.05]")
]
RejectUnlike = Annotated[
    bool | None, typer.Option("--reject-unlike", help="Give no answer for pictures unlike the training pictures.")
]
KeepTogether = Annotated[
    bool | None,
    typer.Option(
        "--keep-duplicates-together/--no-keep-duplicates-together",
        help="Near copies stay on one side of a split, too.  [default: keep-duplicates-together]",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Reaches every split, draw and loop.  [default: 0]")]
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder, or the run folder it lies in.")]
DataSource = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder with one folder per class, or a CSV, TSV, JSONL or Parquet table.")
]
PageLanguage = Annotated[
    Language | None, typer.Option("--lang", help="Language of report.html: en or zh.  [default: en]")
]
StudyFolder = Annotated[
    Path | None, typer.Option("--out", help="Keep the result, and report.html, in this folder: a run's, or a new one.")
]
