"""Pages of finished runs and studies: ``headstart report``."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from headstart.reporting.page.writing import PageReport, require_study_place, write_page, write_study
from headstart.reporting.runs import study_header
from headstart.runtime.findings import Finding
from headstart.runtime.languages import require_language


def make_page(folder: Path, language: str | None = None, out: Path | None = None) -> PageReport:
    """Make ``report.html`` again from the plain files of a run or a study; see :func:`write_page`."""
    return write_page(folder, require_language(language) if language else None, out)


def require_study_free(kind: str, out: Path | None) -> None:
    """Refuse a folder for a study before anything is computed; see :func:`require_study_place`."""
    require_study_place(out, kind)


def keep_study(kind: str, found: dict[str, Any], out: Path | None, language: str | None) -> tuple[Finding, ...]:
    """Keep a study in a folder, where one was named, with its page; return where they lie."""
    if out is None:
        return ()
    header = study_header(kind, datetime.now().astimezone(), sys.argv)
    return write_study(out, header, found, require_language(language) if language else None)
