"""The verb ``check`` as a row of named stages, and the same in Python."""

import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np
import numpy.typing as npt

from headstart.data.audit import audit, refuse_unreadable, require_classes
from headstart.data.sources import read_dataset
from headstart.embedding import Data, read_usable
from headstart.encoders.loading import load_encoder
from headstart.encoders.quality import Quality
from headstart.features.copies import copy_sets, read_thumbnails, with_copies
from headstart.places import Place
from headstart.progress import Progress, silent
from headstart.recipe import Recipe
from headstart.reporting.page.texts import require_language
from headstart.reporting.page.writing import write_check_page
from headstart.reporting.runs import study_header
from headstart.settings import Settings
from headstart.studies.check import (
    Check,
    Seen,
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


def check(
    data: Data,
    recipe: Recipe | None = None,
    *,
    out: str | Path | None = None,
    export: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> CheckReport:
    """Look for what is wrong with labelled pictures: near copies, likely label errors, outliers, poor pictures.

    Parameters
    ----------
    data, recipe, settings, cache, progress
        As for :func:`headstart.fit`; of the settings count encoder, head, seed, groups, strict and the like.
    out
        Folder for ``check.json``, ``report.html``, a table and sheets of pictures: a new one, or the folder of a run.
    export
        Folder for the list of suspect pictures and a cleaned table.

    Raises
    ------
    HeadstartError
        With one sentence what is wrong, one why or where, one what to do.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> check(plain, head="ridge").to_json()["counts"]["near_duplicates"]
    0
    """
    chosen = Recipe.from_mapping({"head": "logistic", **(asdict(recipe) if recipe else {}), **settings})
    places = (Path(out) if out is not None else None, Path(export) if export is not None else None)
    return run_check(data, chosen, Place(cache=cache, progress=progress), out=places[0], export=places[1])


def run_check(
    data: Data,
    recipe: Recipe,
    place: Place,
    *,
    out: Path | None = None,
    export: Path | None = None,
    language: str | None = None,
) -> CheckReport:
    """Read, look, judge, report; see :mod:`headstart.studies.check`. ``language`` is that of the page in ``out``."""
    for folder in (out, export):
        require_place(folder)
    dataset = read_dataset(data, group_by=recipe.group_by, group_pattern=recipe.group_pattern)
    checked = audit(dataset, progress=place.progress)
    if recipe.strict:
        refuse_unreadable(checked)
    require_classes(checked)
    encoder = load_encoder(recipe.encoder, device=recipe.device, cache=place.folder, progress=place.progress)
    walk = read_usable(checked, (encoder, Quality()), place, checked.usable, recipe.strict)
    features, quality = (found.matrix for found in walk.features)
    seen = Seen(features, read_thumbnails(checked, place), quality)
    pairs = check_copies(checked, seen, recipe)
    kept = with_copies(checked, place).together
    sets = copy_sets(pairs.copies, len(dataset))
    checked = replace(checked, unreadable=checked.unreadable | walk.failures, copies=sets.sets)
    labels, troubles = check_labels(checked, seen, checked.together, recipe, place.progress)
    outliers, distances = find_outliers(seen, recipe.seed)
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
    examples = report.found.checked.dataset.examples
    return replace(written, page=write_check_page(out, examples, require_language(language) if language else None))


def _all(parts: Iterable[npt.NDArray[np.int64]]) -> list[int]:
    return [int(position) for part in parts for position in part]
