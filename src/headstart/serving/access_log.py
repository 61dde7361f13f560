"""What the server writes down of each request: one line of JSON, numbers for Prometheus; no example and no name."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SIZES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One request that was answered: only what may be written down.

    Attributes
    ----------
    number
        Counts requests from 1.
    method, route
        The route as it is declared, never what the client wrote.
    status
        Of HTTP; 499 when the client left before it was answered.
    seconds, received, examples
        How long it took, bytes of its body, examples in it.
    code
        Of the refusal, or "".
    """

    number: int
    method: str
    route: str
    status: int
    seconds: float
    received: int
    examples: int
    code: str = ""


class AccessLog:
    """Takes note of requests and events.

    Parameters
    ----------
    write
        Takes each line.
    now
        The clock.
    """

    def __init__(self, write: Callable[[str], None], now: Callable[[], datetime]) -> None:
        self._write, self._now = write, now
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "headstart_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "headstart_request_seconds", "How long requests took.", ("route",), buckets=_SECONDS, registry=self.registry
        )
        self._examples = Counter("headstart_pictures", "Pictures received.", registry=self.registry)
        self._bytes = Counter("headstart_received_bytes", "Bytes of bodies received.", registry=self.registry)
        self._batches = Histogram(
            "headstart_batch_pictures", "Pictures encoded together.", buckets=_SIZES, registry=self.registry
        )
        self._open = Gauge("headstart_open_requests", "Requests being answered.", registry=self.registry)
        self._waiting = Gauge("headstart_waiting_pictures", "Pictures that wait.", registry=self.registry)

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """Ask this, whenever the numbers are read, how many examples wait for a thread."""
        self._waiting.set_function(count)

    def begin(self) -> None:
        """Record that a request has come."""
        self._open.inc()

    def end(self, visit: AccessEntry) -> None:
        """Record how a request ended."""
        self._open.dec()
        self._requests.labels(visit.method, visit.route, str(visit.status)).inc()
        self._seconds.labels(visit.route).observe(visit.seconds)
        self._examples.inc(visit.examples)
        self._bytes.inc(visit.received)
        facts = {
            "number": visit.number,
            "method": visit.method,
            "route": visit.route,
            "status": visit.status,
            "milliseconds": round(1000 * visit.seconds, 1),
            "bytes": visit.received,
            "pictures": visit.examples,
        }
        self.event("request", facts | ({"code": visit.code} if visit.code else {}))

    def batch(self, size: int) -> None:
        """Record a batch."""
        self._batches.observe(size)

    def event(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Write one line of plain data."""
        time = self._now().isoformat(timespec="milliseconds")
        self._write(json.dumps({"time": time, "event": kind, **facts}, ensure_ascii=False))

    def exposition(self) -> bytes:
        """Write all numbers in Prometheus' text format."""
        return generate_latest(self.registry)


class Forwarder(logging.Handler):
    """Hands warnings of the HTTP server on to the journal; of exceptions only the kind."""

    def __init__(self, journal: AccessLog) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        facts = {"exception": kind} if kind else {}
        self._journal.event("server", {"message": record.getMessage().strip(), **facts})
