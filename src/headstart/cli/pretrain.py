"""``headstart pretrain``."""

import shlex
from dataclasses import replace
from typing import Annotated

import click

from headstart.cli import options
from headstart.cli.console import print_lines
from headstart.cli.language import translate
from headstart.cli.parameters import Argument, option
from headstart.cli.verb import Call, verb

METHODS = {"random": "scratch", "pretrained": "full"}


@verb(
    *("encoder", "epochs", "time_limit", "batch_size", "optimizer", "lr", "augment", "ema", "patience"),
    *("test_fraction", "seed", "device", "cache", "json"),
)
def pretrain(
    source: Annotated[
        str, Argument(metavar="SOURCE", help="The source task: a folder with one folder per class, or a table.")
    ],
    weights: Annotated[str, option(help="What training starts from: random or pretrained weights.")] = "random",
    *,
    call: Call,
    out: options.RunFolder = None,
    resume: options.Resume = False,
) -> None:
    """Train a network on your own source task, to transfer from it afterwards.

    Example: headstart pretrain animals/ --out runs/animals

    Then: headstart fit pets/ --encoder runs/animals
    """
    if weights not in METHODS:
        raise click.BadParameter(
            translate("--weights is '{given}'; it can be random or pretrained.").format(given=weights)
        )
    from headstart.workflows.fit import run_fit
    from headstart.workflows.plan import plan_fit

    context = replace(call.context, resume=resume)
    plan = plan_fit(source, call.recipe(method=METHODS[weights]), context, out=None if resume else out)
    call.print_beside(plan.lines(call.texts))
    run = run_fit(plan, context, out=out)
    call.show(run.report)
    if not call.as_json:
        command = f"headstart fit DATA --encoder {shlex.quote(str(run.report.folder))}"
        print_lines([translate("Transfer from it: {command}").format(command=command)])
