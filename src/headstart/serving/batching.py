"""Dynamic batching: examples of many requests are decoded in threads and encoded together.

Each worker decodes and encodes a batch of its own with one thread: two such workers beat one encoder with two threads
(see :func:`headstart.settings.parallelism.extraction_plan`), and batches form by themselves from what has come in
meanwhile.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

from threadpoolctl import threadpool_limits

from headstart.arrays import Singles
from headstart.encoders.spec import Encoder
from headstart.errors import MODALITY, ExampleError
from headstart.serving.http_errors import Refusal, busy
from headstart.serving.uploads.base import uploads_of
from headstart.settings.serving import ServerLimits

BATCH = 8  # batches of 8 stay in the processor's cache
LINGER_SECONDS = 0.002  # how long a worker waits for company while others work; an idle server answers at once

Look = Callable[[Any], Any]  # something else that is wanted of the decoded example
Finish = Callable[[Singles], Sequence[Any]]  # features (N, D) become N results


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    data: Any
    finish: Finish
    look: Look | None
    future: "Future[Any]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True, eq=False)
class BatchItem:
    """The result of an example, and what else was wanted of it."""

    result: Any
    look: Any


class Batcher:
    r"""Threads that turn examples into results.

    Parameters
    ----------
    encoder
        Its methods are called from all threads at once.
    limits
        What a file may be, and how many may wait.
    workers
        How many threads.
    watch
        Called with the size of every batch.

    Examples
    --------
    >>> from headstart.encoders.simple.image import ColourHistogram
    >>> with Batcher(ColourHistogram(), ServerLimits(), workers=1) as batcher:
    ...     batcher.submit(b"P6 1 1 255 \0\0\0", lambda features: [row.shape for row in features]).result()
    (...,)
    """

    def __init__(
        self, encoder: Encoder, limits: ServerLimits, workers: int, watch: Callable[[int], None] = lambda size: None
    ) -> None:
        self._encoder, self._limits, self._watch = encoder, limits, watch
        self.modality = encoder.spec.modality
        self.uploads = uploads_of(self.modality)
        self._jobs: deque[_Job] = deque()
        self._changed = Condition()
        self._idle = 0
        self._closed = False
        self._workers = workers
        self._algebra = threadpool_limits(limits=1, user_api="blas")  # each worker is one thread, all through
        self._threads = [Thread(target=self._work, name=f"pictures-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "Batcher":
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def waiting(self) -> int:
        """How many examples no thread has taken yet."""
        return len(self._jobs)

    def submit(self, data: Any, finish: Finish, look: Look | None = None) -> "Future[Any]":  # noqa: ANN401 - of an Upload
        """Hand in an example; its result, or a Refusal, comes through the future. Cancelled ones are skipped.

        With ``look`` the result is :class:`BatchItem`: the result, and what ``look`` made of the example.

        Raises Refusal 503 when too many are waiting or the server is stopping.
        """
        job = _Job(data, finish, look)
        with self._changed:
            if self._closed:
                raise busy("stopping")
            if len(self._jobs) >= self._limits.waiting:
                raise busy("waiting", count=len(self._jobs))
            self._jobs.append(job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Finish what has been handed in, and stop the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._algebra.restore_original_limits()

    def _work(self) -> None:
        MODALITY.set(self.modality)
        while jobs := self._take():
            self._answer(jobs)
            del jobs  # a worker that waits holds no example

    def _take(self) -> list[_Job]:
        """Wait for jobs and take a fair share of them; nothing at the end."""
        with self._changed:
            self._idle += 1
            taken: list[_Job] = []
            while not taken and not (self._closed and not self._jobs):
                while not self._jobs and not self._closed:
                    self._changed.wait()
                if len(self._jobs) < BATCH and self._idle < self._workers and not self._closed:
                    self._changed.wait(LINGER_SECONDS)
                share = min(BATCH, math.ceil(len(self._jobs) / self._idle))
                taken = [self._jobs.popleft() for _ in range(share)]  # none when another worker was faster
            self._idle -= 1
            return taken

    def _answer(self, jobs: Sequence[_Job]) -> None:
        ready: list[tuple[_Job, Any]] = []
        examples, inputs = list[Any](), list[Any]()
        for job in jobs:
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                self.uploads.check(job.data, self._limits)
                example = self.uploads.decode(job.data)
                looked = job.look(example) if job.look else None
                inputs.append(self._encoder.preprocess(example))
                examples.append(example)
                ready.append((job, looked))
            except ExampleError as error:
                job.future.set_exception(Refusal(422, "damaged", error.problem, error.reason, error.remedy))
            except Exception as error:  # a Refusal, or a mistake of ours that this client alone should see
                job.future.set_exception(error)
        if ready:
            self._watch(len(ready))
            self._finish(ready, inputs, examples)

    def _finish(self, jobs: Sequence[tuple[_Job, Any]], inputs: list[Any], examples: list[Any]) -> None:
        try:
            encoded = self._encoder.encode(self._encoder.collate(inputs))
            features = self._encoder.complete(encoded, examples)
            for finish in dict.fromkeys(job.finish for job, _ in jobs):
                rows = [number for number, (job, _) in enumerate(jobs) if job.finish == finish]
                for number, result in zip(rows, finish(features[rows]), strict=True):
                    job, looked = jobs[number]
                    job.future.set_result(BatchItem(result, looked) if job.look else result)
        except Exception as error:
            for job, _ in jobs:
                if not job.future.done():
                    job.future.set_exception(error)
