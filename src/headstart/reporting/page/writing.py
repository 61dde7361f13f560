"""``report.html`` is written: beside a run that is finished, beside a study, or again from what lies in a folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.data.example import Dataset
from headstart.errors import OutputError
from headstart.finetuning.ranks import process_number
from headstart.modalities.base import DEFAULT
from headstart.probing.rows import Sample
from headstart.reporting.page.gallery import most_confident, worst, write_gallery
from headstart.reporting.page.problems import paths_to_show
from headstart.reporting.page.reading import METRICS, STUDIES, read_page
from headstart.reporting.page.rendering import render_page, section_builders
from headstart.reporting.report import RunReport
from headstart.reporting.runs import given_folder
from headstart.runtime.catalogue import ENGLISH, LANGUAGES, TAGS, Language, Texts
from headstart.runtime.files import require_free, require_new_file, write_json, write_text
from headstart.runtime.findings import Finding

PAGE = "report.html"


@dataclass(frozen=True, slots=True)
class PageReport:
    """A page that was written: where, in which language, with which sections."""

    file: Path
    language: Language
    sections: tuple[str, ...]

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        return [texts.say("reporting.page_written", {"file": self.file, "size": self.file.stat().st_size / 1e6})]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "report": str(self.file),
            "language": self.language,
            "sections": list(self.sections),
            "bytes": self.file.stat().st_size,
        }


def write_page(folder: Path, language: Language = "en", out: Path | None = None) -> PageReport:
    """Write the page of a folder from the plain files in it.

    Parameters
    ----------
    folder
        Of a run, or with studies alone.
    language
        Of the page.
    out
        Another place for the page; without one it replaces ``report.html`` in the folder, which holds nothing else than
        the other files do.

    Raises
    ------
    DataError
        When there is nothing to show, or a file cannot be read.
    OutputError
        When the file cannot be written, or something else lies at ``out``.
    """
    file = folder / PAGE if out is None else out
    if out is not None:
        require_new_file(out, (".html", ".htm"))
    page = read_page(folder)
    write_text(file, render_page(page, language))
    return PageReport(file, language, tuple(section_builders(page)))


def language_of(file: Path) -> Language | None:
    """Read the language of a page; None where there is none."""
    head = file.read_text(encoding="utf-8", errors="replace")[:200] if file.is_file() else ""
    return next((language for language in LANGUAGES if f'lang="{TAGS[language]}"' in head), None)


def with_page(report: RunReport, scored: Sample, language: Language) -> RunReport:
    """Write the page of a run that has just finished, with small copies of the examples it shows.

    Returns
    -------
    The report, with the place of the page. Of several processes only the first writes.
    """
    if process_number() > 0:
        return report
    examples, modality = report.plan.dataset.examples, report.plan.dataset.modality
    sources = {examples[position].name: examples[position].source for position in scored.positions.tolist()}
    run = read_page(report.folder).run
    answers = () if run is None else run.answers
    write_gallery(
        report.folder, [answer.name for answer in (*worst(answers), *most_confident(answers))], sources, modality
    )
    return replace(report, page=write_page(report.folder, language).file)


def require_study_place(folder: Path | None, kind: str) -> None:
    """Refuse a place for a study before anything is computed; None is no place, and never wrong.

    Raises
    ------
    OutputError
        When the folder has such a study already, or holds something that is neither a run nor a study.
    """
    if folder is None:
        return
    if (folder / f"{kind}.json").exists():
        raise OutputError("reporting.study_there_already", path=folder / f"{kind}.json")
    if not any((folder / name).is_file() for name in (METRICS, *(f"{one}.json" for one in STUDIES))):
        require_free(folder)


def study_folder(folder: Path) -> Path:
    """Return a folder that :func:`require_study_place` let pass; where there is none yet, create it."""
    return folder if folder.is_dir() else given_folder(folder)


def write_study(
    folder: Path,
    header: Mapping[str, Any],
    found: Mapping[str, Any],
    language: Language,
    sources: Mapping[str, Any] | None = None,
) -> tuple[Finding, ...]:
    """Write a study's JSON into a new folder or one that :func:`require_study_place` let pass, and its page.

    ``header`` is that of :func:`headstart.reporting.runs.study_header`, ``sources`` what the examples of the page are
    opened from, by their names there.

    Returns
    -------
    Where they lie.
    """
    require_study_place(folder, header["kind"])
    file = study_folder(folder) / f"{header['kind']}.json"
    write_json(file, {**header, **found})
    if sources:
        write_gallery(folder, sources, sources, found.get("modality", DEFAULT))
    return (written(f"{file}, {write_page(folder, language).file}"),)


def write_check_page(folder: Path, dataset: Dataset, language: Language) -> tuple[Finding, ...]:
    """Write the page of a folder that a ``check.json`` has just been written into, with its examples.

    Returns
    -------
    Where it lies.
    """
    names = paths_to_show(read_page(folder).check or {})
    write_gallery(folder, names, {one.name: one.source for one in dataset.examples}, dataset.modality)
    return (written(write_page(folder, language).file),)


def written(file: object) -> Finding:
    """Return where something lies."""
    return Finding("reporting.written", {"file": file}, "note")
