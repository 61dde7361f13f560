"""Threads and batches that suit a machine: pure functions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """How an encoder walks over examples: ``workers`` threads, each with ``batch_size`` examples at a time."""

    workers: int
    batch_size: int
    threads_per_worker: int


def extraction_plan(count: int, cores: int, engine: str) -> ExtractionPlan:
    """Choose threads and batch size for ``count`` examples.

    On a CPU every worker decodes and encodes its own batch with one thread: two such workers beat one encoder with two
    threads (no waiting for each other), and decoding and encoding overlap by themselves. Batches of 8 stay in the
    processor's cache. For fewer examples than cores the threads go into the encoder instead.

    Examples
    --------
    >>> extraction_plan(1000, 2, "onnxruntime")
    ExtractionPlan(workers=2, batch_size=8, threads_per_worker=1)
    >>> extraction_plan(1, 2, "onnxruntime")
    ExtractionPlan(workers=1, batch_size=8, threads_per_worker=2)
    """
    batch_size = 64 if engine == "torch" else 8
    if count < cores:
        return ExtractionPlan(workers=1, batch_size=batch_size, threads_per_worker=cores)
    return ExtractionPlan(workers=cores, batch_size=batch_size, threads_per_worker=1)


def algebra_threads(numbers: int, cores: int) -> int:
    """Choose the threads for the linear algebra of heads on a matrix with so many numbers.

    Below ten million a second thread gains next to nothing, and loses a lot when another process needs the core.

    Examples
    --------
    >>> algebra_threads(1000 * 1280, 8), algebra_threads(20_000 * 1280, 8)
    (1, 8)
    """
    return 1 if numbers < 10_000_000 else cores
