"""``headstart fit``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from headstart.cli import options
from headstart.cli.console import print_json
from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb
from headstart.runtime.context import RunContext
from headstart.settings.keys import all_settings

FIRST = ("encoder", "method", "preset", "time_limit", "seed")  # most people need these before all others


@verb(*dict.fromkeys((*FIRST, *all_settings())), "cache", "no_cache", "json")
def fit(
    data: options.DataSource,
    second: Annotated[
        str | None, Argument(metavar="[TEST]", help="The same to score, instead of holding a part out: --test.")
    ] = None,
    *,
    call: Call,
    recipe: Annotated[Path | None, option(help="TOML file with these settings; a flag beats the file.")] = None,
    out: options.RunFolder = None,
    resume: options.Resume = False,
    find_rate: Annotated[
        bool, option("--find-rate", help="Look for the learning rate first; draws the curve.", group="training")
    ] = False,
    no_augment: Annotated[bool, option("--no-augment", help="The same as --augment none.", group="image")] = False,
    tensorboard: Annotated[
        bool, option("--tensorboard", help="Write files for TensorBoard into the run folder.", group="training")
    ] = False,
    profile: Annotated[
        bool, option("--profile", help="Profile some steps: a trace, and the dearest operations.", group="training")
    ] = False,
    dry_run: Annotated[bool, option("--dry-run", help="Say what was understood and what it will cost; stop.")] = False,
) -> None:
    """Fit a model to labelled pictures or texts, score it, save it.

    Example: headstart fit flowers/ --out runs/flowers

    flowers/ holds one folder per class, or train/ and test/ do. Or a table.
    """
    from headstart.workflows.fit import run_fit
    from headstart.workflows.plan import estimate_time, plan_fit
    from headstart.workflows.text_parts.recognise import find_parts

    if second:
        call.given.setdefault("test", second)
    context = replace(call.context, resume=resume, tensorboard=tensorboard, profile=profile, find_rate=find_rate)
    parts = find_parts(data)
    if parts is not None:
        _fit_parts(parts, data, call, recipe, out, None if dry_run else context)
        return
    if no_augment:
        call.given["augment"] = "none"
    planning = replace(context, keep_features=context.keep_features and not dry_run)  # a dry run writes nothing
    plan = plan_fit(data, call.recipe(recipe), planning, out=None if resume else out)
    call.print_beside(plan.lines(call.texts, every_class=dry_run))
    if not dry_run and plan.unlabelled:
        from headstart.workflows.zero_shot import fit_unlabelled

        call.show(fit_unlabelled(plan, context, out))
        return
    if not dry_run:
        call.show(run_fit(plan, context, out=out).report)
        return
    estimate = estimate_time(plan, context)
    if call.as_json:
        call.steps.close()
        print_json(plan.to_json() | estimate.to_json())
    else:
        call.show(estimate)


def _fit_parts(  # six: what, and what of the verb counts here
    name: str,
    data: Any,  # noqa: ANN401 - as the argument of the verb
    call: Call,
    recipe: Path | None,
    out: Path | None,
    context: RunContext | None,
) -> None:
    """Fit a model whose answers are parts of a text, and say that the file asks for one; without a context, stop."""
    from headstart.workflows.text_parts.fit import fit_parts, plan_parts

    wanted = call.recipe(recipe)
    plan = plan_parts(name, data, wanted)
    call.print_beside(plan.lines(call.texts))
    call.steps.keeps, call.steps.resumes = False, plan.method != "probe"
    if context is not None:
        call.show(fit_parts(plan, wanted, context, out))
    elif call.as_json:
        print_json(plan.to_json())
