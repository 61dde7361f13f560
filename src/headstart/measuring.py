"""Compare, rank and distance as calls of the library: settings one by one, as for :func:`headstart.fit`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, overload

from headstart.embedding import Data
from headstart.errors import RecipeError
from headstart.places import Place
from headstart.progress import Progress, silent
from headstart.recipe import Recipe
from headstart.settings import Settings
from headstart.studies.alignment import AlignmentReport
from headstart.studies.compare_report import CompareReport
from headstart.studies.distance import DistanceReport
from headstart.studies.rank_report import RankReport
from headstart.transfer import (
    DEFAULT_ARMS,
    DEFAULT_SHOTS,
    ranked_names,
    read_wanted,
    run_comparison,
    run_either_distance,
    run_ranking,
)

FOR_FIT_ALONE = ("method", "preset", "epochs", "folds", "repeats")


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


@overload
def distance(
    one: Data, other: Data, *, cache: str | Path | None = None, progress: Progress = silent,
    **settings: Unpack[Settings],
) -> DistanceReport: ...  # fmt: skip


@overload
def distance(
    one: Data, *, encoders: Sequence[str], cache: str | Path | None = None, progress: Progress = silent,
    **settings: Unpack[Settings],
) -> AlignmentReport: ...  # fmt: skip


def distance(
    one: Data,
    other: Data | None = None,
    *,
    encoders: Sequence[str] = (),
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> DistanceReport | AlignmentReport:
    """Measure how far apart two sets of pictures lie for an encoder, or how far apart encoders see one set.

    ``one`` and ``other`` are as for :func:`headstart.fit`, but need no labels; with ``encoders`` there is no ``other``,
    and the centred kernel alignment of each two is given. ``settings`` are those of a
    :class:`Recipe`: encoder, head, seed and the like. Raises HeadstartError, as :func:`headstart.fit` does.

    Examples
    --------
    >>> from PIL import Image
    >>> red, blue = ([Image.new("RGB", (64, side), name) for side in range(64, 94)] for name in ("red", "blue"))
    >>> found = distance([(one, "a") for one in red], [(one, "a") for one in blue])
    >>> found.proxy.value, found.across is None
    (2.0, True)
    """
    recipe, place = _study_recipe(settings, {"head": "ridge"}, "distance"), Place(cache=cache, progress=progress)
    return run_either_distance(one, other, encoders, recipe, place)


def _study_recipe(settings: Mapping[str, Any], defaults: Mapping[str, Any], verb: str) -> Recipe:
    """Make the recipe of a study; raises RecipeError for settings that only a model has."""
    for name in FOR_FIT_ALONE:
        if name in settings:
            raise RecipeError(f"The setting {name} does not go with {verb}.", "It is for fit.", "Leave it out.")
    return Recipe.from_mapping({**defaults, **settings})
