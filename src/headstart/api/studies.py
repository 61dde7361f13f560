"""The public calls that say something about data or encoders, and make no model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from headstart.api.models import Data
from headstart.errors import public_call
from headstart.runtime.context import RunContext
from headstart.runtime.progress import Progress, silent
from headstart.settings.fields import list_values
from headstart.settings.keywords import Settings
from headstart.settings.recipe import Recipe, quick_head, study_recipe
from headstart.settings.rules import given_settings

if TYPE_CHECKING:
    from headstart.studies.alignment import AlignmentReport
    from headstart.studies.check_report import CheckReport
    from headstart.studies.compare_report import CompareReport
    from headstart.studies.distance import DistanceReport
    from headstart.studies.rank_report import RankReport
    from headstart.studies.search_report import SearchReport


@public_call
def check(
    data: Data,
    recipe: Recipe | None = None,
    *,
    out: str | Path | None = None,
    export: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "CheckReport":
    """Find what is wrong with labelled pictures: near copies, likely label errors, outliers, poor pictures.

    ``out`` is a folder for ``check.json``, ``report.html``, a table and sheets of pictures: a new one, or a run's;
    ``export`` one for the list of suspect pictures and a cleaned table. The rest is as for :func:`headstart.fit`; of
    the settings count encoder, head, seed, groups, strict and the like.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> check(plain, head="ridge").to_json()["counts"]["near_duplicates"]
    0
    """
    from headstart.workflows.check import run_check

    chosen = Recipe.from_mapping({"head": "logistic", **given_settings(recipe), **settings})
    places = tuple(Path(one).expanduser() if one is not None else None for one in (out, export))
    return run_check(data, chosen, RunContext(cache=cache, progress=progress), out=places[0], export=places[1])


@public_call
def compare(  # type: ignore[misc]  # one of the settings, shots, are several here
    data: Data,
    *,
    arms: Sequence[str] | None = None,
    shots: Sequence[int | str] | None = None,
    draws: int = 5,
    steps: int = 100,
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "CompareReport":
    """Measure how much the pretrained network helps on labelled pictures.

    ``arms`` are of majority, colours, random, probe, scratch, matched, lpft and full; None takes those that train no
    network. ``shots`` are examples per class to learn from, drawn ``draws`` times: ``"all"`` takes all there are, None
    takes 1, 2, 5, 10, 20, 50 and all. Every training of all arms has so many ``steps``. ``settings`` are those of a
    :class:`Recipe`: encoder, head (``"ridge"`` unless named), balance, seed, time_limit and the like. The rest is as
    for :func:`headstart.fit`. What was computed is kept: the same call goes on after a stop.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> found = compare(plain, arms=["majority", "probe"], shots=[2, "all"], draws=2)
    >>> [(gain.arm, gain.against, gain.shots, gain.difference.value) for gain in found.gains]
    [('probe', 'majority', '2', 0.5), ('probe', 'majority', 'all', 0.5)]
    """
    from headstart.workflows.compare import read_wanted, run_comparison

    recipe = study_recipe(settings, {"head": quick_head(settings)}, "compare")
    wanted = read_wanted(list_values(arms), list_values(shots), draws, steps, recipe.training.time_limit)
    return run_comparison(data, wanted, recipe.replace(time_limit=""), RunContext(cache=cache, progress=progress))


@public_call
def rank(
    data: Data,
    encoders: Sequence[str] = (),
    *,
    stages: Sequence[int] = (),
    sizes: Sequence[int] = (),
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "RankReport":
    """Rank encoders by what their features say about labelled pictures; none means all that are here.

    ``stages`` and ``sizes`` add candidates behind each: its first stages alone, and smaller pictures in pixels. Their
    names, such as ``efficientnet_lite0[:5]`` and ``efficientnet_lite0@160``, are encoders that :func:`fit` takes.
    ``data``, ``cache``, ``progress``, ``settings`` and what is raised are as for :func:`headstart.fit`.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> found = rank(plain, ["efficientnet_lite0"])
    >>> found.ranking.scored[0].name, found.ranking.standings[0].accuracy.value
    ('efficientnet_lite0', 1.0)
    """
    from headstart.workflows.rank import Candidates, run_ranking

    context = RunContext(cache=cache, progress=progress)
    candidates = Candidates(*map(list_values, (encoders, stages, sizes)))
    return run_ranking(data, candidates, study_recipe(settings, {}, "rank"), context)


@overload
def distance(
    one: Data, other: Data, *, cache: str | Path | None = None, progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "DistanceReport": ...  # fmt: skip


@overload
def distance(
    one: Data, *, encoders: Sequence[str], cache: str | Path | None = None, progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "AlignmentReport": ...  # fmt: skip


@public_call
def distance(
    one: Data,
    other: Data | None = None,
    *,
    encoders: Sequence[str] = (),
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "DistanceReport | AlignmentReport":
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
    from headstart.workflows.distance import run_either_distance

    recipe = study_recipe(settings, {"head": quick_head(settings)}, "distance")
    return run_either_distance(one, other, list_values(encoders), recipe, RunContext(cache=cache, progress=progress))


@public_call
def search(
    data: Data,
    query: Any = None,  # noqa: ANN401 - an example, or a list of such
    top: int = 10,
    *,
    pairs: str | Path | None = None,
    sentences: bool = False,
    cache: str | Path | None = None,
    progress: Progress = silent,
    **settings: Unpack[Settings],
) -> "SearchReport":
    """Find what is nearest to an example, or to each of several: the ``top`` results of each, by the cosine.

    ``data`` and the rest are as for :func:`headstart.distance`, or a run. Of texts, a query may be a text itself, and
    ``sentences`` searches those of documents. ``pairs`` is a table of queries and answers to measure the search on.

    Examples
    --------
    >>> from PIL import Image
    >>> three = [Image.new("RGB", (64, 64), name) for name in ("red", "blue", "darkred")]
    >>> [near.name for near in search(three, three[0], top=2).results[0].found]
    ['#0', '#2']
    """
    from headstart.workflows.search import Search, run_search

    wanted = Search(query, None if pairs is None else Path(pairs).expanduser(), top, sentences)
    return run_search(data, wanted, study_recipe(settings, {}, "search"), RunContext(cache=cache, progress=progress))
