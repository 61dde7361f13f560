"""``headstart evaluate``."""

from headstart.cli import options
from headstart.cli.console import explained, print_json, print_lines
from headstart.places import Place


def evaluate(
    model: options.ModelFolder,
    data: options.DataSource,
    cache: options.Cache = None,
    no_cache: options.NoCache = False,
    strict: options.Strict = None,
    seed: options.Seed = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Score a saved model on labelled pictures.

    Example: headstart evaluate runs/flowers-1 flowers/test
    """
    with explained(debug) as steps:
        from headstart import pipeline

        place = Place(cache=cache, keep_features=not no_cache, progress=steps)
        scored = pipeline.score(pipeline.load(model), data, place, seed=seed or 0, strict=bool(strict))
        steps.close()
        if as_json:
            print_json(scored.to_json())
        else:
            print_lines(scored.lines())
