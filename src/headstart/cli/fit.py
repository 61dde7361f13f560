"""``headstart fit``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import print_json
from headstart.cli.verb import Call, verb
from headstart.settings.recipe import all_settings

FIRST = ("encoder", "method", "preset", "time_limit", "seed")  # most people need these before all others


@verb(*dict.fromkeys((*FIRST, *all_settings())), "cache", "no_cache", "lang", "json")
def fit(
    data: options.DataSource,
    call: Call,
    recipe: Annotated[Path | None, typer.Option(help="TOML file with these settings; a flag beats the file.")] = None,
    out: options.RunFolder = None,
    resume: options.Resume = False,
    find_rate: Annotated[
        bool,
        typer.Option(
            "--find-rate", help="Look for the learning rate first; draws the curve.", rich_help_panel="training"
        ),
    ] = False,
    no_augment: Annotated[
        bool, typer.Option("--no-augment", help="The same as --augment none.", rich_help_panel="image")
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard", help="Write files for TensorBoard into the run folder.", rich_help_panel="training"
        ),
    ] = False,
    profile: Annotated[
        bool,
        typer.Option(
            "--profile", help="Profile some steps: a trace, and the dearest operations.", rich_help_panel="training"
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what was understood and what it will cost; stop.")
    ] = False,
) -> None:
    """Fit a model to labelled pictures, score it, save it.

    Example: headstart fit flowers/ --out runs/flowers

    flowers/ holds one folder of pictures per class, or train/ and test/ with such folders inside.
    """
    from headstart.workflows.fit import run_fit
    from headstart.workflows.plan import estimate_time, plan_fit

    if no_augment:
        call.given["augment"] = "none"
    context = replace(call.context, resume=resume, tensorboard=tensorboard, profile=profile, find_rate=find_rate)
    planning = replace(context, keep_features=context.keep_features and not dry_run)  # a dry run writes nothing
    plan = plan_fit(data, call.recipe(recipe), planning, out=None if resume else out)
    call.print_beside(plan.lines())
    if not dry_run:
        call.show(run_fit(plan, context, out=out).report)
        return
    estimate = estimate_time(plan, context)
    if call.as_json:
        call.steps.close()
        print_json(plan.to_json() | estimate.to_json())
    else:
        call.show(estimate)
