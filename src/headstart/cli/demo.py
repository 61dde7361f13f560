"""``headstart demo``."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.places import Place
from headstart.workplace import Workplace


def demo(
    out: Annotated[Path | None, typer.Option(help="Run folder, used as given.  [default: a new runs/demo-N]")] = None,
    lang: options.Language = None,
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
        from headstart import pipeline

        place = Place(cache=cache, keep_features=not no_cache, progress=steps)
        plan = pipeline.plan_demo(pipeline.read_recipe(None, {"seed": seed or 0}), place, out=out)
        steps.close()
        print_lines(plan.lines(), to_error=as_json)
        run = pipeline.run(plan, place, out=out, work=Workplace(language=lang or "en"))
        steps.close()
        if as_json:
            print_json(run.report.to_json())
        else:
            print_lines(run.report.lines())
