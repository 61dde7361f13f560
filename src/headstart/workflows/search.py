"""The examples that are nearest to a query: ``headstart search``, as a row of named stages."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.data.example import Dataset, Example
from headstart.data.inspection import Inspection, inspect_dataset
from headstart.data.inspection_report import inspection_findings, left_out_findings, unreadable
from headstart.data.parts import Part, divide_examples
from headstart.data.queries import find_answers, list_queries, query_lines, read_pairs, read_queries
from headstart.data.readers.base import reader_of
from headstart.encoders.saved import open_saved
from headstart.encoders.spec import Encoder
from headstart.encoders.term_features import terms_of
from headstart.errors import DataError, ExampleError
from headstart.features.access import Counter, open_store, read_blocks, read_features
from headstart.features.nearest import Comparable, nearest_rows
from headstart.features.neighbours import unit_rows
from headstart.features.values import Block
from headstart.metrics.retrieval import score_ranks
from headstart.runtime.context import RunContext
from headstart.runtime.findings import WARNING, Finding, about
from headstart.saving.bundle import load_bundle
from headstart.saving.manifest import MANIFEST
from headstart.settings.fields import check_range, check_type
from headstart.settings.recipe import Recipe
from headstart.settings.sections import EncoderSettings
from headstart.studies.search_report import QueryResult, Retrieval, SearchReport, list_results
from headstart.workflows.embed import OF_CLASSES, Data, read_inspected, usable_encoder

DEPTH = 100  # results that are looked through for the right answer of a pair
LEARNING = (*OF_CLASSES, "data.duplicate_sets")  # findings that say nothing where nothing is learned


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of a search: queries, a table of pairs to measure it on, how many results, and whether of parts."""

    queries: Any = None
    pairs: Path | None = None
    top: int = 10
    sentences: bool = False

    def __post_init__(self) -> None:
        """Refuse a number of results that is none, and a search for nothing; raises RecipeError or DataError."""
        check_type("top", self.top, int)
        check_range("top", self.top, 1, 10_000)
        if self.queries is None and self.pairs is None:
            raise DataError("data.no_query")


@dataclass(frozen=True, slots=True)
class Collection:
    """What is searched: the examples that can be read, or their parts and where these lie."""

    checked: Inspection
    examples: Sequence[Example]
    keys: Sequence[bytes]
    parts: Sequence[Part]

    @property
    def modality(self) -> str:
        """The kind of examples."""
        return self.checked.dataset.modality


def run_search(data: Data, wanted: Search, recipe: Recipe, context: RunContext) -> SearchReport:
    """Find the examples that are nearest to queries, and measure on pairs how good that is.

    Raises DataError for data without examples, and for a query that is empty or of another kind than the data.
    """
    pairs = None if wanted.pairs is None else read_pairs(wanted.pairs)
    searched = read_collection(data, recipe, context, divided=wanted.sentences)
    modality = searched.modality
    asked = () if wanted.queries is None else list_queries(wanted.queries, modality)
    paired = () if pairs is None else list_queries(pairs.queries, modality)
    answers = [] if pairs is None else find_answers(pairs.answers, searched.examples, searched.keys, modality)
    encoder = find_encoder(data, searched.checked, recipe, context)
    queries = encode_queries((*asked, *paired), encoder, context)
    unlike = odd_queries(encoder, (*asked, *paired))
    store, tally = open_store(context), Counter()
    blocks = tally.watch(read_blocks(searched.examples, searched.keys, encoder, store, context))
    depth = max(wanted.top, DEPTH if pairs else 0)
    nearest = nearest_rows(list_rows(blocks, searched.examples, encoder), queries, depth)
    ranks = find_ranks(nearest.places[len(asked) :], answers)
    results = list_results(asked, nearest, wanted.top, searched.examples, searched.parts, modality)
    notices = [*store.notices, *(getattr(encoder, "notices", ()) if tally.computed else ()), *unlike]
    return SearchReport(
        searched.checked.dataset.name,
        encoder.spec.name,
        len(searched.examples),
        tally.computed,
        results,
        Retrieval(score_ranks(ranks, seed=recipe.run.seed), ranks, DEPTH) if pairs else None,
        wanted.sentences,
        (*_data_findings(searched, tally.failures), *about((*notices, *_strangers(results)), modality)),
        modality,
    )


def read_asked(query: str | None, file: Path | None, lines: Callable[[], bytes]) -> list[str] | None:
    """Return what a command line searches for: a query, for ``-`` the lines of standard input, those of a file."""
    if query is None and file is None:
        return None
    asked = query_lines(lines()) if query == "-" else [query] if query is not None else []
    return asked + (read_queries(file) if file is not None else [])


