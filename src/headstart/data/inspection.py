"""Every example is looked at once, by one thread or by several: whichever is faster here."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from headstart.data.example import Dataset
from headstart.data.readers.base import Facts, reader_of
from headstart.runtime.progress import Progress

_BLOCK = 64  # examples in one piece of a thread's work: one by one, handing over would cost as much as looking
_SLOW = 0.002  # seconds for an example above which several threads pay


def inspect_all(dataset: Dataset, progress: Progress, workers: int) -> Iterator[Facts]:
    """Look at the examples in blocks; the facts come in the order of the examples.

    Small files are done fastest by one thread, because opening a header holds Python's lock; large files, and files on
    a slow disk or network, by several. The first block tells which.
    """
    total, starts = len(dataset), range(0, len(dataset), _BLOCK)
    inspect = reader_of(dataset.modality).inspect_example

    def inspect_block(start: int) -> list[Facts]:
        return [inspect(example.source, example.name) for example in dataset.examples[start : start + _BLOCK]]

    began = time.perf_counter()
    first = inspect_block(0)
    slow = time.perf_counter() - began > _SLOW * len(first)
    pool = ThreadPoolExecutor(workers)
    try:
        rest = pool.map(inspect_block, starts[1:]) if slow else map(inspect_block, starts[1:])
        for start, block in zip(starts, chain([first], rest), strict=True):
            yield from block
            progress("checking pictures", min(start + _BLOCK, total), total)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C nobody waits for the rest
