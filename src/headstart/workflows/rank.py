"""Which encoder suits the data: ``headstart rank``, as a row of named stages."""

from collections.abc import Sequence

import numpy as np

from headstart.encoders.loading import list_encoders
from headstart.encoders.variants import candidates_of
from headstart.encoders.weights import locate_weights
from headstart.features.access import seconds_per_example
from headstart.probing.probe import require_held_out
from headstart.probing.rows import select_sample
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.studies.layer_study import families_of, stage_features
from headstart.studies.rank import rank_scored, score_encoder
from headstart.studies.rank_report import RankReport, cost_of
from headstart.workflows.embed import Data, read_usable
from headstart.workflows.load_encoder import named_encoder
from headstart.workflows.plan import plan_fit


def run_ranking(data: Data, encoders: Sequence[str], recipe: Recipe, context: RunContext) -> RankReport:
    """Put encoders in order by what their features say about the part to learn from; none means all that are here.

    Several stages of one network are read in one pass.

    Raises DataError when there are too few pictures to hold any out, and as :func:`plan`.
    """
    names = tuple(dict.fromkeys(encoders))
    for name in names:
        locate_weights(name, context.cache_folder)
    planned = plan_fit(data, recipe.replace(encoder=names[0]), context)
    families = families_of(names)
    read, loaded = (
        {one: named_encoder(one, recipe.run.device, context) for one in some}
        for some in (dict.fromkeys(families.values()), names)
    )
    dataset, keys = planned.dataset, planned.inspection.keys
    walk = read_usable(planned.inspection, tuple(read.values()), context, planned.parts.fit, recipe.data.strict)
    matrices = dict(zip(read, (found.matrix for found in walk.features), strict=True))
    groups = planned.inspection.together
    fitted = select_sample(dataset, planned.parts.fit, groups, walk.failures)
    require_held_out(fitted.labels, fitted.groups)
    scored = []
    for number, name in enumerate(names):
        family = families[name]
        matrix = stage_features(matrices[family], name, read[family])[fitted.positions]
        scored.append(score_encoder(name, matrix, fitted.labels, len(dataset.classes), fitted.groups, recipe))
        context.progress("ranking", number + 1, len(names))
    ranking = rank_scored(scored, fitted.groups, recipe.run.seed, recipe.uncertainty.resamples)
    examples = [dataset.examples[position] for position in fitted.positions]
    kept = [keys[position] for position in fitted.positions]
    published = {row.name: row.top1 for row in list_encoders(context.cache_folder)}
    costs = {
        name: cost_of(one, 1000 * seconds_per_example(examples, kept, (one,), context), published.get(name))
        for name, one in loaded.items()
    }
    return RankReport(ranking, costs, len(kept), len(np.unique(fitted.groups)), walk.notices)


def ranked_names(
    encoders: Sequence[str], stages: Sequence[int], sizes: Sequence[int], context: RunContext
) -> tuple[str, ...]:
    """Name the candidates: encoders (none: all that are here), each followed by its stages and sizes."""
    names = tuple(encoders) or tuple(row.name for row in list_encoders(context.cache_folder) if row.here)
    return candidates_of(names, stages, sizes)
