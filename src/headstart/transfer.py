"""Measuring the transfer: what pretraining is worth, which encoder to take, how far source and target lie apart.

Each verb is a row of named stages, as in :mod:`headstart.pipeline`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from headstart.data.audit import audit
from headstart.data.example import Dataset
from headstart.data.sources import list_pictures, read_dataset
from headstart.data.splits import merge_groups
from headstart.encoders.colours import ColourHistogram
from headstart.encoders.loading import list_encoders, load_encoder
from headstart.encoders.spec import Encoder
from headstart.encoders.variants import candidates_of, require_whole
from headstart.encoders.weights import locate_weights
from headstart.errors import DataError, RecipeError
from headstart.features.reading import seconds_per_picture
from headstart.learning.probe import require_held_out
from headstart.learning.sample import take_sample
from headstart.model import Data, read_usable
from headstart.pipeline import plan
from headstart.places import Place
from headstart.progress import Progress, silent
from headstart.recipe import Recipe, Settings, seconds_of
from headstart.registry import nearest
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
FOR_FIT_ALONE = ("method", "preset", "epochs", "folds", "repeats")


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
    groups = merge_groups(keys, [example.group for example in dataset.examples])
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
    return DistanceReport((sets[0].name, sets[1].name), (len(good[0]), len(good[1])), encoder.spec.name, *found, across)


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


def _study_recipe(settings: Mapping[str, Any], defaults: Mapping[str, Any], verb: str) -> Recipe:
    """Make the recipe of a study; raises RecipeError for settings that only a model has."""
    for name in FOR_FIT_ALONE:
        if name in settings:
            raise RecipeError(f"The setting {name} does not go with {verb}.", "It is for fit.", "Leave it out.")
    return Recipe.from_mapping({**defaults, **settings})


# --- the same in Python ----------------------------------------------------------------------------------------------


def compare(
    data: Data,
    *,
    arms: Sequence[str] = DEFAULT_ARMS,
    shots: Sequence[int | str] = (*DEFAULT_SHOTS, "all"),
    draws: int = 5,
    steps: int = 100,
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> CompareReport:
    """Measure how much the pretrained network helps on labelled pictures.

    Parameters
    ----------
    data
        As for :func:`headstart.fit`.
    arms
        Of majority, colours, random, probe, scratch, matched, lpft and full.
    shots
        Examples per class to learn from; ``"all"`` takes all there are.
    draws
        How often the examples are drawn.
    steps
        Of each training: the same for all arms.
    cache, progress
        As for :func:`headstart.fit`. What was computed is kept: the same call goes on after a stop.
    settings
        Of a :class:`Recipe`: encoder, head (``"ridge"`` unless named), balance, seed, time_limit and the like.

    Raises
    ------
    HeadstartError
        With one sentence what is wrong, one why or where, one what to do.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> found = compare(plain, arms=["majority", "probe"], shots=[2, "all"], draws=2)
    >>> [(gain.arm, gain.against, gain.shots, gain.difference.value) for gain in found.gains]
    [('probe', 'majority', '2', 0.5), ('probe', 'majority', 'all', 0.5)]
    """
    recipe = _study_recipe(settings, {"head": "ridge"}, "compare")
    wanted = read_wanted(arms, shots, draws, steps, recipe.time_limit)
    return run_comparison(data, wanted, replace(recipe, time_limit=""), Place(cache=cache, progress=progress))


def rank(
    data: Data,
    encoders: Sequence[str] = (),
    *,
    stages: Sequence[int] = (),
    sizes: Sequence[int] = (),
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> RankReport:
    """Put encoders in order by what their features say about labelled pictures; none means all that are here.

    ``stages`` and ``sizes`` add candidates behind each: its first stages alone, and smaller pictures in pixels. Their
    names, such as ``efficientnet_lite0[:5]`` and ``efficientnet_lite0@160``, are encoders that :func:`headstart.fit`
    takes. ``data``, ``cache`` and ``progress`` are as for :func:`headstart.fit`, ``settings`` those of a Recipe:
    balance, inner_folds, seed and the like. Raises HeadstartError, as :func:`headstart.fit` does.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> found = rank(plain, ["efficientnet_lite0"])
    >>> found.ranking.scored[0].name, found.ranking.standings[0].accuracy.value
    ('efficientnet_lite0', 1.0)
    """
    place = Place(cache=cache, progress=progress)
    names = ranked_names(encoders, stages, sizes, place)
    return run_ranking(data, names, _study_recipe(settings, {}, "rank"), place)


def distance(
    one: Data,
    other: Data,
    *,
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> DistanceReport:
    """Measure how far apart two sets of pictures lie for an encoder, and what a probe loses between them.

    ``one`` and ``other`` are as for :func:`headstart.fit`, but need no labels; ``settings`` are those of a
    :class:`Recipe`: encoder, head, seed and the like. Raises HeadstartError, as :func:`headstart.fit` does.

    Examples
    --------
    >>> from PIL import Image
    >>> red, blue = ([Image.new("RGB", (64, side), name) for side in range(64, 94)] for name in ("red", "blue"))
    >>> found = distance([(one, "a") for one in red], [(one, "a") for one in blue])
    >>> found.proxy.value, found.across is None
    (2.0, True)
    """
    recipe = _study_recipe(settings, {"head": "ridge"}, "distance")
    return run_distance(one, other, recipe, Place(cache=cache, progress=progress))
