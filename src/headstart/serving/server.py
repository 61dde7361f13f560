"""The server on the network: a port, signals, and an end with nothing left unanswered."""

import contextlib
import logging
import signal
import socket
from asyncio import TimerHandle, Transport
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from headstart.errors import ServingError
from headstart.serving.access_log import AccessLog, Forwarder
from headstart.settings.serving import ServerLimits

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_KEEP_ALIVE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class ShutdownReason:
    """How a server ended: after so many requests, and by which signal."""

    requests: int
    signal: int

    @property
    def interrupted(self) -> bool:
        """Whether it was Ctrl-C."""
        return self.signal == signal.SIGINT


def bind(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one.

    Raises
    ------
    ServingError
        When the port is taken or the address is not this machine's.

    Examples
    --------
    >>> with bind("127.0.0.1", 0) as listener:
    ...     listener.getsockname()[1] > 0
    True
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol has to be named: asyncio sends small answers at once (TCP_NODELAY) only where it knows it is TCP, and
    # without that an answer, which is written in two pieces, waits 40 ms for the client to acknowledge the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where SO_REUSEADDR would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left may be taken again
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServingError(
            "serving.cannot_listen", host=host, port=port, error=getattr(error, "strerror", None) or error
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Write the address for a browser.

    Examples
    --------
    >>> with bind("127.0.0.1", 0) as listener:
    ...     address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}/"
    True
    """
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(
    app: ASGIApp, listener: socket.socket, limits: ServerLimits, journal: AccessLog, ready: Callable[[], None]
) -> ShutdownReason:  # fmt: skip
    """Answer until SIGTERM or Ctrl-C; requests that have begun are finished. ``ready`` is called once it listens."""
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [Forwarder(journal)], False
    protocol = type("Patient", (PatientProtocol,), {"header_seconds": limits.header_seconds})
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=round(limits.request_seconds) + 1,
        h11_max_incomplete_event_size=32 * 1024,
    )
    server = _Server(config, ready)
    try:
        server.run([listener])
    finally:
        listener.close()
        logger.handlers, logger.propagate = [], True
    return ShutdownReason(server.server_state.total_requests, server.stopped_by)


class _Server(uvicorn.Server):
    """Says when it listens, and keeps the signal that stopped it instead of raising it again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.stopped_by = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            self.stopped_by = self._captured_signals[0] if self._captured_signals else 0
            self._captured_signals.clear()


class PatientProtocol(H11Protocol):
    """HTTP whose patience has an end: a client must send its whole header in time.

    uvicorn's own time-out runs only between two requests.
    """

    header_seconds = 10.0
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for a header."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; while they are part of a header, the time goes on running."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._disarm()
        elif self._deadline is None:
            self._arm()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self.header_seconds, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_SLOW)
            self.transport.close()