def read_collection(data: Data, recipe: Recipe, context: RunContext, *, divided: bool) -> Collection:
    """Read what is searched: any data, or those of a run; ``divided`` into parts where that is wanted."""
    run = _run_of(data)
    checked = read_inspected(data if run is None else run / "data.csv", recipe, context, recipe.data.task)
    if not len(checked.usable):
        first = checked.dataset.examples[0].name
        raise ExampleError("data.none_readable", reason=unreadable(first, checked.unreadable[0]))
    parts: tuple[Part, ...] = ()
    searched = checked
    if divided:
        whole = replace(checked.dataset, examples=tuple(checked.usable_examples()))
        dataset, parts = divide_examples(whole)
        searched = inspect_dataset(dataset, context.progress)
    if run is not None:  # not by the name of its table
        checked = replace(checked, dataset=replace(checked.dataset, name=run.name))
    usable = searched.usable.tolist()
    examples = [searched.dataset.examples[place] for place in usable]
    keys = [searched.keys[place] for place in usable]
    return Collection(checked, examples, keys, [parts[place] for place in usable] if divided else ())


def find_encoder(data: Data, checked: Inspection, recipe: Recipe, context: RunContext) -> Encoder:
    """Load the encoder that is named; of a run its own, where none is."""
    run, name = _run_of(data), recipe.encoder.name
    if run is None or name != EncoderSettings().name:
        return usable_encoder(name, recipe.run.device, checked, context)
    bundle = load_bundle(run)
    return open_saved(bundle.model.spec, bundle.files)


def _run_of(data: Data) -> Path | None:
    """Return the folder of a run, if that or the model in it is what was given."""
    if not isinstance(data, str | os.PathLike):
        return None
    folder = Path(data).expanduser().absolute()
    run = folder.parent if (folder / MANIFEST).is_file() else folder
    return run if (run / "data.csv").is_file() and (run / "model" / MANIFEST).is_file() else None


def encode_queries(queries: Sequence[Example], encoder: Encoder, context: RunContext) -> Comparable:
    """Encode queries (Q, D); raises ExampleError when one cannot be read."""
    checked = inspect_dataset(Dataset("queries", tuple(queries), modality=encoder.spec.modality))
    walk = read_features(queries, checked.keys, (encoder,), context, checked.usable)
    for place, reason in (checked.unreadable | walk.failures).items():
        raise ExampleError("data.unreadable_picture_left", name=queries[place].name, reason=reason)
    return compare_by(walk.features[0].matrix, queries, encoder)


def odd_queries(encoder: Encoder, queries: Sequence[Example]) -> list[Finding]:
    """Say so where an encoder of texts does not know what queries are made of."""
    preprocessing: Any = encoder.spec.preprocessing
    if not hasattr(preprocessing, "share_unknown"):
        return []
    opened = (reader_of(encoder.spec.modality).open_example(one.source, one.name) for one in queries)
    share = preprocessing.share_unknown(map(encoder.preprocess, opened))
    values = {"name": encoder.spec.name, "share": share, "count": len(queries)}
    return [Finding("workflows.unknown_query", values)] if share > preprocessing.MOST_UNKNOWN else []


def list_rows(
    blocks: Iterable[Block], examples: Sequence[Example], encoder: Encoder
) -> Iterator[tuple[Integers, Comparable]]:
    """Hand on the rows of examples that could be read, with their positions."""
    for block in blocks:
        (matrix,) = block.matrices
        good = np.setdiff1d(np.arange(block.start, block.start + len(matrix)), list(block.failures))
        yield good, compare_by(matrix[good - block.start], [examples[place] for place in good], encoder)


def compare_by(matrix: Singles, examples: Sequence[Example], encoder: Encoder) -> Comparable:
    """Return what examples are compared by: all their terms where an encoder knows nothing else, or their vectors."""
    if encoder.spec.is_network or not encoder.completes:
        # The last of several layers stands first: neighbours by it alone are better, though heads gain by the others.
        return unit_rows(matrix[:, : encoder.spec.dimension // getattr(encoder.spec.preprocessing, "layers", 1)])
    open_example = reader_of(encoder.spec.modality).open_example
    return terms_of(encoder.complete(matrix, [open_example(one.source, one.name) for one in examples]))


def find_ranks(places: Integers, answers: Sequence[frozenset[int]]) -> Integers:
    """Return the place of the first right answer among results (N, K), from 1; 0 where there is none.

    Examples
    --------
    >>> find_ranks(np.array([[3, 5], [1, 2]]), [frozenset({5, 9}), frozenset({0})]).tolist()
    [2, 0]
    """
    ranks = [
        next((rank for rank, place in enumerate(row, 1) if place in right), 0)
        for row, right in zip(places.tolist(), answers, strict=True)
    ]
    return np.array(ranks, dtype=np.int64)


def _data_findings(searched: Collection, failures: Mapping[int, Finding]) -> tuple[Finding, ...]:
    """Return what there is to say of the data, but for what matters only where something is learned."""
    found = (*inspection_findings(searched.checked), *left_out_findings(searched.examples, failures))
    return about((one for one in found if one.severity == WARNING and one.code not in LEARNING), searched.modality)


def _strangers(results: Sequence[QueryResult]) -> list[Finding]:
    """Name the queries that have nothing in common with anything."""
    alone = [one.query for one in results if not any(near.score for near in one.found)]
    return [Finding("workflows.nothing_in_common", {"count": len(alone), "names": alone})] if alone else []
