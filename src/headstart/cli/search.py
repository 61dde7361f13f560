"""``headstart search``."""

import sys
from pathlib import Path
from typing import Annotated

import click

from headstart.cli import options
from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb


@verb(
    *("encoder", "path_column", "label_column", "text_column", "encoding", "images", "strict", "max_megapixels"),
    *("seed", "device", "cache", "no_cache", "json"),
)
def search(
    data: Annotated[
        str, Argument(metavar="DATA", help="Folder, table, file or pattern, or a run; labels are optional.")
    ],
    query: Annotated[
        str | None,
        Argument(metavar="QUERY", help="An example, or for texts the text itself; - reads one query a line."),
    ] = None,
    queries: Annotated[Path | None, option(help="File with one query a line, or a table of queries.")] = None,
    top: Annotated[int, option(min=1, help="How many results to list for each query.")] = 10,
    sentences: Annotated[
        bool, option("--sentences", help="Of texts: answer with their sentences (extractive answers).")
    ] = False,
    pairs: Annotated[
        Path | None,
        option(help="Table with the columns query and answer (path, row or text): measures how often it is found."),
    ] = None,
    *,
    call: Call,
    out: options.StudyFolder = None,
) -> None:
    """Find the pictures or texts that are nearest to one.

    Example: headstart search flowers/ rose.jpg

    The first call encodes what is searched, further ones read it from the store. With --sentences the sentences of
    documents are searched: headstart search handbook.txt "How long is the warranty?" --sentences
    """
    from headstart.workflows.report import StudyPlace
    from headstart.workflows.search import Search, read_asked, run_search

    if query is None and queries is None and pairs is None:
        raise click.MissingParameter(param_hint="'QUERY'", param_type="argument")
    place = StudyPlace("search", out)
    asked = read_asked(query, queries, sys.stdin.buffer.read)
    report = run_search(data, Search(asked, pairs, top, sentences), call.recipe(), call.context)
    call.show(report)
    call.print_beside(place.write(report.to_json(), call.page_language(out), report.shown_sources()))
