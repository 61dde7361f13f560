"""Pages of finished runs and studies: ``headstart report``."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class StudyPlace:
    """The folder of a study, or None where it is not kept; what is no place for it is refused at once."""

    kind: str
    folder: Path | None

    def __post_init__(self) -> None:
        """Refuse it before anything is computed; raises OutputError."""
        require_study_place(self.folder, self.kind)

    def write(
        self, found: dict[str, Any], language: Language, sources: Mapping[str, Any] | None = None
    ) -> tuple[Finding, ...]:
        """Write the study and its page, where it is kept, and return where they lie; see :func:`write_study`."""
        if self.folder is None:
            return ()
        header = study_header(self.kind, datetime.now().astimezone(), sys.argv)
        return write_study(self.folder, header, found, language, sources)
