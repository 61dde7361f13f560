"""``headstart demo``."""

from pathlib import Path
from typing import Annotated

from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb


@verb("seed", "cache", "no_cache", "json")
def demo(
    call: Call,
    out: Annotated[Path | None, option(help="Run folder, used as given.  [default: a new runs/demo-N]")] = None,
) -> None:
    """Fit a model to real photographs of fruit.

    Example: headstart demo

    The 14 kinds of fruit and the network both come from packages: nothing is downloaded.
    """
    from headstart.workflows.fit import run_fit
    from headstart.workflows.plan import plan_demo

    plan = plan_demo(call.recipe(), call.context, out=out)
    call.print_beside(plan.lines(call.texts))
    call.show(run_fit(plan, call.context, out=out).report)
