"""``headstart pretrain``."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli import training_options as training
from headstart.cli.console import chosen, explained, print_json, print_lines
from headstart.runtime.context import RunContext

METHODS = {"random": "scratch", "pretrained": "full"}


def pretrain(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The source task: a folder with one folder per class, or a table.")
    ],
    encoder: options.EncoderName = None,
    weights: Annotated[str, typer.Option(help="What training starts from: random or pretrained weights.")] = "random",
    epochs: training.Epochs = None,
    time_limit: training.TimeLimit = None,
    batch_size: training.BatchSize = None,
    optimizer: training.Optimizer = None,
    lr: training.Rate = None,
    augment: training.Augment = None,
    ema: training.Average = None,
    patience: training.Patience = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Held out for scoring when the data has no part for it.  [default: 0.2]")
    ] = None,
    seed: options.Seed = None,
    device: options.Device = None,
    out: Annotated[Path | None, typer.Option(help="Run folder, used as given.  [default: a new runs/NAME-N]")] = None,
    resume: training.Resume = False,
    cache: options.Cache = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Train a network on your own source task, to transfer from it afterwards.

    Example: headstart pretrain animals/ --out runs/animals

    Then: headstart fit pets/ --encoder runs/animals
    """
    given = chosen(locals())  # first of all, while there is nothing else among them
    if weights not in METHODS:
        raise typer.BadParameter(f"--weights is '{weights}'; it can be random or pretrained.")
    with explained(debug, keeps=True, resumes=True) as steps:
        context = RunContext(cache=cache, progress=steps, notify=steps.tell, resume=resume)  # its clock starts
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.fit import run_fit
        from headstart.workflows.plan import plan_fit

        recipe = read_recipe(None, {"method": METHODS[weights], **given})
        plan = plan_fit(source, recipe, context, out=None if resume else out)
        steps.close()
        print_lines(plan.lines(), to_error=as_json)
        run = run_fit(plan, context, out=out)
        steps.close()
        if as_json:
            print_json(run.report.to_json())
        else:
            print_lines(run.report.lines())
            print_lines([f"Transfer from it: headstart fit DATA --encoder {shlex.quote(str(run.report.folder))}"])
