"""``headstart rank``."""

from typing import Annotated

from headstart.cli import options
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb


@verb(
    *(
        "balance",
        "inner_folds",
        "group_by",
        "group_pattern",
        "keep_duplicates_together",
        "strict",
        "max_megapixels",
        "seed",
        "device",
    ),
    *("path_column", "label_column", "text_column", "encoding", "images", "test", "cache", "no_cache", "json"),
    balance="Weigh every class alike.",
    inner_folds="Of the cross-validation.  [default: 5]",
)
def rank(
    data: options.DataSource,
    encoders: Annotated[
        list[str] | None,
        option(help="Names of encoders, one after the other.  [default: those that are on this machine]"),
    ] = None,
    stages: Annotated[
        list[int] | None, option(help="Candidates besides: the first so many stages of each, such as 5 6.")
    ] = None,
    sizes: Annotated[
        list[int] | None, option(help="Candidates besides: smaller pictures for each, in pixels, such as 160.")
    ] = None,
    *,
    call: Call,
    out: options.StudyFolder = None,
) -> None:
    """Say which encoder suits labelled pictures or texts.

    Example: headstart rank flowers/ --encoders efficientnet_lite0 efficientnet_lite1 efficientnet_lite2

    The part to score is not looked at: the choice is made by cross-validation on the part to learn from. Stages and
    sizes get names that fit takes as --encoder: efficientnet_lite0[:5], efficientnet_lite0@160.
    """
    from headstart.workflows.rank import Candidates, run_ranking
    from headstart.workflows.report import StudyPlace

    place = StudyPlace("rank", out)
    candidates = Candidates(tuple(encoders or ()), tuple(stages or ()), tuple(sizes or ()))
    report = run_ranking(data, candidates, call.recipe(), call.context)
    call.steps.close()
    kept = place.write(report.to_study(), call.page_language(out))
    call.show(report)
    call.print_beside(kept)
