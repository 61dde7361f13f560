"""``headstart compare``."""

from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import chosen, explained, print_json, print_lines
from headstart.runtime.context import RunContext


def compare(
    data: options.DataSource,
    arms: Annotated[
        list[str] | None,
        typer.Option(
            help="Of majority, colours, random, probe, scratch, matched (shuffled weights), lpft, full, one after the "
            "other.  [default: majority colours random probe]"
        ),
    ] = None,
    shots: Annotated[
        list[str] | None,
        typer.Option(help="Examples per class, and all.  [default: 1 2 5 10 20 50 all]"),
    ] = None,
    draws: Annotated[int, typer.Option(help="How often the examples are drawn.")] = 5,
    steps: Annotated[int, typer.Option(help="Steps of each training: the same for all arms.")] = 100,
    time_limit: Annotated[
        str, typer.Option(help="Begin nothing new after this time, such as 10m; what is missing is said.")
    ] = "",
    encoder: options.EncoderName = None,
    head: Annotated[str | None, typer.Option(help="Of the arms that move no weights.  [default: ridge]")] = None,
    balance: Annotated[bool | None, typer.Option("--balance", help="Weigh every class alike.")] = None,
    test_fraction: Annotated[
        float | None, typer.Option(help="Held out for scoring when the data has no part for it.  [default: 0.2]")
    ] = None,
    group_by: options.GroupBy = None,
    group_pattern: options.GroupPattern = None,
    keep_duplicates_together: options.KeepTogether = None,
    strict: options.Strict = None,
    seed: options.Seed = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    out: options.StudyFolder = None,
    lang: options.PageLanguage = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Measure how much the pretrained network helps.

    Example: headstart compare flowers/ --arms probe scratch --shots 5 20 --draws 3

    What was computed is kept: after a stop the same command goes on, and more arms or sizes cost only themselves.
    """
    limit = time_limit
    given = {name: value for name, value in chosen(locals()).items() if name != "time_limit"}
    with explained(debug, keeps=not no_cache) as steps_shown:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.compare import read_wanted, run_comparison
        from headstart.workflows.report import keep_study, require_study_free

        require_study_free("compare", out)
        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps_shown, notify=steps_shown.tell)
        wanted = read_wanted(arms, shots, draws, steps, limit)
        report = run_comparison(data, wanted, read_recipe(None, {"head": "ridge", **given}), context)
        steps_shown.close()
        kept = keep_study("compare", report.to_json(), out, lang)
        if as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())
        print_lines(kept, to_error=as_json)
