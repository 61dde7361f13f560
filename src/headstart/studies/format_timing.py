"""How fast one form of a model is, how much memory it takes: measured in a process that does nothing else."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

BATCHES = (1, 2, 4, 8, 16, 32)
WARM_UP = 3  # calls that are not counted: the first ones lay out memory
FEWEST = 5  # calls that are counted, however long they take


@dataclass(frozen=True, slots=True)
class Opened:
    """A form at work: one example as it opens, and several raw ones of one size; answers are not looked at."""

    one: Callable[[Any], Any]
    several: Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class FormatTiming:
    """What was measured of one form.

    Attributes
    ----------
    load_seconds
        From the file to the first answer, libraries loaded before.
    p50, p95
        Milliseconds for one example that is decoded already, median and 95th percentile; ``calls`` of them.
    throughput
        Examples a second, for each size of a batch.
    memory
        Highest memory of the process in MB, its libraries included.
    """

    load_seconds: float
    p50: float
    p95: float
    calls: int
    throughput: dict[int, float]
    memory: float

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def measure_form(
    open_form: Callable[[], Opened],
    example: Any,  # noqa: ANN401 - as it opens
    raw: Sequence[Any],
    seconds: float,
) -> FormatTiming:
    """Open a form and measure it on an opened example and on raw ones, as many as the largest batch has.

    It takes ``seconds`` each time, or a few calls, if longer. The raw ones differ: the library answers equal examples
    only once.
    """
    clock = time.perf_counter()
    opened = open_form()
    opened.one(example)
    load = time.perf_counter() - clock
    times = _repeat(lambda: opened.one(example), seconds)
    throughput = {}
    for size in BATCHES:
        batch = raw[:size]
        throughput[size] = size / statistics.median(_repeat(lambda batch=batch: opened.several(batch), seconds / 2))  # type: ignore[misc]
    low, high = np.percentile(times, [50, 95]) * 1000
    return FormatTiming(load, float(low), float(high), len(times), throughput, peak_memory())


def peak_memory() -> float:
    """Return how much memory this process had at most, in MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _repeat(call: Callable[[], Any], seconds: float) -> list[float]:
    """Time calls one after the other."""
    for _ in range(WARM_UP):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < FEWEST or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times
