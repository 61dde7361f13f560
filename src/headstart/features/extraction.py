"""Extraction: examples -> feature vectors, each different example decoded and encoded once, and never again.

One walk serves everything: :meth:`Walk.stream` hands out blocks in the order of the dataset and holds only a few of
them; :meth:`Walk.extract` puts them together into matrices.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.data.example import Example
from headstart.data.readers.base import NO_KEY
from headstart.encoders.spec import Encoder
from headstart.errors import EncoderError, ExampleError
from headstart.features.store import FeatureStore
from headstart.features.values import Block, Extraction, Features
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress, silent
from headstart.settings.parallelism import ExtractionPlan

BLOCK_ROWS = 256  # examples handed out at a time, as many as a shard holds
LOOK_AHEAD = 4  # batches in flight per worker: none waits while rows are written or read

OpenExample = Callable[[Any], Any]  # a source, whatever Example allows, becomes what encoders preprocess


@dataclass(frozen=True, slots=True)
class _Encoded:
    """What a worker made of one batch: per encoder, the examples it lacked and their rows; and what failed."""

    numbers: tuple[list[int], ...]
    rows: tuple[Singles, ...]
    failures: dict[int, Finding]


class Walk:
    """A walk over examples in their order, for their features from several encoders.

    An example that several encoders lack is opened once. Rows are written to the store on the way; when the walk is
    interrupted, however that may be, the next one goes on where it stopped. Different examples are numbered in the
    order in which they first appear.

    Parameters
    ----------
    examples, keys
        The examples, and the SHA-256 of the bytes of each: 32 bytes. Examples with one key are encoded once; those
        with :data:`headstart.data.readers.base.NO_KEY` are failures.
    encoders
        Each gives one matrix of a block.
    store
        Where rows are looked up and kept; its ``notices`` say what went wrong there.
    plan
        How many threads, and how many examples each takes at a time. Neither changes a row.
    open_example
        Turns an example's source into what the encoders preprocess, or raises ExampleError.
    progress
        Told how many of the missing examples are encoded, from the thread that asks for the blocks.

    Examples
    --------
    >>> plan = ExtractionPlan(workers=1, batch_size=8, threads_per_worker=1)
    >>> Walk([], [], [], FeatureStore(None), plan=plan, open_example=open).extract().computed
    0
    """

    def __init__(  # seven parameters: what, with what, where to, how; bundles of them would only be taken apart again
        self,
        examples: Sequence[Example],
        keys: Sequence[bytes],
        encoders: Sequence[Encoder],
        store: FeatureStore,
        *,
        plan: ExtractionPlan,
        open_example: OpenExample,
        progress: Progress = silent,
    ) -> None:
        self._examples, self._keys, self._encoders = examples, tuple(keys), encoders
        self._plan, self._open_example, self._progress = plan, open_example, progress
        self._stored = [store.open(encoder.spec) for encoder in encoders]
        numbers: dict[bytes, int] = {}
        self._number = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
        self._distinct = list(numbers)
        self._first = np.unique(self._number, return_index=True)[1]  # position where a number appears first
        self._last = len(keys) - 1 - np.unique(self._number[::-1], return_index=True)[1]
        lacking = np.array([~encoder_rows.find(self._distinct) for encoder_rows in self._stored], dtype=np.bool_)
        self._lacking = lacking.reshape(len(encoders), len(numbers))
        if NO_KEY in numbers:
            self._lacking[:, numbers[NO_KEY]] = False  # it stands for many files: a row under it would be anybody's
        self._failures: dict[int, Finding] = {}
        self._under_way: deque[None] = deque()
        self._finished: deque[_Encoded] = deque()  # not in futures: Ctrl-C inside submit would lose what it returns

    def extract(self) -> Extraction:
        """Put the features of all examples together; raises as :meth:`stream`."""
        started = time.perf_counter()
        shapes = [(len(self._examples), encoder.spec.dimension) for encoder in self._encoders]
        matrices = [np.full(shape, np.nan, dtype=np.float32) for shape in shapes]
        failures: dict[int, Finding] = {}
        computed = cached = 0
        with closing(self.stream()) as blocks:  # after Ctrl-C rows are kept now, not when the exception is forgotten
            for block in blocks:
                for matrix, rows in zip(matrices, block.matrices, strict=True):
                    matrix[block.start : block.start + len(rows)] = rows
                failures |= block.failures
                computed += block.computed
                cached += block.cached
        features = tuple(Features(matrix, self._keys) for matrix in matrices)
        return Extraction(features, failures, computed, cached, time.perf_counter() - started)

    def stream(self) -> Generator[Block, None, None]:
        """Hand out the features block by block, in constant memory; whoever stops early closes the generator.

        Raises
        ------
        EncoderError
            When an encoder gives something else than one finite vector per example.
        StoreError
            When somebody removes files of the store during the walk.
        """
        start = 0
        with closing(self._encode_missing()) as edges:
            for ready in edges:
                while start + BLOCK_ROWS <= ready:
                    yield self._block(start, start + BLOCK_ROWS)
                    start += BLOCK_ROWS
        if start < len(self._examples):
            yield self._block(start, len(self._examples))

    def _encode_missing(self) -> Generator[int, None, None]:
        """Encode what is missing, and say again and again before which position everything is ready."""
        plan, missing = self._plan, np.flatnonzero(self._lacking.any(axis=0))
        size = max(1, min(plan.batch_size, math.ceil(len(missing) / plan.workers)))  # a share for every worker
        batches = [missing[start : start + size] for start in range(0, len(missing), size)]
        edges = [int(self._first[batch[0]]) for batch in batches[1:]] + [len(self._examples)]
        waiting: deque[Future[None]] = deque()
        done = sent = 0
        with ThreadPoolExecutor(plan.workers, thread_name_prefix="encode") as pool:
            try:
                for batch, edge in zip(batches, edges, strict=False):
                    while sent < len(batches) and len(waiting) < LOOK_AHEAD * plan.workers:
                        waiting.append(pool.submit(self._encode, batches[sent]))
                        sent += 1
                    waiting.popleft().result()
                    self._store_finished()
                    done += len(batch)
                    self._progress("encoding", done, len(missing))
                    yield edge
            finally:
                # Also after Ctrl-C: batches that are under way are finished and kept, no other is begun.
                pool.shutdown(wait=True, cancel_futures=True)
                while self._under_way:  # a thread that Ctrl-C met while it was started is one the pool does not know
                    time.sleep(0.005)
                self._store_finished()
                for encoder_rows in self._stored:
                    encoder_rows.flush()
        yield len(self._examples)

    def _block(self, start: int, stop: int) -> Block:
        """Return what is known about the examples from ``start`` to before ``stop``."""
        numbers = self._number[start:stop]
        failures = {}
        for position, number in enumerate(numbers.tolist(), start):
            if self._distinct[number] == NO_KEY:
                failures[position] = self._reason_without_key(position)
            elif number in self._failures:
                failures[position] = self._failures[number]
        good = np.array([start + i not in failures for i in range(len(numbers))], dtype=np.bool_)
        keys = [self._distinct[number] for number in numbers[good]]
        matrices = []
        for encoder, encoder_rows in zip(self._encoders, self._stored, strict=True):
            matrix = np.full((len(numbers), encoder.spec.dimension), np.nan, dtype=np.float32)
            matrix[good] = encoder_rows.read(keys)
            encoder_rows.release([self._distinct[number] for number in numbers[self._last[numbers] < stop]])
            matrices.append(matrix)
        new = numbers[good & (self._first[numbers] == np.arange(start, stop))]
        computed = int(self._lacking[:1, new].sum())  # of the first encoder, if there is any
        return Block(start, tuple(matrices), failures, computed, len(new) - computed)

    def _encode(self, numbers: Integers) -> None:
        """Encode one batch; runs in a worker's thread and leaves its result with the finished."""
        self._under_way.append(None)
        try:
            self._finished.append(self._encoded(numbers))
        finally:
            self._under_way.pop()

    def _encoded(self, numbers: Integers) -> _Encoded:
        """Open, prepare and encode one batch."""
        lacked: tuple[list[int], ...] = tuple([] for _ in self._encoders)
        inputs: tuple[list[Any], ...] = tuple([] for _ in self._encoders)
        failures: dict[int, Finding] = {}
        for number in numbers.tolist():
            try:
                opened = self._open_example(self._examples[self._first[number]].source)
            except ExampleError as error:
                failures[number] = error.why
                continue
            for index, encoder in enumerate(self._encoders):
                if self._lacking[index, number]:
                    lacked[index].append(number)
                    inputs[index].append(encoder.preprocess(opened))
        rows = tuple(_encode_batch(encoder, batch) for encoder, batch in zip(self._encoders, inputs, strict=True))
        return _Encoded(lacked, rows, failures)

    def _reason_without_key(self, position: int) -> Finding:
        try:
            self._open_example(self._examples[position].source)
        except ExampleError as error:
            return error.why
        return Finding("features.not_at_first")

    def _store_finished(self) -> None:
        """Store what the workers have finished; what Ctrl-C stops half-way comes again, which adds nothing."""
        while self._finished:
            encoded = self._finished[0]
            self._failures |= encoded.failures
            for encoder_rows, numbers, rows in zip(self._stored, encoded.numbers, encoded.rows, strict=True):
                encoder_rows.append([self._distinct[number] for number in numbers], rows)
            self._finished.popleft()


def _encode_batch(encoder: Encoder, inputs: list[Any]) -> Singles:
    """Encode, and look whether the result is one finite vector per example: a wrong row would stay in the store."""
    shape = (len(inputs), encoder.spec.dimension)
    if not inputs:
        return np.empty(shape, dtype=np.float32)
    rows = encoder.encode(encoder.collate(inputs))
    if rows.shape != shape or not np.isfinite(rows).all():
        raise EncoderError(
            "features.not_finite",
            name=encoder.spec.name,
            shape=str(shape),
            got=str(rows.shape),
            broken=np.sum(~np.isfinite(rows)),
        )
    return rows
