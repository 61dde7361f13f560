"""The files of an audit: check.json, a table of all examples, sheets to look at, and a cleaned table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from headstart.data.example import Example
from headstart.reporting.page.writing import study_folder
from headstart.reporting.render.base import render_of
from headstart.reporting.render.contact_sheet import MOST_CARDS, Card, captions, draw_sheet
from headstart.reporting.tables import csv_text, row_cells, write_csv
from headstart.runtime.catalogue import ENGLISH
from headstart.runtime.files import write_json
from headstart.runtime.findings import Finding
from headstart.studies.check_report import CheckReport

REPORT = "check.json"


def write_check(report: CheckReport, folder: Path, header: Mapping[str, Any]) -> CheckReport:
    """Write everything into a folder; the report comes back with the names of the files, and what could not be drawn.

    ``header`` is that of :func:`headstart.reporting.runs.study_header`. Raises OutputError when it cannot be written.
    """
    target = study_folder(folder)
    notices: list[Finding] = []
    files = []
    for name, cards in _cards(report).items():
        if cards:
            (title, note), file = _SHEETS[name], target / f"{name}.png"
            shown = f" The first {MOST_CARDS} of {len(cards):,}." if len(cards) > MOST_CARDS else ""
            notices += draw_sheet(title, [note + shown], cards[:MOST_CARDS], file)
            files.append(str(file))
    write_csv(target / "check.csv", csv_text(_HEADER, _rows(report)))
    files += [str(target / "check.csv"), str(target / REPORT)]
    done = replace(report, files=(*report.files, *files), notices=(*report.notices, *dict.fromkeys(notices)))
    root = report.found.inspection.dataset.root
    where = "" if root is None else str(root.absolute())  # that the paths in check.csv are relative to
    write_json(target / REPORT, {**header, "root": where, **done.to_json()})
    return done


def write_cleaned(report: CheckReport, folder: Path) -> None:
    """Write ``label_errors.csv``, for review, and ``cleaned.csv``: the data without unreadable and suspect labels.

    Near copies stay in it, under one name in the column ``group``: ``headstart fit cleaned.csv --group-by group`` keeps
    them on one side of its split. Groups of the user are joined with them.
    """
    target = study_folder(folder)
    paths = {example.name: _path(example) for example in report.found.inspection.dataset.examples}
    errors = [{**one, "path": paths[one["path"]]} for one in report.labels_json()]
    header = ("path", "label", "suggested", "confidence", "own_probability", "part")
    rows = ([one[name] if one[name] is not None else "" for name in header] for one in errors)
    write_csv(target / "label_errors.csv", csv_text(header, rows))
    inspection = report.found.inspection
    suspect, together = {*report.found.label_errors.tolist(), *inspection.unreadable}, inspection.together
    names, cells = row_cells(inspection.dataset)
    kept = (
        (_path(example), example.label or "", example.split or "", f"set-{together[position]}", *own)
        for position, (example, own) in enumerate(zip(inspection.dataset.examples, cells, strict=True))
        if position not in suspect
    )
    write_csv(target / "cleaned.csv", csv_text(("path", "label", "split", "group", *names), kept))


def _path(example: Example) -> str:
    """Name a file so that a table anywhere finds it; what is no file keeps its name."""
    return str(Path(example.source).absolute()) if isinstance(example.source, (str, Path)) else example.name


_HEADER = ("path", "label", "part", "group", "near_copies", "label_quality", "suggested", "isolation", "problems")


def _rows(report: CheckReport) -> Iterator[tuple[object, ...]]:
    """One row for each example."""
    found, inspection = report.found, report.found.inspection
    sets = {position: number for number, members in enumerate(inspection.copies) for position in members}
    suggested = {one["path"]: one["suggested"] for one in report.labels_json()}
    quality = {}
    if found.labels is not None and found.labels.issues is not None:
        quality = dict(zip(found.labels.positions.tolist(), found.labels.issues.quality.tolist(), strict=True))
    problems: dict[int, list[str]] = {position: ["unreadable"] for position in inspection.unreadable}
    listed: list[tuple[str, Iterable[int]]] = [(kind, places.tolist()) for kind, places in found.poor.items()]
    for name, places in [*listed, ("outlier", found.outliers.tolist()), ("label_error", found.label_errors.tolist())]:
        for place in places:
            problems.setdefault(place, []).append(name)
    for position, example in enumerate(inspection.dataset.examples):
        yield (
            example.name, example.label or "", example.split or "", example.group or "", sets.get(position, ""),
            _number(quality.get(position)), suggested.get(example.name, ""), _number(found.isolation[position]),
            " ".join(problems.get(position, [])),
        )  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.4f}"


_SHEETS = {  # title and note of each, by the name of its file
    "near_duplicates": ("Near copies", "Those in different parts of the data first."),
    "label_errors": ("Likely label errors", "Label, what it rather looks like, how sure: for review."),
    "outliers": ("Unlike all others", "The farthest first."),
    "poor_pictures": ("Poor pictures", "Blurred, dark, bright, nearly empty or of an unusual shape."),
}


def _cards(report: CheckReport) -> dict[str, list[Card]]:
    """Create the cards of each sheet."""
    found, dataset = report.found, report.found.inspection.dataset
    draw, by_name = render_of(dataset.modality).draw, {example.name: example for example in dataset.examples}

    def card(examples: Iterable[Example], *lines: str) -> Card:
        return Card(tuple(partial(draw, one.source, one.name) for one in examples), captions(*lines))

    def card_of_pair(pair: Mapping[str, Any]) -> Card:
        names = pair["one"], pair["other"]
        between = pair["parts"] or map(str, dict.fromkeys(pair["labels"]))
        return card(map(by_name.__getitem__, names), *names, " / ".join(between))

    def card_of_error(one: Mapping[str, Any]) -> Card:
        rather = f"rather {one['suggested']} ({one['confidence']:.2f})"
        return card([by_name[one["path"]]], one["label"], rather, one["path"])

    def card_of(place: int, line: str) -> Card:
        return card([dataset.examples[place]], line, dataset.examples[place].name)

    return {
        "near_duplicates": [card_of_pair(pair) for pair in report.pairs_json()],
        "label_errors": [card_of_error(one) for one in report.labels_json()],
        "outliers": [card_of(place, dataset.examples[place].label or "") for place in found.outliers.tolist()],
        "poor_pictures": [
            card_of(place, ENGLISH.say(f"page.issue.{kind}"))
            for kind, places in found.poor.items()
            for place in places.tolist()
        ],
    }
