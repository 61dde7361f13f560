"""Features of examples from where they are kept, if they are to be kept: the store of the cache folder."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from headstart.arrays import Integers
from headstart.data.example import Example
from headstart.data.readers.base import reader_of
from headstart.encoders.spec import Encoder
from headstart.features.extraction import OpenExample, Walk
from headstart.features.store import FeatureStore
from headstart.features.values import Block, Extraction, Features
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.runtime.machine import available_cores
from headstart.runtime.progress import silent
from headstart.settings.parallelism import ExtractionPlan, extraction_plan

LONG_BATCH = 256  # of inputs of several lengths
TIMED = 32  # enough for a rate within some 10 per cent, in a fraction of a second


def read_features(
    examples: Sequence[Example],
    keys: Sequence[bytes],
    encoders: Sequence[Encoder],
    context: RunContext,
    positions: Integers | None = None,
    open_as: OpenExample | None = None,
) -> Extraction:
    """Get the features of examples from several encoders, out of the right store.

    Parameters
    ----------
    examples, keys, encoders
        As for :class:`headstart.features.extraction.Walk`.
    context
        Where the store is, and who is told of the progress.
    positions
        Which examples to read; None reads all. Matrices have one row for every example all the same; rows of those
        not read are NaN.
    open_as
        Turns a source into what the encoders preprocess; None takes the reader of their modality.
    """
    chosen = np.arange(len(examples)) if positions is None else positions
    digests = [encoder.spec.digest for encoder in encoders]
    once = [*dict.fromkeys(digests)]  # the baseline of documents may be the encoder itself
    store, different = open_store(context), [encoders[digests.index(digest)] for digest in once]
    walk = Walk(
        [examples[index] for index in chosen],
        [keys[index] for index in chosen],
        different,
        store,
        plan=_plan(len(chosen), encoders),
        open_example=open_as or _opener(encoders),
        progress=context.progress,
    )
    found = replace(walk.extract(), notices=tuple(store.notices))
    if len(chosen) < len(examples):
        found = _spread(found, chosen, tuple(keys))
    found = _completed(found, examples, different, chosen)
    return replace(found, features=tuple(found.features[once.index(digest)] for digest in digests))


def read_blocks(
    examples: Sequence[Example], keys: Sequence[bytes], encoder: Encoder, store: FeatureStore, context: RunContext
) -> Iterator[Block]:
    """Walk over the features in constant memory, as :meth:`headstart.features.extraction.Walk.stream` does."""
    return Walk(
        examples,
        keys,
        (encoder,),
        store,
        plan=_plan(len(examples), (encoder,)),
        open_example=_opener((encoder,)),
        progress=context.progress,
    ).stream()


@dataclass(slots=True)
class Counter:
    """Counts what passes by: filled while the blocks it watches are taken."""

    failures: dict[int, Finding] = field(default_factory=dict)
    computed: int = 0
    cached: int = 0

    def watch(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Hand the blocks on and count."""
        for block in blocks:
            self.failures |= block.failures
            self.computed += block.computed
            self.cached += block.cached
            yield block


def open_store(context: RunContext) -> FeatureStore:
    """Open the store of the cache folder, or one in memory when nothing is to be kept."""
    return FeatureStore(context.cache_folder if context.keep_features else None)


def stored_share(keys: Sequence[bytes], encoder: Encoder, context: RunContext) -> float:
    """Compute the share of the examples that have stored features already, from 0 to 1."""
    return float(open_store(context).open(encoder.spec).find(list(keys)).mean()) if len(keys) else 1.0


def seconds_per_example(
    examples: Sequence[Example], keys: Sequence[bytes], encoders: Sequence[Encoder], context: RunContext
) -> float:
    """Encode a few examples, spread evenly, and say how many seconds one takes; nothing is kept."""
    step = math.ceil(len(examples) / TIMED)
    few = replace(context, keep_features=False, progress=silent)
    read_features(examples[:1], keys[:1], encoders, few)  # opens the graph, which is not a cost per example
    found = read_features(examples[::step], keys[::step], encoders, few)
    return found.seconds / max(1, found.computed)


def _opener(encoders: Sequence[Encoder]) -> OpenExample:
    return reader_of(encoders[0].spec.modality).open_example


def _plan(count: int, encoders: Sequence[Encoder]) -> ExtractionPlan:
    spec = encoders[0].spec if encoders else None
    plan = extraction_plan(count, available_cores(), spec.engine if spec else "numpy")
    # Inputs of several lengths are put in order inside their batch.
    return plan if spec is None or spec.preprocessing.shape else replace(plan, batch_size=LONG_BATCH)


def _completed(
    found: Extraction, examples: Sequence[Example], encoders: Sequence[Encoder], chosen: Integers
) -> Extraction:
    """Let features carry what is not stored of them."""
    if not any(encoder.completes for encoder in encoders):
        return found
    opened: list[Any] = [None] * len(examples)
    for index in {*chosen.tolist()} - {*found.failures}:
        opened[index] = _opener(encoders)(examples[index].source)
    pairs = zip(encoders, found.features, strict=True)
    return replace(
        found, features=tuple(replace(one, matrix=encoder.complete(one.matrix, opened)) for encoder, one in pairs)
    )


def _spread(found: Extraction, positions: Integers, keys: tuple[bytes, ...]) -> Extraction:
    features = []
    for part in found.features:
        matrix = np.full((len(keys), part.matrix.shape[1]), np.nan, dtype=np.float32)
        matrix[positions] = part.matrix
        features.append(Features(matrix, keys))
    failures = {int(positions[index]): reason for index, reason in found.failures.items()}
    return replace(found, features=tuple(features), failures=failures)
