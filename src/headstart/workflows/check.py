"""The verb ``check`` as a row of named stages, and the same in Python."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headstart.audit.duplicates import copy_sets, read_thumbnails, with_copies
from headstart.audit.quality.image import Quality
from headstart.data.inspection import inspect_dataset
from headstart.data.inspection_report import refuse_unreadable, require_classes
from headstart.data.sources import read_dataset
from headstart.reporting.page.writing import write_check_page
from headstart.reporting.runs import study_header
from headstart.runtime.context import RunContext
from headstart.runtime.languages import require_language
from headstart.settings.recipe import Recipe
from headstart.studies.check import (
    Check,
    ScreenedSample,
    check_copies,
    check_labels,
    find_outliers,
    find_poor,
    kept_notices,
    measure_cleaning,
    score_groups,
)
from headstart.studies.check_files import require_place, write_check, write_cleaned
from headstart.studies.check_report import CheckReport
from headstart.workflows.embed import Data, read_usable
from headstart.workflows.load_encoder import named_encoder


def run_check(
    data: Data,
    recipe: Recipe,
    context: RunContext,
    *,
    out: Path | None = None,
    export: Path | None = None,
    language: str | None = None,
) -> CheckReport:
    """Read, look, judge, report; see :mod:`headstart.studies.check`. ``language`` is that of the page in ``out``."""
    for folder in (out, export):
        require_place(folder)
    dataset = read_dataset(
        data, group_by=recipe.split.group_by, group_pattern=recipe.split.group_pattern, task=recipe.data.task
    )
    checked = inspect_dataset(dataset, progress=context.progress)
    if recipe.data.strict:
        refuse_unreadable(checked)
    require_classes(checked)
    encoder = named_encoder(recipe.encoder.name, recipe.run.device, context)
    walk = read_usable(checked, (encoder, Quality()), context, checked.usable, recipe.data.strict)
    features, quality = (found.matrix for found in walk.features)
    seen = ScreenedSample(features, read_thumbnails(checked, context), quality)
    pairs = check_copies(checked, seen, recipe)
    kept = with_copies(checked, context).together
    sets = copy_sets(pairs.copies, len(dataset))
    checked = replace(checked, unreadable=checked.unreadable | walk.failures, copies=sets.sets)
    labels, troubles = check_labels(checked, seen, checked.together, recipe, context.progress)
    outliers, distances = find_outliers(seen, recipe.run.seed)
    found = Check(
        checked, pairs, labels, outliers, distances, find_poor(seen.quality), score_groups(checked, labels), None,
        (*sets.notices, *kept_notices(pairs, kept), *walk.notices, *troubles),
    )  # fmt: skip
    if labels is not None:
        suspect = sorted({*_all(found.poor.values()), *outliers.tolist(), *found.label_errors.tolist()})
        together = checked.together
        cleaning = measure_cleaning(seen, labels, dataset.labels, together, suspect, recipe)
        found = replace(found, cleaning=cleaning)
    report = CheckReport(found, encoder.spec.name)
    if export is not None:
        write_cleaned(report, export)
    return report if out is None else _keep(report, out, language)


def _keep(report: CheckReport, out: Path, language: str | None) -> CheckReport:
    """Write everything into a folder, its page last."""
    written = write_check(report, out, study_header("check", datetime.now().astimezone(), sys.argv))
    dataset = report.found.checked.dataset
    return replace(written, page=write_check_page(out, dataset, require_language(language) if language else None))


def _all(parts: Iterable[npt.NDArray[np.int64]]) -> list[int]:
    return [int(position) for part in parts for position in part]
