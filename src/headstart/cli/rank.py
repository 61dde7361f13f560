"""``headstart rank``."""

from typing import Annotated

import typer

from headstart.cli import options
from headstart.cli.console import chosen, explained, print_json, print_lines
from headstart.runtime.context import RunContext


def rank(
    data: options.DataSource,
    encoders: Annotated[
        list[str] | None,
        typer.Option(help="Names of encoders, one after the other.  [default: those that are on this machine]"),
    ] = None,
    stages: Annotated[
        list[int] | None,
        typer.Option(help="Candidates besides: the first so many stages of each, such as 5 6."),
    ] = None,
    sizes: Annotated[
        list[int] | None, typer.Option(help="Candidates besides: smaller pictures for each, in pixels, such as 160.")
    ] = None,
    balance: Annotated[bool | None, typer.Option("--balance", help="Weigh every class alike.")] = None,
    inner_folds: Annotated[int | None, typer.Option(help="Of the cross-validation.  [default: 5]")] = None,
    group_by: options.GroupBy = None,
    group_pattern: options.GroupPattern = None,
    keep_duplicates_together: options.KeepTogether = None,
    strict: options.Strict = None,
    seed: options.Seed = None,
    device: options.Device = None,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    out: options.StudyFolder = None,
    lang: options.PageLanguage = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Say which encoder suits labelled pictures.

    Example: headstart rank flowers/ --encoders efficientnet_lite0 efficientnet_lite1 efficientnet_lite2

    The part to score is not looked at: the choice is made by cross-validation on the part to learn from. Stages and
    sizes get names that fit takes as --encoder: efficientnet_lite0[:5], efficientnet_lite0@160.
    """
    given = chosen(locals())  # first of all, while there is nothing else among them
    with explained(debug, keeps=not no_cache) as steps:
        from headstart.settings.recipe import read_recipe
        from headstart.workflows.rank import ranked_names, run_ranking
        from headstart.workflows.report import keep_study, require_study_free

        require_study_free("rank", out)
        context = RunContext(cache=cache, keep_features=not no_cache, progress=steps)
        names = ranked_names(encoders or [], stages or [], sizes or [], context)
        report = run_ranking(data, names, read_recipe(None, given), context)
        steps.close()
        kept = keep_study("rank", {"ranking": report.to_json()}, out, lang)
        if as_json:
            print_json(report.to_json())
        else:
            print_lines(report.lines())
        print_lines(kept, to_error=as_json)
