"""What pretraining is worth: ``headstart compare``, as a row of named stages."""

import math
from collections.abc import Sequence
from dataclasses import replace

from headstart.encoders.spec import Encoder, simple_encoders
from headstart.encoders.variants import require_whole
from headstart.errors import RecipeError
from headstart.modalities.base import load_modality
from headstart.registry import nearest
from headstart.runtime.context import RunContext
from headstart.runtime.findings import did_you_mean
from headstart.settings.fields import seconds_of
from headstart.settings.recipe import Recipe
from headstart.studies.compare import ComparisonRequest, compare_arms, identity, require_torch, usable_shots
from headstart.studies.compare_report import CompareReport, report_answers
from headstart.studies.conditions import ALL, ARMS, TRAINED, make_arena
from headstart.studies.result_cache import ResultStore
from headstart.workflows.embed import Data, read_usable
from headstart.workflows.load_encoder import planned_encoder
from headstart.workflows.plan import plan_fit

DEFAULT_ARMS = ("majority", "colours", "random", "probe")  # those that train no network: seconds

DEFAULT_SHOTS = (1, 2, 5, 10, 20, 50)


def run_comparison(data: Data, wanted: ComparisonRequest, recipe: Recipe, context: RunContext) -> CompareReport:
    """Measure what pretraining is worth on this data: see :mod:`headstart.studies.compare`.

    Raises as :func:`plan`; nothing of the part to score is used but for scoring.
    """
    require_torch(wanted.arms)
    for arm in TRAINED:
        if arm in wanted.arms:
            require_whole(recipe.encoder.name, arm)
    planned = plan_fit(data, recipe, context)
    encoder, modality = planned_encoder(planned, context), load_modality(planned.dataset.modality)
    baseline = simple_encoders(modality.name).fit_baseline(planned.examples_to_fit())
    encoders: dict[str, Encoder] = {"probe": encoder, modality.baseline_arm: baseline}
    if "random" in wanted.arms:
        from headstart.encoders.random_init import untrained_encoder  # loads torch: seconds

        encoders["random"] = untrained_encoder(encoder.spec, encoder.files, recipe.run.seed, context.cache_folder)
    walks = {  # one by one: the engines differ
        arm: read_usable(planned.inspection, (one,), context, planned.inspection.usable, recipe.data.strict)
        for arm, one in encoders.items()
    }
    arena = make_arena(planned, encoder, walks)
    wanted = replace(wanted, shots=usable_shots(arena.fit.labels, wanted.shots))
    kept = context.cache_folder / "studies" / f"compare-{identity(arena, wanted.steps)[:32]}.jsonl"
    store = ResultStore(kept if context.keep_features else None)
    answers = compare_arms(arena, wanted, store, context)
    return report_answers(answers, arena.test.groups, recipe.run.seed, recipe.uncertainty.resamples)


def read_wanted(
    arms: Sequence[str] | None, shots: Sequence[str | int] | None, draws: int, steps: int, limit: str
) -> ComparisonRequest:
    """Read what is to be compared; raises RecipeError for what cannot be."""
    for arm in arms or ():
        if arm not in ARMS:
            raise RecipeError("workflows.unknown_arm", arm=arm, names=ARMS, hint=did_you_mean(nearest(arm, ARMS)))
    texts = [str(one) for one in shots or ()]
    numbers = [ALL if one == "all" else int(one) if one.isdecimal() else -1 for one in texts]
    if any(number < 0 for number in numbers) or "0" in texts or draws < 1 or steps < 1:
        raise RecipeError("workflows.wrong_numbers")
    return ComparisonRequest(
        tuple(arms or DEFAULT_ARMS), tuple(numbers) or (*DEFAULT_SHOTS, ALL), draws, steps,
        seconds_of(limit) if limit else math.inf,
    )  # fmt: skip
