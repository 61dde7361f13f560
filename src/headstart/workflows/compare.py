"""What pretraining is worth: ``headstart compare``, as a row of named stages."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from headstart.encoders.spec import Encoder
from headstart.errors import RecipeError
from headstart.modalities.base import Modality, load_modality
from headstart.probing.probe import ZERO_SHOT
from headstart.registry import nearest
from headstart.reporting.report import data_findings
from headstart.runtime.context import RunContext
from headstart.runtime.findings import NOTE, WARNING, Finding, about, did_you_mean
from headstart.settings.fields import seconds_of
from headstart.settings.recipe import Recipe
from headstart.studies.compare import ComparisonRequest, compare_arms, identity, require_torch, usable_shots
from headstart.studies.compare_report import CompareReport, report_answers
from headstart.studies.conditions import ALL, OF_NETWORKS, TRAINED, prepare_experiment
from headstart.studies.effect_sizes import Bootstrap
from headstart.studies.result_cache import ResultStore
from headstart.workflows.embed import Data, read_as, read_usable
from headstart.workflows.load_encoder import encode_names, planned_baseline, planned_encoder, require_trainable
from headstart.workflows.plan import plan_dataset, require_possible

DEFAULT_SHOTS = (1, 2, 5, 10, 20, 50)
LEFT_OUT = Finding("workflows.no_random_arm", severity=NOTE)


def run_comparison(data: Data, wanted: ComparisonRequest, recipe: Recipe, context: RunContext) -> CompareReport:
    """Measure what pretraining is worth on this data: see :mod:`headstart.studies.compare`.

    Raises as :func:`plan`; nothing of the part to score is used but for scoring.
    """
    require_torch(wanted.arms)
    dataset = read_as(data, recipe, recipe.data.task)
    modality = load_modality(dataset.modality)
    _require_arms(wanted.arms, modality)
    planned = plan_dataset(dataset, recipe, context)
    if set(wanted.arms) & set(TRAINED):
        require_possible(recipe.replace(method="full"), planned.dataset.target, modality.name)
    asked, wanted = wanted.arms, replace(wanted, arms=_arms_for(wanted.arms, modality, recipe.encoder.name))
    encoder, baseline = planned_encoder(planned, context), planned_baseline(planned)
    if "matched" in wanted.arms and encoder.files.weights is None:
        others = [arm for arm in (*modality.arms, *TRAINED) if arm != "matched"]
        raise RecipeError("workflows.unknown_arm", arm="matched", names=others, hint="")
    encoders: dict[str, Encoder] = {"probe": encoder, modality.arms[1]: baseline}
    if "random" in wanted.arms:
        with suppress(*(() if "random" in asked else (RecipeError,))):
            encoders["random"] = modality.untrained(encoder.spec, encoder.files, recipe.run.seed, context.cache_folder)
    missing = () if "random" in encoders or "random" not in wanted.arms else (LEFT_OUT,)
    wanted = replace(wanted, arms=tuple(arm for arm in wanted.arms if arm != "random" or not missing))
    walks = {  # one by one: the engines differ
        arm: read_usable(planned.inspection, (one,), context, planned.inspection.usable, recipe.data.strict)
        for arm, one in encoders.items()
    }
    arena = prepare_experiment(planned, encoder, walks)
    if ZERO_SHOT in wanted.arms:
        arena = replace(arena, names=encode_names(encoder, planned))
    wanted = replace(wanted, shots=usable_shots(arena.fit.strata, wanted.shots))
    kept = context.cache_folder / "studies" / f"compare-{identity(arena, wanted.steps)[:32]}.jsonl"
    store = ResultStore(kept if context.keep_features else None)
    answers = compare_arms(arena, wanted, store, context)
    found = data_findings(planned.inspection, walks["probe"], planned.parts.notices, least=WARNING)
    bootstrap = Bootstrap(arena.test.groups, recipe.run.seed, recipe.uncertainty.resamples)
    report = report_answers(answers, bootstrap, getattr(modality, "references", modality.arms[1:2]))
    factors = [
        one for one in report.factors if one.effect is not None or "random" in modality.arms
    ]  # what can be measured
    findings = (*found, *about((*missing, *report.findings), modality.name))
    return replace(report, factors=tuple(factors), findings=findings, modality=modality.name)


def _require_arms(wanted: Sequence[str], modality: Modality) -> None:
    """Raise RecipeError for an arm that a modality does not have; one of networks may lack one that could have it."""
    known = (*modality.arms, *TRAINED)
    for arm in wanted:
        if arm not in (*known, *OF_NETWORKS):
            raise RecipeError("workflows.unknown_arm", arm=arm, names=known, hint=did_you_mean(nearest(arm, known)))


def _arms_for(wanted: Sequence[str], modality: Modality, encoder: str) -> tuple[str, ...]:
    """Put the arms for a modality in order, its own ones when none is wanted; raises RecipeError without a network."""
    known = (*modality.arms, *TRAINED)
    require_trainable(encoder, modality.name, [arm for arm in wanted if arm in TRAINED or arm not in known])
    return tuple(arm for arm in known if arm in (wanted or modality.arms))


def read_wanted(
    arms: Sequence[str] | None, shots: Sequence[str | int] | None, draws: int, steps: int, limit: str
) -> ComparisonRequest:
    """Read what is to be compared; raises RecipeError for what cannot be."""
    texts = [str(one) for one in shots or ()]
    numbers = [ALL if one == "all" else int(one) if one.isdecimal() else -1 for one in texts]
    if any(number < 0 for number in numbers) or "0" in texts or draws < 1 or steps < 1:
        raise RecipeError("workflows.wrong_numbers")
    return ComparisonRequest(
        tuple(arms or ()), tuple(numbers) or (*DEFAULT_SHOTS, ALL), draws, steps,
        seconds_of(limit) if limit else math.inf,
    )  # fmt: skip
