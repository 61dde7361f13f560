"""``headstart report``."""

from pathlib import Path
from typing import Annotated

from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb


@verb("json")
def report(
    run: Annotated[Path, Argument(metavar="RUN", help="Folder of a run, or of a study kept with --out.")],
    call: Call,
    out: Annotated[Path | None, option(help="File to write.  [default: report.html in the folder, made anew]")] = None,
) -> None:
    """Make report.html of a run: one page with everything it found.

    Example: headstart report runs/flowers --lang zh

    It needs nothing but the plain files in the folder: neither the pictures nor torch, on any machine, at any time.
    """
    from headstart.workflows.report import write_page_again

    call.show(write_page_again(run, call.page_language(run), out))
