"""``headstart compare``."""

from typing import Annotated

from headstart.cli import options
from headstart.cli.parameters import option
from headstart.cli.verb import Call, verb
from headstart.settings.recipe import quick_head


@verb(
    *("encoder", "head", "balance", "test_fraction", "group_by", "group_pattern", "keep_duplicates_together"),
    *("path_column", "label_column", "text_column", "encoding", "images", "test", "strict", "max_megapixels", "seed"),
    *("cache", "no_cache", "json"),
    head="Of the arms that move no weights.  [default: ridge]",
    balance="Weigh every class alike.",
)
def compare(
    data: options.DataSource,
    arms: Annotated[
        list[str] | None,
        option(
            help="Of majority, colours, random, probe, scratch, matched (shuffled weights), lpft, full, for texts "
            "words, zero_shot, stacked, lora, too, one after the other.  [default: majority colours random probe]"
        ),
    ] = None,
    shots: Annotated[
        list[str] | None, option(help="Examples per class, and all.  [default: 1 2 5 10 20 50 all]")
    ] = None,
    draws: Annotated[int, option(help="How often the examples are drawn.")] = 5,
    steps: Annotated[int, option(help="Steps of each training: the same for all arms.")] = 100,
    time_limit: Annotated[
        str, option(help="Begin nothing new after this time, such as 10m; what is missing is said.")
    ] = "",
    *,
    call: Call,
    out: options.StudyFolder = None,
) -> None:
    """Measure how much the pretrained network helps.

    Example: headstart compare flowers/ --arms probe scratch --shots 5 20 --draws 3

    What was computed is kept: after a stop the same command goes on, and more arms or sizes cost only themselves.
    """
    from headstart.workflows.compare import read_wanted, run_comparison
    from headstart.workflows.report import StudyPlace

    place = StudyPlace("compare", out)
    wanted = read_wanted(arms, shots, draws, steps, time_limit)
    report = run_comparison(data, wanted, call.recipe(head=quick_head(call.given)), call.context)
    call.steps.close()
    kept = place.write(report.to_json(), call.page_language(out))
    call.show(report)
    call.print_beside(kept)
