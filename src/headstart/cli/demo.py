"""``headstart demo``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.runtime.context import RunContext


def demo(
    out: Annotated[Path | None, typer.Option(help="Run folder, used as given.  [default: a new runs/demo-N]")] = None,
    lang: options.PageLanguage = None,
    seed: options.Seed = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Fit a model to real photographs of fruit.

    Example: headstart demo

    The 14 kinds of fruit and the network both come from packages: nothing is downloaded.
    """
    with explained(debug, keeps=not no_cache) as steps:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.fit import run_fit
        from headstart.workflows.plan import plan_demo

        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps, language=lang or "en")
        plan = plan_demo(read_recipe(None, {"seed": seed or 0}), context, out=out)
        steps.close()
        print_lines(plan.lines(), to_error=as_json)
        run = run_fit(plan, context, out=out)
        steps.close()
        if as_json:
            print_json(run.report.to_json())
        else:
            print_lines(run.report.lines())
