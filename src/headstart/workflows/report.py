"""Pages of finished runs and studies: ``headstart report``."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from headstart.reporting.page.writing import PAGE, PageReport, language_of, require_study_place, write_page, write_study
from headstart.reporting.runs import study_header
from headstart.runtime.catalogue import Language
from headstart.runtime.findings import Finding


def write_page_again(folder: Path, language: Language, out: Path | None = None) -> PageReport:
    """Make ``report.html`` again from the plain files of a run or a study; see :func:`write_page`."""
    return write_page(folder, language, out)


def page_language(folder: Path | None, otherwise: Language) -> Language:
    """Return the language of the page in a folder; ``otherwise`` where there is none."""
    return otherwise if folder is None else language_of(folder / PAGE) or otherwise


def require_study_free(kind: str, out: Path | None) -> None:
    """Refuse a folder for a study before anything is computed; see :func:`require_study_place`."""
    require_study_place(out, kind)


def write_study_folder(kind: str, found: dict[str, Any], out: Path | None, language: Language) -> tuple[Finding, ...]:
    """Keep a study in a folder, where one was named, with its page; return where they lie."""
    if out is None:
        return ()
    header = study_header(kind, datetime.now().astimezone(), sys.argv)
    return write_study(out, header, found, language)
