"""Measuring the transfer: what pretraining is worth, which encoder to take, how far source and target lie apart.

Each verb is a row of named stages, as in :mod:`headstart.pipeline`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.data.audit import audit
from headstart.data.example import Dataset
from headstart.data.sources import list_pictures, read_dataset
from headstart.embedding import Data, read_usable
from headstart.encoders.colours import ColourHistogram
from headstart.encoders.loading import list_encoders, load_encoder
from headstart.encoders.spec import Encoder
from headstart.encoders.variants import candidates_of, require_whole
from headstart.encoders.weights import locate_weights
from headstart.errors import DataError, RecipeError
from headstart.features.reading import seconds_per_picture
from headstart.learning.probe import require_held_out
from headstart.learning.sample import take_sample
from headstart.pipeline import plan
from headstart.places import Place
from headstart.recipe import Recipe
from headstart.registry import nearest
from headstart.settings import seconds_of
from headstart.studies.alignment import AlignmentReport, align_encoders
from headstart.studies.arms import ALL, ARMS, TRAINED, make_arena
from headstart.studies.cells import CellStore
from headstart.studies.compare import Wanted, compare_arms, identity, require_torch, usable_shots
from headstart.studies.compare_report import CompareReport, report_answers
from headstart.studies.distance import DistanceReport, measure_distances, probe_across, require_enough
from headstart.studies.rank import rank_scored, score_encoder
from headstart.studies.rank_report import RankReport, cost_of
from headstart.studies.stages import families_of, stage_features

DEFAULT_ARMS = ("majority", "colours", "random", "probe")  # those that train no network: seconds
DEFAULT_SHOTS = (1, 2, 5, 10, 20, 50)


def run_ranking(data: Data, encoders: Sequence[str], recipe: Recipe, place: Place) -> RankReport:
    """Put encoders in order by what their features say about the part to learn from; none means all that are here.

    Several stages of one network are read in one pass.

    Raises DataError when there are too few pictures to hold any out, and as :func:`plan`.
    """
    names = tuple(dict.fromkeys(encoders))
    for name in names:
        locate_weights(name, place.folder)
    planned = plan(data, replace(recipe, encoder=names[0]), place)
    families = families_of(names)
    read, loaded = (
        {one: load_encoder(one, device=recipe.device, cache=place.folder, progress=place.progress) for one in some}
        for some in (dict.fromkeys(families.values()), names)
    )
    dataset, keys = planned.dataset, planned.audit.keys
    walk = read_usable(planned.audit, tuple(read.values()), place, planned.parts.fit, recipe.strict)
    matrices = dict(zip(read, (found.matrix for found in walk.features), strict=True))
    groups = planned.audit.together
    fitted = take_sample(dataset, planned.parts.fit, groups, walk.failures)
    require_held_out(fitted.labels, fitted.groups)
    scored = []
    for number, name in enumerate(names):
        family = families[name]
        matrix = stage_features(matrices[family], name, read[family])[fitted.positions]
        scored.append(score_encoder(name, matrix, fitted.labels, len(dataset.classes), fitted.groups, recipe))
        place.progress("ranking", number + 1, len(names))
    ranking = rank_scored(scored, fitted.groups, recipe.seed, recipe.resamples)
    examples = [dataset.examples[position] for position in fitted.positions]
    kept = [keys[position] for position in fitted.positions]
    published = {row.name: row.top1 for row in list_encoders(place.folder)}
    costs = {
        name: cost_of(one, 1000 * seconds_per_picture(examples, kept, (one,), place), published.get(name))
        for name, one in loaded.items()
    }
    return RankReport(ranking, costs, len(kept), len(np.unique(fitted.groups)), walk.notices)


def ranked_names(encoders: Sequence[str], stages: Sequence[int], sizes: Sequence[int], place: Place) -> tuple[str, ...]:
    """Name the candidates: encoders (none: all that are here), each followed by its stages and sizes."""
    names = tuple(encoders) or tuple(row.name for row in list_encoders(place.folder) if row.here)
    return candidates_of(names, stages, sizes)


def run_comparison(data: Data, wanted: Wanted, recipe: Recipe, place: Place) -> CompareReport:
    """Measure what pretraining is worth on this data: see :mod:`headstart.studies.compare`.

    Raises as :func:`plan`; nothing of the part to score is used but for scoring.
    """
    require_torch(wanted.arms)
    for arm in TRAINED:
        if arm in wanted.arms:
            require_whole(recipe.encoder, arm)
    planned = plan(data, recipe, place)
    encoder = load_encoder(recipe.encoder, device=recipe.device, cache=place.folder, progress=place.progress)
    encoders: dict[str, Encoder] = {"probe": encoder, "colours": ColourHistogram()}
    if "random" in wanted.arms:
        from headstart.encoders.untrained import untrained_encoder  # loads torch: seconds

        encoders["random"] = untrained_encoder(encoder.spec, encoder.files, recipe.seed, place.folder)
    walks = {  # one by one: the engines differ
        arm: read_usable(planned.audit, (one,), place, planned.audit.usable, recipe.strict)
        for arm, one in encoders.items()
    }
    arena = make_arena(planned, encoder, walks)
    wanted = replace(wanted, shots=usable_shots(arena.fit.labels, wanted.shots))
    kept = place.folder / "studies" / f"compare-{identity(arena, wanted.steps)[:32]}.jsonl"
    store = CellStore(kept if place.keep_features else None)
    answers = compare_arms(arena, wanted, store, place)
    return report_answers(answers, arena.test.groups, recipe.seed, recipe.resamples)


def run_distance(one: Data, other: Data, recipe: Recipe, place: Place) -> DistanceReport:
    """Measure how far apart two sets of pictures lie, and what a probe of the first loses on the second.

    Labels are used where both have them. Raises DataError when a set has fewer than twenty readable pictures.
    """
    encoder = load_encoder(recipe.encoder, device=recipe.device, cache=place.folder, progress=place.progress)
    sets = [_either(data) for data in (one, other)]
    checked = [audit(dataset, progress=place.progress) for dataset in sets]
    walks = [read_usable(found, (encoder,), place, found.usable, recipe.strict) for found in checked]
    good = [np.setdiff1d(found.usable, list(walk.failures)) for found, walk in zip(checked, walks, strict=True)]
    for dataset, rows in zip(sets, good, strict=True):
        require_enough(dataset.name, len(rows))
    matrices = [walk.features[0].matrix for walk in walks]
    found = measure_distances(matrices[0][good[0]], matrices[1][good[1]], recipe.seed)
    across = probe_across(recipe, sets, checked[0], good, matrices)
    names = names_apart((one, other), (sets[0].name, sets[1].name))
    return DistanceReport(names, (len(good[0]), len(good[1])), encoder.spec.name, *found, across)


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
    one: Data, other: Data | None, encoders: Sequence[str], recipe: Recipe, place: Place
) -> DistanceReport | AlignmentReport:
    """Compare two sets of pictures, or encoders on one; raises RecipeError for both at once, or neither."""
    if (other is None) == (not encoders):
        raise RecipeError(
            "A distance is one between two things.",
            "Two sets of pictures are compared for one encoder, or several encoders on one set.",
            "Name a second set, or --encoders X Y.",
        )
    if encoders:
        return run_alignment(one, encoders, recipe, place)
    return run_distance(one, other, recipe, place)


def run_alignment(data: Data, encoders: Sequence[str], recipe: Recipe, place: Place) -> AlignmentReport:
    """Measure how alike several encoders see the same pictures. Raises DataError for fewer than twenty of these."""
    names = tuple(dict.fromkeys(encoders))
    if len(names) < 2:
        raise RecipeError("One encoder has nothing to be compared with.", "", "Name two or more after --encoders.")
    loaded = [load_encoder(one, device=recipe.device, cache=place.folder, progress=place.progress) for one in names]
    dataset = _either(data)
    checked = audit(dataset, progress=place.progress)
    walk = read_usable(checked, loaded, place, checked.usable, recipe.strict)
    good = np.setdiff1d(checked.usable, list(walk.failures))
    require_enough(dataset.name, len(good))
    features = {name: found.matrix[good] for name, found in zip(names, walk.features, strict=True)}
    return align_encoders(dataset.name, features, recipe.seed, walk.notices)


def _either(data: Data) -> Dataset:
    """Read labelled data, or pictures without labels."""
    try:
        return read_dataset(data)
    except DataError:
        return Dataset(Path(str(data)).name, tuple(list_pictures(data)), ())


def read_wanted(
    arms: Sequence[str] | None, shots: Sequence[str | int] | None, draws: int, steps: int, limit: str
) -> Wanted:
    """Read what is to be compared; raises RecipeError for what cannot be."""
    for arm in arms or ():
        if arm not in ARMS:
            raise RecipeError(f"There is no arm '{arm}'.", f"It can be {', '.join(ARMS)}.", _did_you_mean(arm))
    texts = [str(one) for one in shots or ()]
    numbers = [ALL if one == "all" else int(one) if one.isdecimal() else -1 for one in texts]
    if any(number < 0 for number in numbers) or "0" in texts or draws < 1 or steps < 1:
        raise RecipeError("Examples per class, draws and steps are whole numbers above nothing; or all examples.")
    return Wanted(
        tuple(arms or DEFAULT_ARMS), tuple(numbers) or (*DEFAULT_SHOTS, ALL), draws, steps,
        seconds_of(limit) if limit else math.inf,
    )  # fmt: skip


def _did_you_mean(arm: str) -> str:
    near = nearest(arm, ARMS)
    return f"Did you mean '{near}'?" if near else ""
