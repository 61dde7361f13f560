"""Data and machine become default settings: pure functions, apart from reading what the machine has."""

import math
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """How an encoder walks over pictures: ``workers`` threads, each with ``batch_size`` pictures at a time."""

    workers: int
    batch_size: int
    threads_per_worker: int


def available_cores() -> int:
    """Count the processor cores this process may use: affinity and a container's quota, not what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, math.ceil(int(quota) / int(period))))


def extraction_plan(count: int, cores: int, engine: str) -> ExtractionPlan:
    """Choose threads and batch size for ``count`` pictures.

    On a CPU every worker decodes and encodes its own batch with one thread: two such workers beat one encoder with two
    threads (no waiting for each other), and decoding and encoding overlap by themselves. Batches of 8 stay in the
    processor's cache. For fewer pictures than cores the threads go into the encoder instead.

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


def fold_count(wanted: int, typical_class: int) -> int:
    """Choose the number of folds: as wanted, but no more than a typical class has examples, and at least 2.

    Typical, not smallest: one class with two examples is no reason to learn from half of all the others. Its examples
    are then held out in two of the folds.

    Examples
    --------
    >>> fold_count(5, 60), fold_count(5, 3), fold_count(5, 1)
    (5, 3, 2)
    """
    return max(2, min(wanted, typical_class))


def algebra_threads(numbers: int, cores: int) -> int:
    """Choose the threads for the linear algebra of heads on a matrix with so many numbers.

    Below ten million a second thread gains next to nothing, and loses a lot when another process needs the core.

    Examples
    --------
    >>> algebra_threads(1000 * 1280, 8), algebra_threads(20_000 * 1280, 8)
    (1, 8)
    """
    return 1 if numbers < 10_000_000 else cores
