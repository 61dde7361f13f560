"""Which encoder suits the data: ``headstart rank``, as a row of named stages."""

from dataclasses import dataclass

import numpy as np

from headstart.data.example import Dataset
from headstart.encoders.loading import list_encoders
from headstart.encoders.variants import candidates_of
from headstart.features.access import seconds_per_example
from headstart.probing.probe import require_held_out
from headstart.probing.rows import select_sample
from headstart.reporting.report import data_findings
from headstart.runtime.context import RunContext
from headstart.runtime.findings import WARNING
from headstart.settings.recipe import Recipe
from headstart.studies.layer_study import families_of, stage_features
from headstart.studies.rank import rank_scored, score_encoder
from headstart.studies.rank_report import RankReport, cost_of
from headstart.tasks.base import load_task
from headstart.workflows.embed import Data, read_as, read_usable
from headstart.workflows.load_encoder import list_names, named_encoder, require_encoder
from headstart.workflows.plan import plan_fit


@dataclass(frozen=True, slots=True)
class Candidates:
    """Encoders by name (none: all that are here), each followed by its first stages and by smaller inputs."""

    encoders: tuple[str, ...] = ()
    stages: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()

    def names(self, dataset: Dataset, context: RunContext) -> tuple[str, ...]:
        """Name all candidates for a dataset."""
        named = self.encoders or list_names(dataset, context)
        return tuple(dict.fromkeys(candidates_of(named, self.stages, self.sizes)))


def run_ranking(data: Data, candidates: Candidates, recipe: Recipe, context: RunContext) -> RankReport:
    """Rank encoders by what their features say about the part to learn from.

    Several stages of one network are read in one pass.

    Raises DataError when there are too few examples to hold any out, and as :func:`plan`.
    """
    dataset = read_as(data, recipe, recipe.data.task)
    names = candidates.names(dataset, context)
    for name in names:
        require_encoder(name, dataset, context)
    planned = plan_fit(dataset, recipe.replace(encoder=names[0], test=""), context)
    families, learned = families_of(names), planned.examples_to_fit()
    read, loaded = (
        {one: named_encoder(one, recipe.run.device, context, dataset.modality, learned) for one in some}
        for some in (dict.fromkeys(families.values()), names)
    )
    keys = planned.inspection.keys
    walk = read_usable(planned.inspection, tuple(read.values()), context, planned.parts.fit, recipe.data.strict)
    matrices = dict(zip(read, (found.matrix for found in walk.features), strict=True))
    groups = planned.inspection.together
    fitted = select_sample(dataset, planned.parts.fit, groups, walk.failures)
    require_held_out(fitted.strata, fitted.groups)
    scored = []
    for number, name in enumerate(names):
        family = families[name]
        matrix = stage_features(matrices[family], name, read[family])[fitted.positions]
        scored.append(score_encoder(name, matrix, fitted, dataset.target, recipe))
        context.progress("ranking", number + 1, len(names))
    ranking = rank_scored(scored, fitted.groups, recipe.run.seed, recipe.uncertainty.resamples)
    examples = [dataset.examples[position] for position in fitted.positions]
    kept = [keys[position] for position in fitted.positions]
    published = {row.name: row.top1 for row in list_encoders(context.cache_folder)}
    costs = {
        name: cost_of(one, 1000 * seconds_per_example(examples, kept, (one,), context), published.get(name))
        for name, one in loaded.items()
    }
    metric = load_task(dataset.target.task).metrics.name
    found = data_findings(planned.inspection, walk, planned.parts.notices, least=WARNING)
    group_count = len(np.unique(fitted.groups))
    return RankReport(ranking, costs, len(kept), group_count, found, metric, dataset.modality)
