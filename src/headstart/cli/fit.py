"""``headstart fit``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli import training_options as training
from headstart.cli.console import chosen, explained, print_json, print_lines
from headstart.runtime.context import RunContext


def fit(
    data: options.DataSource,
    encoder: options.EncoderName = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="How far the weights move: probe, lpft, full, last:N, gradual, norm, lora or scratch."
            "  [default: probe]"
        ),
    ] = None,
    preset: training.Preset = None,
    time_limit: training.TimeLimit = None,
    head: Annotated[
        str | None,
        typer.Option(help="auto, logistic, ridge, lda, knn, centroid or mlp.  [default: auto]"),
    ] = None,
    activation: Annotated[str | None, typer.Option(help="Of the mlp: relu, sigmoid or tanh.  [default: relu]")] = None,
    hidden: Annotated[int | None, typer.Option(help="Width of the mlp's hidden layer.  [default: 128]")] = None,
    balance: Annotated[bool | None, typer.Option("--balance", help="Weigh every class alike while fitting.")] = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Held out for scoring when the data has no part for it.  [default: 0.2]")
    ] = None,
    inner_folds: Annotated[
        int | None,
        typer.Option(help="Of the cross-validation that chooses the head, inside the part to fit.  [default: 5]"),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="Score every picture, in so many folds, instead of holding a part out.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(help="Of the folds, each time drawn anew.  [default: 1]")] = None,
    group_by: options.GroupBy = None,
    group_pattern: options.GroupPattern = None,
    keep_duplicates_together: options.KeepTogether = None,
    resamples: Annotated[
        int | None, typer.Option(help="Of the bootstrap behind the intervals.  [default: 1000]")
    ] = None,
    coverage: options.Coverage = None,
    sets: Annotated[
        str | None, typer.Option(help="How sets of classes are made: lac, aps or raps.  [default: lac]")
    ] = None,
    abstain: options.Abstain = None,
    novelty: Annotated[
        str | None,
        typer.Option(
            help="How pictures unlike the training pictures are found: neighbours, energy, mahalanobis or none."
            "  [default: neighbours]"
        ),
    ] = None,
    false_alarms: options.FalseAlarms = None,
    reject_unlike: options.RejectUnlike = None,
    strict: options.Strict = None,
    seed: options.Seed = None,
    device: options.Device = None,
    precision: Annotated[
        str | None,
        typer.Option(help="fp32, or int8: the network is quantised before the head is fitted.  [default: fp32]"),
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="TOML file with these settings; a flag beats the file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder, used as given.  [default: a new runs/NAME-N]")] = None,
    lang: options.PageLanguage = None,
    resume: training.Resume = False,
    epochs: training.Epochs = None,
    batch_size: training.BatchSize = None,
    optimizer: training.Optimizer = None,
    lr: training.Rate = None,
    find_rate: training.FindRate = False,
    weight_decay: training.WeightDecay = None,
    layer_decay: training.LayerDecay = None,
    schedule: training.Schedule = None,
    warmup: training.Warmup = None,
    label_smoothing: training.LabelSmoothing = None,
    mixup: training.Mixup = None,
    cutmix: training.Cutmix = None,
    augment: training.Augment = None,
    no_augment: training.NoAugment = False,
    flip: training.Flip = None,
    views: training.Views = None,
    prefix_cache: training.PrefixCache = None,
    clip: training.Clip = None,
    accumulate: training.Accumulate = None,
    ema: training.Average = None,
    wise: training.Wise = None,
    l2sp: training.PullBack = None,
    patience: training.Patience = None,
    validation_fraction: training.ValidationFraction = None,
    batch_norm: training.BatchNorm = None,
    rank: training.Rank = None,
    checkpoint_seconds: training.CheckpointSeconds = None,
    tensorboard: training.TensorBoard = False,
    profile: training.Profile = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what was understood and what it will cost; stop.")
    ] = False,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Fit a model to labelled pictures, score it, save it.

    Example: headstart fit flowers/ --out runs/flowers

    flowers/ holds one folder of pictures per class, or train/ and test/ with such folders inside.
    """
    given = chosen(locals())  # first of all, while there is nothing else among them
    moves = given.get("method", "probe") != "probe" or given.get("preset", "fast") != "fast"
    with explained(debug, keeps=not no_cache, resumes=moves) as steps:
        context = RunContext(  # first, since its clock starts here
            cache=cache, keep_features=not no_cache, progress=steps, notify=steps.tell, resume=resume,
            tensorboard=tensorboard, profile=profile, find_rate=find_rate, language=lang or "en",
        )  # fmt: skip
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.fit import run_fit
        from headstart.workflows.plan import estimate_time, plan_fit

        planning = replace(context, keep_features=not (no_cache or dry_run))  # a dry run writes nothing
        plan = plan_fit(data, read_recipe(recipe, given, steps.tell), planning, out=None if resume else out)
        steps.close()
        print_lines(plan.lines(), to_error=as_json)
        if dry_run:
            estimate = estimate_time(plan, context)
            steps.close()
            if as_json:
                print_json(plan.to_json() | estimate.to_json())
            else:
                print_lines(estimate.lines())
            return
        run = run_fit(plan, context, out=out)
        steps.close()
        if as_json:
            print_json(run.report.to_json())
        else:
            print_lines(run.report.lines())
