"""How far apart two sets or two encoders lie: ``headstart distance``, as a row of named stages."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.data.inspection import inspect_dataset
from headstart.data.labels import match_target
from headstart.data.sources import read_labelled_or_not
from headstart.errors import RecipeError
from headstart.reporting.report import data_findings
from headstart.runtime.context import RunContext
from headstart.runtime.findings import WARNING
from headstart.settings.recipe import Recipe
from headstart.studies.alignment import AlignmentReport, align_encoders
from headstart.studies.distance import DistanceReport, measure_distances, require_enough
from headstart.tasks.base import load_task
from headstart.workflows.embed import Data, read_usable, usable_encoder


def run_distance(one: Data, other: Data, recipe: Recipe, context: RunContext) -> DistanceReport:
    """Measure how far apart two sets of examples lie, and what a probe of the first loses on the second.

    Labels are used where both have them. Raises DataError when a set has fewer than twenty readable examples.
    """
    first, second = (read_labelled_or_not(data, recipe.data.task) for data in (one, other))
    sets = (first, match_target(second, first.target))
    checked = [inspect_dataset(dataset, progress=context.progress) for dataset in sets]
    encoder = usable_encoder(recipe.encoder.name, recipe.run.device, checked[0], context)
    walks = [read_usable(found, (encoder,), context, found.usable, recipe.data.strict) for found in checked]
    good = [np.setdiff1d(found.usable, list(walk.failures)) for found, walk in zip(checked, walks, strict=True)]
    for dataset, rows in zip(sets, good, strict=True):
        require_enough(dataset.name, len(rows))
    matrices = [walk.features[0].matrix for walk in walks]
    found = measure_distances(matrices[0][good[0]], matrices[1][good[1]], recipe.run.seed)
    probe_across = load_task(sets[0].target.task).across
    across = probe_across(recipe, sets, checked[0], good, matrices) if probe_across is not None else None
    names = names_apart((one, other), (sets[0].name, sets[1].name))
    counts = len(good[0]), len(good[1])
    said = [data_findings(part, walk, least=WARNING) for part, walk in zip(checked, walks, strict=True)]
    modality = sets[0].modality
    return DistanceReport(names, counts, encoder.spec.name, *found, across, (*said[0], *said[1]), modality)


def names_apart(sources: tuple[Data, Data], names: tuple[str, str]) -> tuple[str, str]:
    """Name two sets so that they can be told apart: two folders of one name by the folder each lies in, too.

    Examples
    --------
    >>> names_apart(("photo/val", "sketch/val"), ("val", "val")), names_apart(("a", "b"), ("a", "b"))
    (('photo/val', 'sketch/val'), ('a', 'b'))
    """
    if names[0] != names[1] or not all(isinstance(source, (str, Path)) for source in sources):
        return names
    paths = [Path(source).absolute() for source in sources]
    deep = next((n for n in range(2, 100) if paths[0].parts[-n:] != paths[1].parts[-n:]), 1)
    return ("/".join(paths[0].parts[-deep:]), "/".join(paths[1].parts[-deep:]))


def run_either_distance(
    one: Data, other: Data | None, encoders: Sequence[str], recipe: Recipe, context: RunContext
) -> DistanceReport | AlignmentReport:
    """Compare two sets of examples, or encoders on one; raises RecipeError for both at once, or neither."""
    if (other is None) == (not encoders):
        raise RecipeError("workflows.nothing_to_compare")
    if encoders:
        return run_alignment(one, encoders, recipe, context)
    return run_distance(one, other, recipe, context)


def run_alignment(data: Data, encoders: Sequence[str], recipe: Recipe, context: RunContext) -> AlignmentReport:
    """Measure how alike several encoders see the same examples. Raises DataError for fewer than twenty of these."""
    names = tuple(dict.fromkeys(encoders))
    if len(names) < 2:
        raise RecipeError("workflows.one_encoder_alone")
    dataset = read_labelled_or_not(data, recipe.data.task)
    checked = inspect_dataset(dataset, progress=context.progress)
    loaded = [usable_encoder(one, recipe.run.device, checked, context) for one in names]
    walk = read_usable(checked, loaded, context, checked.usable, recipe.data.strict)
    good = np.setdiff1d(checked.usable, list(walk.failures))
    require_enough(dataset.name, len(good))
    features = {name: found.matrix[good] for name, found in zip(names, walk.features, strict=True)}
    found = data_findings(checked, walk, least=WARNING)
    return replace(align_encoders(dataset.name, features, recipe.run.seed), findings=found, modality=dataset.modality)
