"""The verb ``check`` as a row of named stages, and the same in Python."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from headstart.arrays import Integers
from headstart.audit.duplicates import INCOMPLETE, add_near_duplicates, duplicate_sets, find_measured_pairs
from headstart.audit.groups import score_groups
from headstart.audit.outliers import find_outliers
from headstart.audit.quality.base import quality_of
from headstart.audit.shortcuts.base import audit_shortcuts
from headstart.audit.shortcuts.terms import find_telling_terms
from headstart.data.inspection_report import require_learnable
from headstart.reporting.page.writing import require_study_place, write_check_page
from headstart.reporting.runs import study_header
from headstart.runtime.catalogue import Language
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.settings.recipe import Recipe
from headstart.studies.check import Check, divided_notices
from headstart.studies.check_files import write_check, write_cleaned
from headstart.studies.check_report import CheckReport
from headstart.studies.cleaning import measure_cleaning
from headstart.tasks.base import load_task
from headstart.workflows.embed import Data, read_inspected, read_usable, usable_encoder


def run_check(
    data: Data,
    recipe: Recipe,
    context: RunContext,
    *,
    out: Path | None = None,
    export: Path | None = None,
    language: Language = "en",
) -> CheckReport:
    """Read, look, judge, report; see :mod:`headstart.studies.check`. ``language`` is that of the page in ``out``."""
    require_study_place(out, "check")
    require_study_place(export, "check")
    inspection = read_inspected(data, recipe, context, recipe.data.task)
    require_learnable(inspection)
    dataset = inspection.dataset
    encoder = usable_encoder(recipe.encoder.name, recipe.run.device, inspection, context)
    quality = quality_of(dataset.modality)
    encoders = (encoder, quality.Quality()) if quality else (encoder,)
    walk = read_usable(inspection, encoders, context, inspection.usable, recipe.data.strict)
    features = walk.features[0].matrix
    pairs = find_measured_pairs(inspection, features, context, recipe.run.seed)
    near = add_near_duplicates(inspection, context)
    kept, missing = near.together, [one for one in near.notices if one.code == INCOMPLETE]
    sets = duplicate_sets(pairs.pairs, len(dataset))
    inspection = replace(inspection, unreadable=inspection.unreadable | walk.failures, copies=sets.sets)
    together, task = inspection.together, dataset.target.task
    review, unreviewed = load_task(task).review, (None, (Finding("audit.labels_task", {"task": task}, "note"),))
    labels, troubles = review(dataset, features, together, recipe, context.progress) if review else unreviewed
    outliers, distances = find_outliers(features, recipe.run.seed)
    poor = {} if quality is None else quality.find_poor(walk.features[1].matrix)
    cleaning = None
    if labels is not None:
        suspect = sorted({*_all(poor.values()), *outliers.tolist(), *labels.suspect.tolist()})
        cleaning = measure_cleaning(features, labels, dataset.labels, together, suspect, recipe)
    shortcuts = audit_shortcuts(dataset, np.setdiff1d(inspection.usable, [*walk.failures]), together, recipe.run.seed)
    words = (
        find_telling_terms(features, encoder.terms.vocabulary, dataset.labels, dataset.classes)
        if (hasattr(encoder, "terms"))
        else ()
    )
    said = (*(shortcuts.findings() if shortcuts else ()), *(one.finding for one in words if one.finding))
    notices = (*missing, *sets.notices, *divided_notices(pairs, kept), *walk.notices, *troubles, *said)
    groups = score_groups(dataset, labels)
    found = Check(inspection, pairs, labels, outliers, distances, poor, groups, cleaning, notices, shortcuts, words)
    report = CheckReport(found, encoder.spec.name)
    if export is not None:
        write_cleaned(report, export)
    return _keep(report, out, language) if out else report


def _keep(report: CheckReport, out: Path, language: Language) -> CheckReport:
    """Write everything into a folder, its page last."""
    written = write_check(report, out, study_header("check", datetime.now().astimezone(), sys.argv))
    dataset = report.found.inspection.dataset
    return replace(written, page=write_check_page(out, dataset, language))


def _all(parts: Iterable[Integers]) -> list[int]:
    return [int(position) for part in parts for position in part]
